import type { Clock } from '../../core/clock.ts';
import type { OnError } from '../../core/on-error.ts';
import { failureOf } from './pg-failure.ts';

/** How far the global order can be read. */
export interface EventHorizon {
  /** All up to here is decided: what is stored of it can be read. Not always the position of an event. */
  readonly position: number;
  /** The position of the last event that is stored; 0 where there is none. */
  readonly lastPosition: number;
}

/** What publishing needs. */
export interface PgHorizonPublisherParts {
  /** Writes the horizon down. @returns Whether positions behind it are given out, and so another one will be due. */
  publish(): Promise<boolean>;
  readonly clock: Clock;
  readonly onError: OnError;
}

/** From the beginning of one to that of the next: where appends ask for it, where one holds the horizon back, and else. */
const busyMs = 20;
const heldBackMs = 50;
const atRestMs = 1000;

/**
 * Writes the horizon down for standbys, in statements of their own: within the append, all appends would wait for one row.
 * At most one is on its way; what comes meanwhile is covered by the next. What others append, it finds by looking.
 */
export class PgHorizonPublisher {
  readonly #parts: PgHorizonPublisherParts;
  #running: Promise<void> | undefined;
  #began = Number.NEGATIVE_INFINITY;
  #asked = false;
  #more = false;
  #refused = false;
  #closed = false;
  #cancel = () => {};

  constructor(parts: PgHorizonPublisherParts) {
    this.#parts = parts;
  }

  /** Publishes soon. */
  publish(): void {
    if (this.#closed || this.#asked) return;
    this.#asked = true;
    if (!this.#running) this.#schedule();
  }

  /** Ends it, once what was asked for is done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
    if (this.#asked) await this.#publish();
  }

  #schedule(): void {
    const { clock } = this.#parts;
    const apartMs = this.#asked ? busyMs : this.#more ? heldBackMs : atRestMs;
    const delayMs = this.#began + apartMs - clock.now();
    const run = () => {
      this.#running = this.#publish();
    };
    this.#cancel();
    if (delayMs <= 0) run();
    else this.#cancel = clock.schedule(run, delayMs);
  }

  async #publish(): Promise<void> {
    this.#asked = false;
    this.#began = this.#parts.clock.now();
    this.#more = await this.#attempt();
    this.#running = undefined;
    if (!this.#closed) this.#schedule();
  }

  async #attempt(): Promise<boolean> {
    try {
      const more = await this.#parts.publish();
      this.#refused = false;
      return more;
    } catch (error) {
      // Tried again in a second. That the server is away, whoever appends or reads is told; what it refuses, nobody else
      // is, and once is enough.
      if (failureOf((error as Error).cause ?? error) === 'refused' && !this.#refused) {
        this.#refused = true;
        this.#parts.onError(error);
      }
      return false;
    }
  }
}
