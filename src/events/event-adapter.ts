import type { EventQuery } from '../core/event-query.ts';
import type { ExpectedVersion } from '../core/expected-version.ts';

/** A payload as text, and how to read it. Both are free of NUL and well-formed. */
export interface EncodedPayload {
  readonly data: string;
  /** What made `data` of the value, for instance `json` or `gzip`: to be stored beside it. */
  readonly encoding: string;
}

/** An event on its way to the storage. */
export interface EncodedEvent extends EncodedPayload {
  readonly id: string;
  readonly type: string;
  /** JSON text of an object. */
  readonly metadata: string;
  /** When it happened, in ms since 1970. */
  readonly timestamp: number;
  /** What it is about, for queries: each once, in ascending order of UTF-16 code units. */
  readonly tags: readonly string[];
}

/** An event as the storage holds it. */
export interface StoredEvent extends EncodedEvent {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
}

/** One or more events for the end of one stream. */
export interface EventBatch {
  readonly stream: string;
  readonly expectedVersion: ExpectedVersion;
  readonly events: readonly EncodedEvent[];
  /** All of the ids were made for this append: none is stored already, so that none need be looked for. */
  readonly idsAreNew?: boolean;
}

/** What must hold over all streams for an append to take place. */
export interface AppendCondition {
  /** No event behind `after` matches this. At least one item, and in an item no name twice. */
  readonly failIfEventsMatch: EventQuery;
  /** The last position that was taken into account when the append was decided. */
  readonly after: number;
}

/** A checkpoint and its name. */
export type NamedCheckpoint = Checkpoint & { readonly name: string };

/** What an append does besides. */
export interface AdapterAppendOptions {
  readonly condition?: AppendCondition | undefined;
  /**
   * Made of where the append got to and saved in the same transaction, whatever they are at: they are stored with the
   * events, or not at all. Each name once. It does not throw.
   */
  readonly checkpoints?: ((appended: readonly AppendedBatch[]) => readonly NamedCheckpoint[]) | undefined;
  /**
   * Work in the same transaction, done once the events are written, with all of them in the order of the batches: if it
   * throws, nothing is stored, and the append rejects with its error. An append that is refused does not do it. It gets
   * what the adapter's own work runs on (a `pg` client, an SQLite database, nothing in memory), and must not wait for
   * another write to the same storage. It is done anew where the storage gave up the transaction for another one. An adapter on a synchronous database refuses work that gives a promise: nothing
   * is stored then, either.
   */
  readonly within?: ((events: readonly StoredEvent[], client: unknown) => unknown) | undefined;
}

/** Where a stream stands after an append. */
export interface AppendedBatch {
  /** Version and position of the batch's last event. */
  readonly version: number;
  readonly position: number;
}

/**
 * What became of an append. Only `appended` has written anything. Why one is refused is looked for in this order:
 * `existing`; batch by batch `deleted`, then `conflict`; `matched`. The first that is found is the outcome.
 */
export type AppendOutcome =
  | {
      readonly status: 'appended';
      /** In the order of the batches. */
      readonly batches: readonly AppendedBatch[];
    }
  | {
      /** A stream is not at its expected version; `actualVersion` is 0 where it does not exist. */
      readonly status: 'conflict';
      readonly stream: string;
      readonly actualVersion: number;
    }
  | {
      /** A stream was deleted for good, and takes no events any more. */
      readonly status: 'deleted';
      readonly stream: string;
    }
  | {
      /** An event matches what none was to match; `position` is that of the first. */
      readonly status: 'matched';
      readonly position: number;
    }
  | {
      /** Some of the ids are stored already, in whatever stream: these events, in any order. */
      readonly status: 'existing';
      readonly events: readonly StoredEvent[];
    };

/** A page of one stream: versions `from` to `to`, both included, at most `limit` of them, in the order asked for. */
export interface StreamPage {
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly direction: 'forward' | 'backward';
}

/** A page of the whole store: at most `limit` events after position `after`, in ascending order. */
export interface AllPage {
  readonly after: number;
  readonly limit: number;
  /** Only events that match. Default: all. At least one item, and in an item no name twice. */
  readonly query?: EventQuery | undefined;
}

