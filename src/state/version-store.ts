import type { JsonValue } from '../core/json-value.ts';

/** One version of an aggregate, as it was committed. Never changes. */
export interface StoredVersion {
  readonly aggregateId: string;
  /** 1 for the first, then without a gap, deletions included. */
  readonly version: number;
  /** The commit that wrote it: all versions of one commit have the same. */
  readonly sequence: number;
  /** Whole milliseconds since 1970; never lower than that of a lower sequence. */
  readonly timestamp: number;
  /** A frozen JSON value; undefined where this version deletes the aggregate. */
  readonly state: JsonValue | undefined;
  /** As it was given to the commit. */
  readonly checksum?: string | undefined;
}

/** A state to write as the next version of its aggregate. */
export interface VersionWrite {
  readonly aggregateId: string;
  /** A frozen JSON value; undefined deletes the aggregate. */
  readonly state: JsonValue | undefined;
  /** Kept beside it. */
  readonly checksum?: string | undefined;
}

/** What must hold for a commit to take effect. */
export type VersionCheck = AggregateCheck | UnchangedCheck | PrefixCheck;

/** The newest version of the aggregate is this one; 0: it does not exist, because it has none or the newest deletes it. */
export interface AggregateCheck {
  readonly aggregateId: string;
  readonly version: number;
}

/** No commit after this sequence wrote or deleted the aggregate. */
export interface UnchangedCheck {
  readonly aggregateId: string;
  readonly sequence: number;
}

/** No commit after this sequence wrote or deleted an aggregate whose id begins so. */
export interface PrefixCheck {
  readonly prefix: string;
  readonly sequence: number;
}

/** Which versions stay when old ones are removed; of each aggregate always the newest. */
export interface Retention {
  /** What a snapshot at this sequence, or at any above it, sees stays. */
  readonly horizon: number;
  /** Only versions that were replaced before this time (ms since 1970) may go. Default: all may. */
  readonly graceSince?: number | undefined;
  /** So many of the newest versions of each aggregate stay, those before them go; 1 or more. */
  readonly keepVersions?: number | undefined;
  /** Of each aggregate the newest versions stay that together take at most so many bytes, as this storage holds them. */
  readonly keepBytes?: number | undefined;
  /** What was replaced before this time (ms since 1970) goes. */
  readonly keepSince?: number | undefined;
}

/** Writes and checks that take effect together. */
export interface CommitRequest {
  /** Each aggregate once; may be empty in what is prepared, to hold what was read. */
  readonly writes: readonly VersionWrite[];
  /** Each aggregate and prefix once, whether written or not. */
  readonly checks: readonly VersionCheck[];
  /** Whole milliseconds since 1970. Where the last commit has a later one, that is taken. */
  readonly timestamp: number;
  /** Removes, in the same step, old versions of the aggregates written. Default: all stay. */
  readonly retention?: Retention | undefined;
}

/** What a commit does besides. */
export interface CommitOptions {
  /**
   * Work in the same transaction, done once the writes are made: if it throws, nothing is written, and the commit rejects with
   * its error. A commit that is refused does not do it; it may be done again where the storage asks for another try. It
   * gets what the store's own work runs on (a `pg` client, an SQLite database, nothing in memory), and must not
   * wait for another write to the same storage. A synchronous storage refuses work that gives a promise.
   */
  readonly within?: ((committed: Committed, client: unknown) => unknown) | undefined;
}

/** A check that did not hold. */
export interface FailedCheck {
  readonly check: VersionCheck;
  /** The aggregate that has changed: of a prefix, one of those. */
  readonly aggregateId: string;
  /** Its newest version; 0 if it has none. */
  readonly actualVersion: number;
}

/** What was written. */
export interface Committed {
  readonly status: 'committed';
  readonly sequence: number;
  readonly timestamp: number;
  /** The version each write became, in their order. */
  readonly versions: readonly number[];
}

/** Why nothing was written. */
export type NotCommitted =
  | {
      readonly status: 'conflict';
      /** At least one: every check that did not hold. */
      readonly failed: readonly FailedCheck[];
    }
  | {
      /** It writes what a prepared transaction has written or checked. */
      readonly status: 'locked';
      readonly aggregateId: string;
      /** The id of that transaction. */
      readonly preparedBy: string;
    };

/** Whether a commit took effect; that it did not, because a version had moved on, is a value and no error. */
export type CommitOutcome = Committed | NotCommitted;

/** A transaction that was prepared and not decided yet. */
export interface PreparedVersions {
  readonly id: string;
  /** When it was prepared: whole milliseconds since 1970. */
  readonly timestamp: number;
}

