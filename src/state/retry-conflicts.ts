import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { DeadlockError } from '../core/lock-errors.ts';
import { checkWhole } from './arguments.ts';
import { isWorthRetrying } from './errors.ts';

/** How often work is tried that lost a race. */
export interface RetryOptions {
  /** Tries in all. Default 20. */
  readonly maxAttempts?: number;
  /** How long to wait between tries: by default up to 5 ms at first, up to 500 ms later. */
  readonly backoff?: BackoffOptions;
}

/** Runs work again, after a random wait, while it fails by a conflict or a deadlock; after the last try with that error. */
export async function retryConflicts<T>(
  work: () => Promise<T>,
  options: RetryOptions & {
    clock: Clock;
    random: Random;
    signal?: AbortSignal | undefined;
    /** Done before the next try, which follows at once if this gives true. */
    failed?: (error: unknown) => Promise<boolean>;
  },
): Promise<T> {
  const { maxAttempts = 20, backoff, clock, random, signal, failed } = options;
  checkWhole(maxAttempts, 1, 'options.retry.maxAttempts');
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      const mayPass = isWorthRetrying(error) || error instanceof DeadlockError;
      if (!mayPass || attempt >= maxAttempts) throw error;
      if (await failed?.(error)) continue;
    }
    await sleep(backoffDelay(attempt, { initialMs: 5, maxMs: 500, ...backoff }, random), { clock, signal });
  }
}