/** A stream as a whole. */
export interface StreamInfo {
  readonly stream: string;
  /** The version of its last event, whether that is still there or not. */
  readonly version: number;
  /** Everything below is truncated; 1 if nothing is. */
  readonly firstVersion: number;
  /** It has no events any more, and takes none. */
  readonly deleted: boolean;
}

/** A page of the streams: at most `limit` after the name `after`, in an order of names that is always the same. */
export interface StreamsPage {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** What became of the wish to delete a stream. */
export type DeleteOutcome =
  | { readonly status: 'deleted' }
  | { readonly status: 'conflict'; readonly actualVersion: number };

/** How far a reader is, and what else belongs to that. */
export interface Checkpoint {
  readonly position: number;
  /** JSON text of an object: for instance who reads, and until when nobody else may. */
  readonly state: string;
}

/** A checkpoint as the storage holds it. */
export interface StoredCheckpoint extends Checkpoint {
  readonly name: string;
  /** From 1 on, and after each save greater than any that the name has had, also if it was deleted in between. */
  readonly revision: number;
}

/** How a checkpoint is saved. */
export interface SaveCheckpointOptions {
  /** Only if it is at this revision still; 0: if there is none yet. Default: whatever it is at. */
  readonly expectedRevision?: number | undefined;
  /**
   * Work in the same transaction: both are stored, or neither. If it throws, saving rejects with its error; if the
   * checkpoint is not at the expected revision, it is not done. What it gets, and must not do, is said at
   * {@link AdapterAppendOptions.within}.
   */
  readonly within?: ((client: unknown) => unknown) | undefined;
  /** Others that are saved with it, whatever revision they are at: all of them, or none if it is not saved. */
  readonly checkpoints?: readonly NamedCheckpoint[] | undefined;
}

/** The state of a fold at a version of its stream. */
export interface StoredSnapshot extends EncodedPayload {
  readonly stream: string;
  /** Which fold it belongs to. A stream has at most one snapshot a name: the last one saved. */
  readonly name: string;
  readonly schemaVersion: number;
  readonly version: number;
  /** Id of the event at `version`: a snapshot of another history is told by it. */
  readonly eventId: string;
}

/**
 * Where an {@link EventStore} keeps its events: storage and nothing else. Checking, encoding and comparing is done by
 * the store, so that every adapter behaves alike.
 *
 * An adapter is right when `eventAdapterConformance` of `@zyflow/migration/testing` passes on it. It rejects with the
 * driver's error as `cause` when the storage fails; outcomes that are to be expected are values.
 */
export interface EventAdapter {
  /**
   * Makes what the adapter needs, where it is not there yet. May be called again, and by several processes at once.
   * The store calls it before anything else.
   */
  init(): Promise<void>;

  /**
   * Appends all batches, or none (ES1); each stream occurs once.
   *
   * Versions go on by one from the stream's last, positions grow strictly along the batches, and neither is ever given to
   * another event again. Once resolved, the events are durable (ES3). Of several appends that race on one expected
   * version exactly one is `appended` (ES2). A condition holds in the order of positions: no event between its `after`
   * and what was appended under it matches.
   */
  append(batches: readonly EventBatch[], options?: AdapterAppendOptions): Promise<AppendOutcome>;

  /**
   * The same at once, for a synchronous storage: inside a transaction that the caller has open on it, with which the
   * events are stored or not, else in one of its own. Refuses `within` that gives a promise: nothing is stored then. Left
   * out where it can only be waited for.
   */
  appendSync?(batches: readonly EventBatch[], options?: AdapterAppendOptions): AppendOutcome;

  /**
   * Whether work on this client is work on this very storage: what {@link EventAdapter.appendSync} appends inside a
   * transaction that is open on it is then stored with it or not. `undefined` is the memory of this process. Left out
   * where it can't be told.
   */
  isOn?(client: unknown): boolean;

  /** Fewer events than `limit` mean that there are no more. */
  readStream(page: StreamPage): Promise<readonly StoredEvent[]>;

