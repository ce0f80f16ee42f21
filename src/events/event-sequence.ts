import type { RecordedEvent } from './recorded-event.ts';

/**
 * Events that are read while they are iterated, a batch at a time (ES10).
 *
 * Each iteration reads anew. Leaving a loop early leaves nothing open.
 */
export class EventSequence<R extends RecordedEvent = RecordedEvent> implements AsyncIterable<R> {
  readonly #read: (ahead: boolean) => AsyncIterable<readonly R[]>;

  /** @param read - Reads the batches: one at a time, or with the next one on its way. */
  constructor(read: (ahead: boolean) => AsyncIterable<readonly R[]>) {
    this.#read = read;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    for await (const batch of this.batches()) yield* batch;
  }

  /** The events in batches of at most `batchSize`: less overhead than one by one. */
  batches(): AsyncIterable<readonly R[]> {
    return this.#read(false);
  }

  /** The same, with the next batch on its way while one is handled: two of them in memory, and less time. */
  batchesAhead(): AsyncIterable<readonly R[]> {
    return this.#read(true);
  }

  /** All of them, in memory: for what is known to be small. */
  async toArray(): Promise<R[]> {
    const events: R[] = [];
    for await (const batch of this.batchesAhead()) for (const event of batch) events.push(event);
    return events;
  }
}
