import { checkInteger } from '../core/check-integer.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import type { HandlingFailure } from './attempts.ts';
import { ownCheckpoint } from './checkpoint-names.ts';
import type { EventAdapter, NamedCheckpoint } from './event-adapter.ts';
import { checkName } from './event-names.ts';
import { type ParkedEvent, type ParkedRecord, parkedEvent, parkedRecord, parkedState } from './parked-record.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { SubscriptionSource } from './rounds.ts';

/** How a parked event is handled. */
export interface ParkedEventHandler {
  readonly handle: (event: RecordedEvent, client: unknown) => unknown;
  /**
   * Where the subscription's checkpoint is, if the event is to be handled and parked no longer in one transaction, so
   * that it takes effect once: what is behind the checkpoint will still be read by the subscription itself.
   */
  readonly checkpoint?: (() => Promise<number>) | undefined;
}

/** What came of retrying parked events. */
export interface RetryResult {
  /** How many were handled, and are parked no longer. */
  readonly handled: number;
  /** Those that failed again, one a stream: what is behind them was not tried. */
  readonly failed: readonly ParkedEvent[];
  /** How many are parked still, also what a running subscription has parked meanwhile: retry again. */
  readonly left: number;
}

/**
 * The events of one subscription that could not be handled, kept in the store's checkpoints.
 *
 * Once an event is parked, the later ones of its stream are parked behind it, until it is retried or skipped: the order
 * within a stream stays, and other streams go on.
 */
export class ParkedEvents {
  readonly #source: SubscriptionSource;
  readonly #subscription: string;
  /** The last parked event of each stream: of at least the streams that have one, since the last {@link refresh}. */
  readonly #last = new Map<string, number>();
  #retrying: Promise<unknown> = Promise.resolve();

  /** Made by the store. */
  constructor(source: SubscriptionSource, subscription: string) {
    this.#source = source;
    this.#subscription = subscription;
  }