  /**
   * Fewer events than `limit` mean that there are no more for now.
   *
   * What appears later is always after what was given before (ES5): while an append that already has its positions is
   * undecided, nothing behind it is given. A page may end inside an append of several events, whose rest is given next.
   */
  readAll(page: AllPage): Promise<readonly StoredEvent[]>;

  /** The version of a stream's last event, truncated and deleted ones included; 0 where there never was one. */
  streamVersion(stream: string): Promise<number>;

  /** The streams that have or had events, or were deleted. */
  listStreams(page: StreamsPage): Promise<readonly StreamInfo[]>;

  /**
   * The position of the last event that is stored, whether {@link readAll} gives it already or not; 0 where there is
   * none. It goes back where that event is removed.
   */
  lastPosition(): Promise<number>;

  /**
   * Removes the events below a version for good: nothing finds them any more, no condition matches them, and their ids
   * are free. The stream goes on at the version where it is; of a version behind its last, all of its events are removed.
   * Its snapshots stay. Nothing happens to a stream that does not exist.
   */
  truncateStream(stream: string, beforeVersion: number): Promise<void>;

  /**
   * Removes all events of a stream, and its snapshots, for good. It takes none any more, under any expected version, and
   * keeps its last version. A stream that never existed can be deleted, too; one that is deleted already stays so,
   * whatever was expected.
   */
  deleteStream(stream: string, expectedVersion: ExpectedVersion): Promise<DeleteOutcome>;

  /**
   * Takes over events of another store as they are, with their versions and positions: all of them or none. What is
   * appended afterwards goes on behind them.
   *
   * They come in ascending order, behind every position that was ever given out here. Versions go on by one from the
   * stream's last; a stream that is not there yet may begin at any, and is truncated below it.
   *
   * @throws {@link InvalidArgumentError} if they do not fit, if an id is stored already or comes twice, or if a stream
   *   was deleted here.
   */
  importEvents(events: readonly StoredEvent[]): Promise<void>;

  /**
   * Takes over what streams are in another store, once their events were imported: at least at this version, truncated,
   * deleted. What this store holds below is removed: all of a stream whose version it has not reached.
   */
  importStreams(streams: readonly StreamInfo[]): Promise<void>;

  loadSnapshot(stream: string, name: string): Promise<StoredSnapshot | undefined>;

  /** Replaces the one before it. */
  saveSnapshot(snapshot: StoredSnapshot): Promise<void>;

  loadCheckpoint(name: string): Promise<StoredCheckpoint | undefined>;

  /** @returns The new revision; nothing if it is not at the expected one, and then nothing was done. */
  saveCheckpoint(name: string, checkpoint: Checkpoint, options?: SaveCheckpointOptions): Promise<number | undefined>;

  /** All whose names begin so, character for character, in an order of names that is always the same. */
  listCheckpoints(prefix: string): Promise<readonly StoredCheckpoint[]>;

  /** Nothing happens where there is none. */
  deleteCheckpoint(name: string): Promise<void>;

  /**
   * The same storage, working inside a transaction that the caller has open on this client: what is appended is stored
   * if and when the caller commits. Its `init` does nothing: what the storage needs is there before. Left out where there
   * is no such thing.
   */
  withTransaction?(client: unknown): EventAdapter;

  /**
   * Calls back soon after events were appended, by whatever process: a hint, which may be lost or come without need.
   * Left out where the storage can't tell.
   *
   * @returns A function that ends it, and may be called again.
   */
  listen?(wake: () => void): Promise<() => Promise<void>>;

  /**
   * Calls whoever listens, in whatever process: once a transaction of the caller's is committed, in which an append tells
   * nobody. Left out where nobody can be told, or the storage tells by itself.
   */
  notify?(): void;

  /**
   * Tells this storage from what it was before it was restored from a copy, or from one that took over for it: another
   * text then. Nothing where it can't be told at the moment. Left out where it never can.
   */
  life?(): Promise<string | undefined>;

  /** Gives back what the adapter itself has opened, and never ends the caller's connection. May be called again. */
  close(): Promise<void>;
}
