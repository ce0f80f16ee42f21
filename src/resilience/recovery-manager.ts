import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { InvalidArgumentError, isMigrationError } from '../core/errors.ts';
import { RetriesExhaustedError } from './errors.ts';

/** Options of a {@link RecoveryManager}. */
export interface RecoveryManagerOptions {
  /** How often an operation is tried in all. Default 3. */
  readonly maxAttempts?: number;
  /** How long to wait between tries. Default: from 50 ms to 5 s. */
  readonly backoff?: BackoffOptions;
  /** Whether another try may help. Default: unless the arguments are wrong or the object is closed. */
  readonly isRetryable?: (error: unknown) => boolean;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Tries operations again that fail for a passing reason. */
export class RecoveryManager {
  readonly #options: Required<RecoveryManagerOptions>;

  /** @throws {@link InvalidArgumentError} if `maxAttempts` is no positive integer. */
  constructor(options: RecoveryManagerOptions = {}) {
    const { maxAttempts = 3, backoff = {}, isRetryable = mayPass, clock = systemClock, random = Math.random } = options;
    if (!Number.isSafeInteger(maxAttempts) || maxAttempts < 1) {
      throw new InvalidArgumentError('maxAttempts', 'a positive integer', maxAttempts);
    }
    this.#options = { maxAttempts, backoff, isRetryable, clock, random };
  }

  /**
   * The operation's result, from the first try that has one.
   *
   * @param what - Names the operation in errors.
   * @throws {@link RetriesExhaustedError} if every try failed; an error that no try can help passes through as it is.
   */
  async run<T>(
    what: string,
    operation: (attempt: number) => Promise<T> | T,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const { maxAttempts, backoff, isRetryable, clock, random } = this.#options;
    const { signal } = options;
    const failures: unknown[] = [];
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await operation(attempt);
      } catch (error) {
        signal?.throwIfAborted();
        if (!isRetryable(error)) throw error;
        failures.push(error);
        if (attempt === maxAttempts) throw new RetriesExhaustedError(what, failures);
      }
      await sleep(backoffDelay(attempt, backoff, random), { clock, signal });
    }
  }
}

const mayPass = (error: unknown) => !isMigrationError(error, 'INVALID_ARGUMENT') && !isMigrationError(error, 'CLOSED');
