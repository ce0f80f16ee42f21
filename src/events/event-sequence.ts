import type { RecordedEvent } from './recorded-event.ts';

/**
 * Events that are read while they are iterated, a batch at a time (ES10).
 *
 * Each iteration reads anew. Leaving a loop early leaves nothing open.
 */
export class EventSequence implements AsyncIterable<RecordedEvent> {
  readonly #batches: () => AsyncIterable<readonly RecordedEvent[]>;

  constructor(batches: () => AsyncIterable<readonly RecordedEvent[]>) {
    this.#batches = batches;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordedEvent, void, undefined> {
    for await (const batch of this.#batches()) yield* batch;
  }

  /** The events in batches of at most `batchSize`: less overhead than one by one. */
  batches(): AsyncIterable<readonly RecordedEvent[]> {
    return this.#batches();
  }

  /** All of them, in memory: for what is known to be small. */
  async toArray(): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const batch of this.#batches()) for (const event of batch) events.push(event);
    return events;
  }
}