/** Which version of an aggregate: the one of this number, the newest as of a sequence, or the newest as of a time (ms since 1970). */
export type VersionSelector = { readonly version: number } | { readonly sequence: number } | { readonly time: number };

/** A page of aggregates. */
export interface ScanPage {
  /** The beginning of their ids, character for character; empty for all. */
  readonly prefix: string;
  /** As of this sequence. */
  readonly sequence: number;
  /** Only ids behind this one. Default: from the first. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A page of versions in the order of their commits. */
export interface ChangesPage {
  /** Only commits after this sequence. */
  readonly after: number;
  /** Only aggregates whose ids begin so; empty for all. */
  readonly prefix: string;
  /** So many versions or fewer, unless the first commit has more: commits are given whole. */
  readonly limit: number;
}

/**
 * Where versions are kept. `versionStoreConformance` of `@zyflow/migration/testing` tells whether an implementation is right.
 *
 * Several processes may share one storage. Names and states reach it checked. Ids are ordered by their UTF-8 bytes.
 * It rejects with the driver's error as `cause` when the storage fails; outcomes that are to be expected are values.
 */
export interface VersionStore {
  /** Creates what is missing. May be called again, and by several at once. */
  init(): Promise<void>;
  /**
   * One atomic compare-and-set over any number of aggregates (MV3, MV6): if all checks hold and nothing written is held
   * by a prepared transaction, all writes take effect, durably and at once for every reader; else none.
   *
   * Sequences grow strictly in the order in which commits become visible: whoever was told sequence s by
   * {@link VersionStore.lastSequence} sees every commit up to s, and later commits have higher ones.
   */
  commit(request: CommitRequest, options?: CommitOptions): Promise<CommitOutcome>;
  /** The sequence of the last commit; 0 before the first. */
  lastSequence(): Promise<number>;
  /** The number of the newest version, which may be a deletion; 0 if there is none. */
  latestVersion(aggregateId: string): Promise<number>;
  /**
   * The newest version, or the one selected, deletions included.
   *
   * @throws {@link SnapshotTooOldError} if the one as of a sequence or a time was removed.
   */
  read(aggregateId: string, at?: VersionSelector): Promise<StoredVersion | undefined>;
  /**
   * The aggregates that exist as of a sequence, in the order of their ids; fewer than `limit` mean that there are no more.
   *
   * @throws {@link SnapshotTooOldError} if the version of one of them as of the sequence was removed.
   */
  scan(page: ScanPage): Promise<readonly StoredVersion[]>;
  /** Up to `limit` versions with numbers from `fromVersion` on, in order; those removed are left out. */
  history(
    aggregateId: string,
    page: { readonly fromVersion: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]>;
  /**
   * Versions in the order of their sequences, those removed left out; none means that there are no more for now. One whose
   * state can't be read is among them, and throws why when the state is looked at.
   */
  changes(page: ChangesPage): Promise<readonly StoredVersion[]>;
  /**
   * Removes the old versions of every aggregate, oldest first, as far as the retention lets them go (MV5), and may store
   * what stays in less room.
   *
   * @returns How many were removed.
   */
  vacuum(retention: Retention): Promise<number>;
  /** A name of this storage that no other storage has, the same for everyone who opens it, for as long as it lives. */
  identity(): Promise<string>;
  /**
   * The first half of a two-phase commit: checks what {@link VersionStore.commit} checks, and keeps the request, durably, until
   * it is decided. Until then nobody else writes what it writes or has checked, nor prepares a check of what it writes
   * (`locked`), so that it can't fail any more and all who are prepared have one order; nobody sees anything of it. What is prepared already under this id stays, and is `prepared`.
   *
   * Left out, with {@link VersionStore.decide} and {@link VersionStore.prepared}, where the storage can't.
   */
  prepare?(id: string, request: CommitRequest): Promise<{ readonly status: 'prepared' } | NotCommitted>;
  /**
   * The second half: commits what was prepared, or forgets it.
   *
   * @returns What was committed; nothing where it was rolled back, or is not prepared (any more).
   */
  decide?(id: string, decision: 'commit' | 'rollback', timestamp: number): Promise<Committed | undefined>;
  /** What is prepared and not decided, oldest first. */
  prepared?(): Promise<readonly PreparedVersions[]>;
  /** {@link VersionStore.commit} at once, for a synchronous storage: inside a transaction that the caller has open on it, if any. */
  commitSync?(request: CommitRequest, options?: CommitOptions): CommitOutcome;
  /**
   * The same storage, working inside a transaction that the caller has open on this client: what is committed takes effect if
   * and when the caller commits. Its `init` does nothing, and its `identity` is one of its own, since what it shows may be
   * undone. Left out where there is no such thing.
   */
  withTransaction?(client: unknown): VersionStore;
}
