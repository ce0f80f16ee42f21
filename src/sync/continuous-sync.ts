import { setMaxListeners } from 'node:events';
import { sleep } from '../core/abort.ts';
import { backoffDelay, type Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { throwLater } from '../core/on-error.ts';
import { forEachId, idsOf } from './each-record.ts';
import type { Replica } from './replica.ts';
import { Slots } from './slots.ts';
import type { SyncSide } from './sync-journal.ts';
import { failureBackoff, WatchedSide } from './watched-side.ts';

/** What a {@link ContinuousSync} works with. */
export interface ContinuousSyncParts {
  readonly sync: (id: string) => Promise<unknown>;
  readonly replicas: Readonly<Record<SyncSide, Pick<Replica<never>, 'ids' | 'watch'>>>;
  readonly concurrency: number;
  readonly debounceMs: number;
  readonly pollIntervalMs: number;
  readonly fullSyncIntervalMs: number;
  readonly onError: (error: unknown, id: string | null) => void;
  /** Ends what waits, as `close` does. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
}

/** A record that waits for its sync. */
interface Waiting {
  readonly dueAt: number;
  readonly cancel: () => void;
}

/**
 * Syncs records that are hinted at: each once what it was told of has come to rest, or has been waiting for
 * `debounceMs`, however often it was told. A sync that failed is tried again, with growing pauses, or when it is told of
 * again. All records are looked at from time to time: for what a watch missed, or where there is none.
 */
export class ContinuousSync {
  readonly #parts: ContinuousSyncParts;
  readonly #sides: readonly WatchedSide[];
  readonly #slots: Slots;
  readonly #waiting = new Map<string, Waiting>();
  readonly #failures = new Map<string, number>();
  readonly #running = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  #rounds: Promise<void> | undefined;

  constructor(parts: ContinuousSyncParts) {
    this.#parts = parts;
    this.#slots = new Slots(parts.concurrency);
    this.#signal = AbortSignal.any([parts.signal, this.#ended.signal]);
    setMaxListeners(0, this.#signal); // one for each that waits
    const { replicas, debounceMs, clock, random } = parts;
    const watched = {
      onHint: (id: string) => this.#schedule(id, debounceMs),
      lookAtAll: () => this.#lookAtAll(),
      onError: (error: unknown) => this.#tell(error, null),
      signal: this.#signal,
      clock,
      random,
    };
    this.#sides = [replicas.spec, replicas.runtime].map((replica) => new WatchedSide({ ...watched, replica }));
  }

  /** Watches both sides; looks at all records from time to time, often where one can't be watched. */
  async watch(): Promise<void> {
    for (const side of this.#sides) await side.begin();
    this.#rounds = this.#lookFromTimeToTime();
  }

  /** Tells of a record that could not be synced, and tries it again, with growing pauses. */
  failed(id: string, error: unknown): void {
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    this.#tell(error, id);
    this.#schedule(id, backoffDelay(failures, failureBackoff, this.#parts.random));
  }

  /** What waits is left; resolves once nothing runs, and rejects if a watch could not be ended. */
  async close(): Promise<void> {
    this.#ended.abort();
    const ends = await Promise.allSettled(this.#sides.map((side) => side.close()));
    await this.#rounds;
    for (const id of [...this.#waiting.keys()]) this.#stopWaiting(id);
    await Promise.all(this.#running);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #schedule(id: string, delayMs: number): void {
    const { clock } = this.#parts;
    const dueAt = clock.now() + delayMs;
    if (this.#signal.aborted || (this.#waiting.get(id)?.dueAt ?? Number.POSITIVE_INFINITY) <= dueAt) return;
    this.#stopWaiting(id);
    const start = () => {
      const work = this.#sync(id).finally(() => this.#running.delete(work));
      this.#running.add(work);
    };
    this.#waiting.set(id, { dueAt, cancel: clock.schedule(start, delayMs, { keepAlive: true }) });
  }

  #stopWaiting(id: string): void {
    this.#waiting.get(id)?.cancel();
    this.#waiting.delete(id);
  }

  /** Never rejects. */
  async #sync(id: string): Promise<void> {
    try {
      await this.#slots.run(async () => {
        // Told from here on, it is synced again: what was edited may have been read already.
        this.#stopWaiting(id);
        if (!this.#signal.aborted) await this.#parts.sync(id);
      });
      this.#failures.delete(id);
    } catch (error) {
      if (!this.#signal.aborted) this.failed(id, error);
    }
  }

  async #lookFromTimeToTime(): Promise<void> {
    const { replicas, pollIntervalMs, fullSyncIntervalMs, clock } = this.#parts;
    const isWatched = replicas.spec.watch && replicas.runtime.watch;
    const intervalMs = isWatched ? fullSyncIntervalMs : Math.min(pollIntervalMs, fullSyncIntervalMs);
    while (!this.#signal.aborted) {
      // It only rejects when the signal aborts.
      await sleep(intervalMs, { clock, signal: this.#signal }).catch(() => undefined);
      await this.#lookAtAll();
    }
  }

  /** Never rejects. Leaves room for records that are told of meanwhile, and those that wait to their turn. */
  async #lookAtAll(): Promise<void> {
    const { replicas, concurrency } = this.#parts;
    if (this.#signal.aborted) return;
    try {
      await forEachId(idsOf(replicas, this.#signal), Math.max(1, concurrency - 1), async (id) => {
        if (!this.#waiting.has(id)) await this.#sync(id);
      });
    } catch (error) {
      if (!this.#signal.aborted) this.#tell(error, null);
    }
  }

  #tell(error: unknown, id: string | null): void {
    try {
      this.#parts.onError(error, id);
    } catch (failure) {
      throwLater(failure);
    }
  }
}
