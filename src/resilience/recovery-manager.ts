import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { isMigrationError, messageOf } from '../core/errors.ts';
import { RestoreFailedError, RetriesExhaustedError } from './errors.ts';
import { RecoveryResult } from './recovery-strategy.ts';
import { appliesTo, checkAttempts, type RetryPolicy } from './retry-policy.ts';

/** Options of a {@link RecoveryManager}. */
export interface RecoveryManagerOptions {
  /** How often an operation is tried in all, as far as no policy says otherwise. Default 3. */
  readonly maxAttempts?: number;
  /** How long to wait between tries. Default: from 50 ms to 5 s. */
  readonly backoff?: BackoffOptions;
  /**
   * Whether another try may help, where no policy says so. Default: unless the arguments are wrong, the object is closed,
   * or the operation was tried often enough already.
   */
  readonly isRetryable?: (error: unknown) => boolean;
  /** For failures of certain kinds; the first that applies counts, and each counts its own failures. */
  readonly policies?: readonly RetryPolicy[];
  /** Told of each operation that a person must look at: its name, and every try. Default: nobody is. */
  readonly onEscalation?: (what: string, result: RecoveryResult) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** How an operation is run. */
export interface RecoveryRunOptions {
  /**
   * Brings back what was before the operation, such as a rollback point: called once, when the operation has failed for
   * good. Not when the signal ended it.
   */
  readonly restore?: () => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Tries operations again that fail for a passing reason. */
export class RecoveryManager {
  readonly #options: Required<Omit<RecoveryManagerOptions, 'maxAttempts' | 'backoff'>>;
  /** For what no policy of the caller's is for. */
  readonly #others: Required<RetryPolicy>;

  /** @throws {@link InvalidArgumentError} if a `maxAttempts` is no positive integer. */
  constructor(options: RecoveryManagerOptions = {}) {
    checkObject(options);
    const { maxAttempts = 3, backoff = {}, isRetryable = mayPass, policies = [], onEscalation = () => {} } = options;
    const { clock = systemClock, random = Math.random } = options;
    this.#others = {
      error: { matches: () => true },
      maxAttempts: checkAttempts(maxAttempts, 'maxAttempts'),
      backoff,
    };
    for (const [at, policy] of policies.entries()) {
      if (policy.maxAttempts !== undefined) checkAttempts(policy.maxAttempts, `policies[${at}].maxAttempts`);
    }
    this.#options = { isRetryable, policies: [...policies], onEscalation, clock, random };
  }

  /**
   * The operation's result, from the first try that has one.
   *
   * @param what - Names the operation in errors.
   * @throws {@link RetriesExhaustedError} if every try failed; an error that no try can help passes through as it is.
   * @throws {@link RestoreFailedError} if what was before could not be brought back either.
   */
  async run<T>(
    what: string,
    operation: (attempt: number) => Promise<T> | T,
    options: RecoveryRunOptions = {},
  ): Promise<T> {
    const { isRetryable, policies, clock, random } = this.#options;
    const { signal } = options;
    const history: Failure[] = [];
    const counts = new Map<RetryPolicy, number>();
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const at = clock.now();
      try {
        return await operation(attempt);
      } catch (error) {
        signal?.throwIfAborted();
        history.push({ at, error });
        const policy = policies.find((each) => appliesTo(each, error)) ?? this.#others;
        const { maxAttempts = this.#others.maxAttempts, backoff = this.#others.backoff } = policy;
        const isHopeless = policy === this.#others ? !isRetryable(error) : maxAttempts === 1;
        if (isHopeless) return this.#giveUp(what, error, history, options);
        const failures = (counts.get(policy) ?? 0) + 1;
        counts.set(policy, failures);
        if (failures >= maxAttempts) {
          const errors = history.map((failure) => failure.error);
          return this.#giveUp(what, new RetriesExhaustedError(what, errors), history, options);
        }
        await sleep(backoffDelay(failures, backoff, random), { clock, signal });
      }
    }
  }

  /** Restores, tells a person, and throws. */
  async #giveUp(
    what: string,
    failure: unknown,
    history: readonly Failure[],
    { restore }: RecoveryRunOptions,
  ): Promise<never> {
    let thrown = failure;
    try {
      await restore?.();
    } catch (error) {
      thrown = new RestoreFailedError(what, failure, error);
    }
    const attempts = history.map(({ at, error }) => ({ at, success: false, detail: messageOf(error) }));
    this.#options.onEscalation(what, RecoveryResult.manual(messageOf(thrown), attempts));
    throw thrown;
  }
}

interface Failure {
  readonly at: number;
  readonly error: unknown;
}

const hopeless = ['INVALID_ARGUMENT', 'CLOSED', 'RETRIES_EXHAUSTED'];
const mayPass = (error: unknown) => !hopeless.some((code) => isMigrationError(error, code));
