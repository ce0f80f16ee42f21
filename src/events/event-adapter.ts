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
}

/** Where a stream stands after an append. */
export interface AppendedBatch {
  /** Version and position of the batch's last event. */
  readonly version: number;
  readonly position: number;
}

/** What became of an append. Only `appended` has written anything. */
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
      /** Some of the ids are stored already: these events, in any order. Found out before a version is compared. */
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
   * Versions go on by one from the stream's last, positions grow strictly along the batches. Once resolved, the events
   * are durable (ES3). Of several appends that race on one expected version exactly one is `appended` (ES2).
   */
  append(batches: readonly EventBatch[]): Promise<AppendOutcome>;

  /** Fewer events than `limit` mean that there are no more. */
  readStream(page: StreamPage): Promise<readonly StoredEvent[]>;

  /**
   * Fewer events than `limit` mean that there are no more for now.
   *
   * What appears later is always after what was given before (ES5): while an append that already has its positions is
   * undecided, nothing behind it is given. A page may end inside an append of several events, whose rest is given next.
   */
  readAll(page: AllPage): Promise<readonly StoredEvent[]>;

  /** The version of a stream's last event; 0 where there is none. */
  streamVersion(stream: string): Promise<number>;

  /** The highest position that is stored, whether {@link readAll} gives it already or not; 0 where there is none. */
  lastPosition(): Promise<number>;

  loadSnapshot(stream: string, name: string): Promise<StoredSnapshot | undefined>;

  /** Replaces the one before it. */
  saveSnapshot(snapshot: StoredSnapshot): Promise<void>;

  /** The position saved under this name. */
  loadCheckpoint(name: string): Promise<number | undefined>;

  saveCheckpoint(name: string, position: number): Promise<void>;

  /** Gives back what the adapter itself has opened, and never ends the caller's connection. May be called again. */
  close(): Promise<void>;
}
