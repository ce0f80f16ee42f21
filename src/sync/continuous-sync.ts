import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { idsOf } from './each-record.ts';
import type { Replica } from './replica.ts';
import type { Slots } from './slots.ts';
import type { SyncSide } from './sync-journal.ts';

/** What a {@link ContinuousSync} works with. */
export interface ContinuousSyncParts {
  readonly sync: (id: string) => Promise<unknown>;
  readonly slots: Slots;
  readonly replicas: Readonly<Record<SyncSide, Pick<Replica<never>, 'ids' | 'watch'>>>;
  readonly debounceMs: number;
  readonly pollIntervalMs: number;
  readonly onError: (error: unknown, id: string | null) => void;
  /** Ends the polling. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
}

/** Between tries of a record whose sync failed. */
const failureBackoff: BackoffOptions = { initialMs: 500, maxMs: 60_000 };

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
  readonly #ends: (() => Promise<void>)[] = [];
  #closed = false;

  constructor(parts: ContinuousSyncParts) {
    this.#parts = parts;
  }

  /** Watches both sides; where one can't be watched, looks at all records from time to time. */
  async watch(): Promise<void> {
    const { replicas, debounceMs } = this.#parts;
    const sides = [replicas.spec, replicas.runtime];
    for (const side of sides) {
      const end = await side.watch?.((id) => this.#schedule(id, debounceMs));
      if (end) this.#ends.push(end);
    }
    if (sides.every((side) => side.watch)) return;
    // It only ends by the signal, whose reason is what it rejects with.
    const polling = this.#poll().catch(() => undefined);
    this.#ends.push(async () => void (await polling));
  }

  /** Tells of a record that could not be synced, and tries it again, with growing pauses. */
  failed(id: string, error: unknown): void {
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    this.#parts.onError(error, id);
    this.#schedule(id, backoffDelay(failures, failureBackoff, this.#parts.random));
  }

  /** What waits is left; resolves once nothing runs. The signal must have aborted, unless both sides are watched. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#ends.map((end) => end()));
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
    const { slots, sync } = this.#parts;
    try {
      await slots.run(async () => {
        // Told from here on, it is synced again: what was edited may have been read already.
        this.#waiting.delete(id);
        if (!this.#closed) await sync(id);
      });
      this.#failures.delete(id);
    } catch (error) {
      if (!this.#closed) this.failed(id, error);
    }
  }

  async #poll(): Promise<never> {
    const { replicas, debounceMs, pollIntervalMs, onError, signal, clock } = this.#parts;
    for (;;) {
      await sleep(pollIntervalMs, { clock, signal });
      try {
        for await (const id of idsOf(replicas, signal)) this.#schedule(id, debounceMs);
      } catch (error) {
        signal.throwIfAborted();
        onError(error, null);
      }
    }
  }
}
