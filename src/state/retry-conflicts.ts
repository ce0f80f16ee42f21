import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { DeadlockError } from '../core/lock-errors.ts';
import { checkWhole } from './arguments.ts';
import { isWorthRetrying } from './errors.ts';
import { Contender, type Turns } from './turns.ts';

/** How often work is tried that lost a race. */
export interface RetryOptions {
  /** Tries in all. Default 20. */
  readonly maxAttempts?: number;
  /** How long to wait between tries: by default up to 5 ms at first, up to 500 ms later. */
  readonly backoff?: BackoffOptions;
}

/** What is tried: tells of an aggregate before it touches it, so that those who have lost it go first. */
export type ContendedWork<T> = (approach: (aggregateId: string) => Promise<void>) => Promise<T>;

/**
 * Runs work again while it fails by a conflict or a deadlock, after the last try with that error: at once when its turn has come,
 * where there are turns and it has lost an aggregate for the first time, else after a random wait.
 */
export async function retryConflicts<T>(
  work: ContendedWork<T>,
  options: RetryOptions & {
    clock: Clock;
    random: Random;
    /** Of those that contend in this process. */
    turns?: Turns | undefined;
    signal?: AbortSignal | undefined;
    /** Done before the next try. */
    failed?: (error: unknown) => Promise<void>;
  },
): Promise<T> {
  const { maxAttempts = 20, backoff, clock, random, turns, signal, failed } = options;
  checkWhole(maxAttempts, 1, 'options.retry.maxAttempts');
  const contender = turns && new Contender(turns, signal);
  const approach = async (aggregateId: string) => contender?.approach(aggregateId);
  try {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await work(approach);
      } catch (error) {
        const mayPass = isWorthRetrying(error) || error instanceof DeadlockError;
        if (!mayPass || attempt >= maxAttempts) throw error;
        await failed?.(error);
        if (await contender?.lost(error)) continue;
      }
      await sleep(backoffDelay(attempt, { initialMs: 5, maxMs: 500, ...backoff }, random), { clock, signal });
    }
  } finally {
    contender?.leave();
  }
}
