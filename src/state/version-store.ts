import type { JsonValue } from '../core/json-value.ts';

/** One version of an aggregate, as it was committed. Never changes. */
export interface StoredVersion {
  readonly aggregateId: string;
  /** 1 for the first, then without a gap. */
  readonly version: number;
  /** The commit that wrote it: all versions of one commit have the same. */
  readonly sequence: number;
  /** Whole milliseconds since 1970. */
  readonly timestamp: number;
  /** A frozen JSON value. */
  readonly state: JsonValue;
}

/** A state to write as the next version of its aggregate. */
export interface VersionWrite {
  readonly aggregateId: string;
  /** A frozen JSON value. */
  readonly state: JsonValue;
}

/** What must hold for a commit to take effect: the newest version of the aggregate is this one; 0 if it has none. */
export interface VersionCheck {
  readonly aggregateId: string;
  readonly version: number;
}

/** Which versions stay when old ones are removed; of each aggregate always the newest. */
export interface Retention {
  /** So many of the newest versions of each aggregate stay; 1 or more. */
  readonly keepVersions: number;
  /** What a snapshot at this sequence, or at any above it, sees stays too. */
  readonly horizon: number;
}

/** Writes and checks that take effect together. */
export interface CommitRequest {
  /** At least one, each aggregate once. */
  readonly writes: readonly VersionWrite[];
  /** Each aggregate once, whether written or not. */
  readonly checks: readonly VersionCheck[];
  /** Whole milliseconds since 1970, for every version written. */
  readonly timestamp: number;
  /** Removes, in the same step, old versions of the aggregates written. Default: all stay. */
  readonly retention?: Retention | undefined;
}

/** A check that did not hold. */
export interface FailedCheck extends VersionCheck {
  /** The newest version found; 0 if there is none. */
  readonly actualVersion: number;
}

/** What became of a commit. With `conflict` nothing was written. */
export type CommitOutcome =
  | {
      readonly status: 'committed';
      readonly sequence: number;
      /** The version each write became, in their order. */
      readonly versions: readonly number[];
    }
  | {
      readonly status: 'conflict';
      /** At least one: every check that did not hold. */
      readonly failed: readonly FailedCheck[];
    };

/**
 * Where versions are kept. `versionStoreConformance` of `@zyflow/migration/testing` tells whether an implementation is right.
 *
 * Several processes may share one storage. Names and states reach it checked.
 */
export interface VersionStore {
  /** Creates what is missing. May be called again, and by several at once. */
  init(): Promise<void>;
  /**
   * One atomic compare-and-set over any number of aggregates (MV3, MV6): if all checks hold, all writes take effect,
   * durably and at once for every reader; else none.
   *
   * Sequences grow strictly in the order in which commits become visible: whoever was told sequence s by
   * {@link VersionStore.lastSequence} sees every commit up to s, and later commits have higher ones.
   */
  commit(request: CommitRequest): Promise<CommitOutcome>;
  /** The sequence of the last commit; 0 before the first. */
  lastSequence(): Promise<number>;
  /** The number of the newest version; 0 if there is none. */
  latestVersion(aggregateId: string): Promise<number>;
  /** The newest version; or the one of this number; or the newest as of this sequence. */
  read(
    aggregateId: string,
    at?: { readonly version: number } | { readonly sequence: number },
  ): Promise<StoredVersion | undefined>;
  /** Up to `limit` versions with numbers from `fromVersion` on, in order; those removed are left out. */
  history(
    aggregateId: string,
    page: { readonly fromVersion: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]>;
  /**
   * Removes the old versions of every aggregate, oldest first: one goes if enough newer ones stay and a newer one is at
   * or below the horizon (MV5).
   *
   * @returns How many were removed.
   */
  removeVersions(retention: Retention): Promise<number>;
  /** A name of this storage that no other storage has, the same for everyone who opens it, for as long as it lives. */
  identity(): Promise<string>;
}
