import type { RecordedEvent } from './recorded-event.ts';

/** Two, so that the storage has one to work on while it sends the other. */
const batchesOnTheirWay = 2;

/**
 * Events that are read while they are iterated, a batch at a time (ES10).
 *
 * Each iteration reads anew. Leaving a loop early leaves nothing open.
 */
export class EventSequence<R extends RecordedEvent = RecordedEvent> implements AsyncIterable<R> {
  readonly #read: (ahead: number) => AsyncIterable<readonly R[]>;

  /** @param read - Reads the batches: one at a time, or with so many at most on their way ahead of it. */
  constructor(read: (ahead: number) => AsyncIterable<readonly R[]>) {
    this.#read = read;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    for await (const batch of this.batches()) yield* batch;
  }

  /** The events in batches of at most `batchSize`: less overhead than one by one. */
  batches(): AsyncIterable<readonly R[]> {
    return this.#read(0);
  }

  /** The same, with the next two batches on their way while one is handled: three in memory, and less time. */
  batchesAhead(): AsyncIterable<readonly R[]> {
    return this.#read(batchesOnTheirWay);
  }

  /** All of them, in memory: for what is known to be small. */
  async toArray(): Promise<R[]> {
    const events: R[] = [];
    for await (const batch of this.batchesAhead()) for (const event of batch) events.push(event);
    return events;
  }
}