  /** What is parked, in ascending order of position. */
  async list(): Promise<readonly ParkedEvent[]> {
    return (await this.#records()).filter(({ settled }) => !settled).map(({ event }) => Object.freeze(event));
  }

  /** Handles parked events once more, a stream's in order. One process at a time: two would both handle each. */
  retry(handler: ParkedEventHandler, stream?: string): Promise<RetryResult> {
    if (stream !== undefined) checkName(stream, 'stream');
    const result = this.#retrying.then(() => this.#retry(handler, stream));
    this.#retrying = result.catch(() => undefined);
    return result;
  }

  /**
   * Gives up one parked event for good. Those behind it stay until they are retried.
   *
   * @throws {@link InvalidArgumentError} if none is parked at this position.
   */
  async skip(position: number): Promise<void> {
    checkInteger(position, 1, 'position');
    const adapter = await this.#source.adapter();
    const name = this.#nameOf(position);
    if (!(await adapter.loadCheckpoint(name))) {
      throw new InvalidArgumentError('position', 'the position of a parked event', position);
    }
    await adapter.deleteCheckpoint(name);
  }

  /** Learns which streams have parked events: before the first event is handled, and after somebody else handled some. */
  async refresh(): Promise<void> {
    for (const { event } of await this.#records()) this.#last.set(event.stream, event.position);
  }

  /**
   * Sets an event aside. Durable once resolved.
   *
   * @param failure - None for one that waits behind another.
   */
  async park(event: RecordedEvent, failure?: HandlingFailure): Promise<void> {
    const { name, ...checkpoint } = this.checkpointOf(event, failure);
    await (await this.#source.adapter()).saveCheckpoint(name, checkpoint);
    this.saved(event);
  }

  /** Parks an event behind an earlier one of its stream. @returns Whether it is parked; if not, it is to be handled. */
  async parkBehind(event: RecordedEvent): Promise<boolean> {
    const place = await this.placeOf(event);
    if (place === 'behind') await this.park(event);
    return place !== 'free';
  }

  /** Whether an event is to be handled, to be parked `behind` an earlier one of its stream, or is parked already. */
  async placeOf(event: RecordedEvent): Promise<'free' | 'behind' | 'parked'> {
    const last = this.#last.get(event.stream);
    if (last === undefined) return 'free';
    const adapter = await this.#source.adapter();
    // A stream's are retried in order: while the last is there, nothing has overtaken.
    if (last >= event.position || !(await adapter.loadCheckpoint(this.#nameOf(last)))) {
      const records = (await this.#records()).filter((record) => record.event.stream === event.stream);
      if (records.some((record) => record.event.position === event.position)) return 'parked';
      if (!records.some((record) => record.event.position < event.position)) {
        if (records.length === 0) this.#last.delete(event.stream);
        return 'free';
      }
    }
    return 'behind';
  }

  /** What {@link park} saves, for a caller who saves it in the transaction that passes the event. */
  checkpointOf(event: RecordedEvent, failure?: HandlingFailure): NamedCheckpoint {
    const parked = parkedEvent(event, this.#source.clock.now(), failure);
    return { name: this.#nameOf(event.position), position: event.position, state: parkedState(parked) };
  }

  /** Learns that what {@link checkpointOf} gives of an event is saved. */
  saved({ stream, position }: RecordedEvent): void {
    this.#last.set(stream, position);
  }

  async #retry(handler: ParkedEventHandler, only: string | undefined): Promise<RetryResult> {
    const failed = new Map<string, ParkedEvent>();
    let handled = 0;
    for (;;) {
      const end = (await handler.checkpoint?.()) ?? Number.POSITIVE_INFINITY;
      const records = await this.#records();
      const record = records.find(
        ({ event: { stream, position } }) =>
          position <= end && !failed.has(stream) && (only === undefined || stream === only),
      );
      if (!record) {
        const left = records.filter(({ event: { stream } }) => only === undefined || stream === only).length;
        return Object.freeze({ handled, failed: Object.freeze([...failed.values()]), left });
      }
      const outcome = await this.#retryOne(record, handler);
      if (outcome === 'handled') handled++;
      else if (outcome !== 'gone') failed.set(outcome.stream, outcome);
    }
  }

  /** @returns What became of it: the event as it is parked now, if it failed again. */
  async #retryOne(
    { name, revision: seen, event: parked, settled }: ParkedRecord,
    { handle, checkpoint }: ParkedEventHandler,
  ): Promise<'handled' | 'gone' | ParkedEvent> {
    const adapter = await this.#source.adapter();
    const { position } = parked;
    const event = settled ? undefined : await this.#read(adapter, position);
    if (event) {
      const claimed = { ...parked, attempts: parked.attempts + 1 };
      const save = (expectedRevision: number, state: string, within?: (client: unknown) => unknown) =>
        adapter.saveCheckpoint(name, { position, state }, { expectedRevision, within });
      const revision = await save(seen, parkedState(claimed));
      // Somebody else has it: what became of it is seen when the records are read again.
      if (revision === undefined) return 'gone';
      try {
        if (checkpoint) {
          const done = await save(revision, parkedState(claimed, true), (client) => handle(event, client));
          if (done === undefined) return 'gone';
        } else {
          await handle(event, undefined);
        }
      } catch (error) {
        const again = parkedEvent(parked, this.#source.clock.now(), { error, attempts: claimed.attempts });
        await save(revision, parkedState(again));
        return again;
      }
    }
    await adapter.deleteCheckpoint(name);
    return event ? 'handled' : 'gone';
  }

  /** The event at a position; none if it was removed from the store. */
  async #read(adapter: EventAdapter, position: number): Promise<RecordedEvent | undefined> {
    const stored = await adapter.readAll({ after: position - 1, limit: 1 });
    return (await this.#source.decode(stored.filter((event) => event.position === position)))[0];
  }

  async #records(): Promise<ParkedRecord[]> {
    const adapter = await this.#source.adapter();
    const checkpoints = await adapter.listCheckpoints(`${ownCheckpoint('parked', this.#subscription)}/`);
    return checkpoints.map(parkedRecord).sort((a, b) => a.event.position - b.event.position);
  }

  #nameOf(position: number): string {
    return ownCheckpoint('parked', this.#subscription, position);
  }
}
