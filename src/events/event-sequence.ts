import type { RecordedEvent } from './recorded-event.ts';

/**
 * Events that are read while they are iterated, a batch at a time (ES10).
 *
 * Each iteration reads anew. Leaving a loop early leaves nothing open.
 */
export class EventSequence<R extends RecordedEvent = RecordedEvent> implements AsyncIterable<R> {
  readonly #batches: () => AsyncIterable<readonly R[]>;

  constructor(batches: () => AsyncIterable<readonly R[]>) {
    this.#batches = batches;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    for await (const batch of this.#batches()) yield* batch;
  }

  /** The events in batches of at most `batchSize`: less overhead than one by one. */
  batches(): AsyncIterable<readonly R[]> {
    return this.#batches();
  }

  /** All of them, in memory: for what is known to be small. */
  async toArray(): Promise<R[]> {
    const events: R[] = [];
    for await (const batch of this.#batches()) for (const event of batch) events.push(event);
    return events;
  }
}
