import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Slots } from './slots.ts';

/** What a {@link ContinuousSync} works with. */
export interface ContinuousSyncParts {
  readonly sync: (id: string) => Promise<unknown>;
  readonly slots: Slots;
  readonly debounceMs: number;
  /** Between tries of a record whose sync failed. */
  readonly backoff: BackoffOptions;
  readonly onError: (error: unknown, id: string) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Syncs records that are hinted at: each once what it was told of has come to rest, or has been waiting for
 * `debounceMs`, however often it was told. A sync that failed is tried again, with growing pauses.
 */
export class ContinuousSync {
  readonly #parts: ContinuousSyncParts;
  /** Ids that wait, and how to stop their timer. */
  readonly #waiting = new Map<string, () => void>();
  readonly #failures = new Map<string, number>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: ContinuousSyncParts) {
    this.#parts = parts;
  }

  /** The record may have changed. */
  hint(id: string): void {
    this.#schedule(id, this.#parts.debounceMs);
  }

  /** What waits is left; resolves once nothing runs. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
    await Promise.all(this.#running);
  }

  #schedule(id: string, delayMs: number): void {
    if (this.#closed || this.#waiting.has(id)) return;
    const start = () => {
      const work = this.#sync(id).finally(() => this.#running.delete(work));
      this.#running.add(work);
    };
    this.#waiting.set(id, this.#parts.clock.schedule(start, delayMs, { keepAlive: true }));
  }

  async #sync(id: string): Promise<void> {
    const { slots, sync, onError, backoff, random } = this.#parts;
    try {
      await slots.run(async () => {
        // Told from here on, it is synced again: what was edited may have been read already.
        this.#waiting.delete(id);
        if (!this.#closed) await sync(id);
      });
      this.#failures.delete(id);
    } catch (error) {
      if (this.#closed) return;
      const failures = (this.#failures.get(id) ?? 0) + 1;
      this.#failures.set(id, failures);
      onError(error, id);
      this.#schedule(id, backoffDelay(failures, backoff, random));
    }
  }
}
