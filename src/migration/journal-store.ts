import type { NewEvent, RecordedEvent } from '../events/recorded-event.ts';

/** The part of an event store that a migration's journal needs. `EventStore` has it. */
export interface JournalStore {
  /** Must be atomic, and reject with `ConcurrencyConflictError` if the stream is not at the expected version. */
  append(
    stream: string,
    events: readonly NewEvent[],
    options: { readonly expectedVersion: number | 'no_stream' },
  ): Promise<unknown>;
  /** The stream's events, the first first; none if there is no such stream. */
  read(stream: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<RecordedEvent>;
}
