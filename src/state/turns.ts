import { abortable } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';

/** Longer than a try takes, unless it waits for something that itself may be waiting here. */
const patienceMs = 1000;

/**
 * Lets those who lost the race for an aggregate try again one after the other, and before newcomers: otherwise one whose tries
 * are quick wins for ever, while those who back off wait. A courtesy and no lock: nobody waits for long, so that work which
 * waits for other work does not hang by it.
 */
export class Turns {
  readonly #clock: Clock;
  /** Of each aggregate that somebody has lost: settled once all of those are through. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves once those who have lost the aggregate are through. */
  async passed(aggregateId: string, signal: AbortSignal | undefined): Promise<void> {
    const queue = this.#queues.get(aggregateId);
    if (queue) await this.#patiently(queue, signal);
  }

  /**
   * Queues up behind those who lost it before. Resolves with the function that ends the turn, which ends by itself when it takes
   * too long: else work that hangs would make everybody who comes later wait.
   */
  async take(aggregateId: string, signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#queues.get(aggregateId);
    let end = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const queue = before ? before.then(() => ended) : ended;
    this.#queues.set(aggregateId, queue);
    void queue.then(() => {
      if (this.#queues.get(aggregateId) === queue) this.#queues.delete(aggregateId);
    });
    try {
      if (before) await this.#patiently(before, signal);
    } catch (error) {
      end();
      throw error;
    }
    const cancel = this.#clock.schedule(end, patienceMs);
    return () => {
      cancel();
      end();
    };
  }

  async #patiently(queue: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    let cancel = () => {};
    const patience = new Promise<void>((resolve) => {
      cancel = this.#clock.schedule(resolve, patienceMs, { keepAlive: true });
    });
    try {
      await abortable(Promise.race([queue, patience]), signal);
    } finally {
      cancel();
    }
  }
}

/** One piece of work among others: a newcomer first; once it has lost, in the queue for what it lost. */
export class Contender {
  readonly #turns: Turns;
  readonly #signal: AbortSignal | undefined;
  #turn: { readonly aggregateId: string; readonly end: () => void } | undefined;

  constructor(turns: Turns, signal: AbortSignal | undefined) {
    this.#turns = turns;
    this.#signal = signal;
  }

  /** To be called before it touches an aggregate. */
  async approach(aggregateId: string): Promise<void> {
    if (!this.#turn) await this.#turns.passed(aggregateId, this.#signal);
  }

  /** @returns Whether it has waited for its turn, and may try again at once. */
  async lost(error: unknown): Promise<boolean> {
    const { aggregateId } = error as { aggregateId?: unknown };
    if (typeof aggregateId !== 'string' || aggregateId === this.#turn?.aggregateId) return false;
    this.leave();
    this.#turn = { aggregateId, end: await this.#turns.take(aggregateId, this.#signal) };
    return true;
  }

  /** To be called at the end. */
  leave(): void {
    this.#turn?.end();
    this.#turn = undefined;
  }
}
