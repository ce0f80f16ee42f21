import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Replica } from './replica.ts';

/** What a {@link WatchedSide} works with. */
export interface WatchedSideParts {
  readonly replica: Pick<Replica<never>, 'watch'>;
  readonly onHint: (id: string) => void;
  /** Looks at all records: some may have changed unseen. */
  readonly lookAtAll: () => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Ends what waits. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
}

/** Between tries of what failed. */
export const failureBackoff: Required<Pick<BackoffOptions, 'initialMs' | 'maxMs'>> = { initialMs: 500, maxMs: 60_000 };

interface Watch {
  end?: (() => Promise<void>) | undefined;
  /** How it ended by itself. */
  lost?: { readonly error: unknown };
}

/** Watches one side, and begins anew, with growing pauses, when a watch has ended by itself. */
export class WatchedSide {
  readonly #parts: WatchedSideParts;
  #watch: Watch | undefined;
  #beganAt = 0;
  #failures = 0;
  #again: Promise<void> = Promise.resolve();

  constructor(parts: WatchedSideParts) {
    this.#parts = parts;
  }

  /** Resolves once no change can be missed any more. */
  async begin(): Promise<void> {
    if (!this.#parts.replica.watch) return;
    const watch = await this.#open();
    if (watch.lost) this.#again = this.#beginAgain(watch);
  }

  /** The signal must have aborted. */
  async close(): Promise<void> {
    await this.#again;
    await this.#watch?.end?.();
  }

  async #open(): Promise<Watch> {
    const { replica, onHint, clock } = this.#parts;
    const watch: Watch = {};
    watch.end = await replica.watch?.(onHint, (error) => {
      if (watch.lost) return;
      watch.lost = { error };
      if (this.#watch === watch) this.#again = this.#beginAgain(watch);
    });
    if (watch.lost) return watch;
    this.#watch = watch;
    this.#beganAt = clock.now();
    return watch;
  }

  /** Never rejects: what fails is told, and tried again. */
  async #beginAgain(lost: Watch): Promise<void> {
    const { onError, lookAtAll, signal, clock, random } = this.#parts;
    if (signal.aborted) return;
    this.#watch = undefined;
    if (clock.now() - this.#beganAt > failureBackoff.maxMs) this.#failures = 0;
    for (let watch = lost, isOpen = false; !isOpen; ) {
      onError(watch.lost?.error);
      await watch.end?.().catch(onError);
      try {
        await sleep(backoffDelay(++this.#failures, failureBackoff, random), { clock, signal });
        watch = await this.#open();
      } catch (error) {
        if (signal.aborted) return;
        watch = { lost: { error } };
      }
      isOpen = this.#watch === watch;
      await lookAtAll();
    }
  }
}
