import type { WriteStamps } from '../conflicts/write-stamp.ts';
import type { JsonValue } from '../core/json-value.ts';

/** A record as a replica holds it. */
export interface ReplicaRecord<S = JsonValue> {
  /** `undefined`: there is none. */
  readonly state: S | undefined;
  /**
   * Names this state of the record: equal versions of one record mean equal states. Opaque text. Best is one that never
   * comes back, for a record that was removed too; a hash of the content will do.
   */
  readonly version: string;
  /** When and where it was written, if that is known: strategies such as last-writer-wins decide by it. */
  readonly stamps?: WriteStamps | undefined;
}

/** How a record is written. */
export interface ReplicaWriteOptions {
  /** The version that was read: if the record has another by now, nothing is written. */
  readonly expectedVersion: string;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a write. With `conflict` nothing was written. */
export type ReplicaWriteOutcome =
  | { readonly status: 'written'; readonly version: string }
  | { readonly status: 'conflict' };

/**
 * One side of a synchronization: records by id, each with a version.
 *
 * A table, a folder of files, an event store: what can tell a record's version and write by compare-and-set.
 */
export interface Replica<S = JsonValue> {
  read(id: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<ReplicaRecord<S>>;
  /**
   * Writes the state, or removes the record if it is `undefined`: durably, in one step, and only if the record is still at
   * the expected version. Of several writes racing on one version exactly one takes effect.
   */
  write(id: string, state: S | undefined, options: ReplicaWriteOptions): Promise<ReplicaWriteOutcome>;
  /** The ids of all records there are, read a page at a time. */
  ids(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<string>;
  /**
   * Tells the id of each record that may have changed, soon after it has; what this replica wrote itself may be told too.
   * Without it, records are looked at often.
   *
   * @param onEnd - Told, once, when watching has ended by itself: from then on changes may be missed, until it is begun anew.
   * @returns Once no change can be missed any more. The function ends it; nothing is told after it has resolved.
   */
  watch?(listener: (id: string) => void, onEnd?: (error: unknown) => void): Promise<() => Promise<void>>;
}
