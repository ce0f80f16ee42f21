import Opossum from 'opossum';
import { checkObject } from '../core/check-argument.ts';
import { ClosedError, InvalidArgumentError } from '../core/errors.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { CircuitBreakerOpenError } from './errors.ts';

/** What a {@link CircuitBreaker} does with a call: run it, refuse it, or let one through on trial. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** Options of a {@link CircuitBreaker}. */
export interface CircuitBreakerOptions {
  /** Whether an error says that the service is down. One that does not counts as an answer. Default: every error does. */
  readonly isFailure?: (error: unknown) => boolean;
  /** Told of each change of state. */
  readonly onStateChange?: (state: CircuitState) => void;
  /** Where failures of `isFailure` and `onStateChange` go. Default: thrown later, as an uncaught exception. */
  readonly onError?: OnError;
}

/**
 * Stops calling what keeps failing, and tries again after a while.
 *
 * - Closed: calls run. `threshold` failures in a row open it; an answer in between begins the count anew.
 * - Open: calls are refused at once. After `resetMs` it is half-open.
 * - Half-open: one call is let through on trial, however many arrive (CB2); the others are refused. Its answer closes the
 *   circuit, its failure opens it again, and so does a trial that takes longer than `resetMs`.
 *
 * A call that began before the circuit last changed its state decides nothing any more (CB3). The caller gets the
 * operation's own result or error (CB4). No timer keeps the process alive (CB5).
 *
 * Runs on opossum, which keeps the state and the time; see `docs/circuit-breaker.md` for what is ours.
 */
export class CircuitBreaker {
  readonly #opossum: Opossum<[start: () => void], never>;
  readonly #threshold: number;
  readonly #resetMs: number;
  readonly #isFailure: (error: unknown) => boolean;
  readonly #onError: OnError;
  /** Counts the changes of state: a call of an earlier era decides nothing. */
  #era = 0;
  #failuresInARow = 0;

  /**
   * @param threshold - How many failures in a row open the circuit. Default 5.
   * @param resetMs - How long it stays open, in ms. Default 60,000.
   * @throws {@link InvalidArgumentError} if the threshold is no positive integer, or `resetMs` no positive number.
   */
  constructor(threshold = 5, resetMs = 60_000, options: CircuitBreakerOptions = {}) {
    checkObject(options);
    if (!Number.isSafeInteger(threshold) || threshold < 1) {
      throw new InvalidArgumentError('threshold', 'a positive integer', threshold);
    }
    if (!(resetMs > 0 && resetMs < 2 ** 31))
      throw new InvalidArgumentError('resetMs', 'ms from 1 to 2^31 - 1', resetMs);
    this.#threshold = threshold;
    this.#resetMs = resetMs;
    this.#isFailure = options.isFailure ?? (() => true);
    // opossum admits calls, keeps the state and the time until half-open; what a call's outcome means is decided here. So
    // it never learns of one, and its own rule (a share of failures in a window) never applies.
    const admit = (start: () => void) => {
      start();
      return new Promise<never>(() => {});
    };
    this.#opossum = new Opossum(admit, {
      timeout: false,
      resetTimeout: resetMs,
      enableSnapshots: false,
      rollingPercentilesEnabled: false,
    });
    const { onStateChange = () => {}, onError = throwLater } = options;
    this.#onError = onError;
    for (const event of ['open', 'halfOpen', 'close'] as const) {
      // @types/opossum overloads `on` by single event names.
      (this.#opossum as NodeJS.EventEmitter).on(event, () => {
        this.#era++;
        this.#failuresInARow = 0;
        try {
          onStateChange(this.state);
        } catch (error) {
          onError(error);
        }
      });
    }
  }

  /** `closed`: calls run; `open`: they are refused; `half-open`: one is on trial. */
  get state(): CircuitState {
    if (this.#opossum.halfOpen) return 'half-open';
    return this.#opossum.opened ? 'open' : 'closed';
  }

  /**
   * Runs the operation if the circuit lets it through.
   *
   * @throws {@link CircuitBreakerOpenError} if it does not; the operation was not run.
   * @throws {@link ClosedError} after `shutdown()`.
   */
  execute<T>(operation: () => Promise<T> | T): Promise<T> {
    if (this.#opossum.isShutdown) return Promise.reject(new ClosedError('the circuit breaker'));
    return new Promise<T>((resolve, reject) => {
      const admitted = this.#opossum.fire(() => void this.#run(operation).then(resolve, reject));
      admitted.catch(() => reject(new CircuitBreakerOpenError(this.#resetMs)));
    });
  }

  /** Ends the timers. Calls under way end as they would; later ones are refused. */
  shutdown(): void {
    this.#era++; // what is still under way must not bring a circuit that is shut down back to life
    this.#opossum.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.shutdown();
  }

  /** Runs an admitted operation; its outcome counts unless the circuit has moved on since. */
  async #run<T>(operation: () => Promise<T> | T): Promise<T> {
    const era = this.#era;
    const onTrial = this.#opossum.halfOpen;
    const cancelLimit = onTrial ? this.#limitTrial(era) : () => {};
    try {
      const result = await operation();
      if (era === this.#era) this.#answered();
      return result;
    } catch (error) {
      if (era === this.#era) {
        if (this.#saysDown(error)) this.#failed(onTrial);
        else this.#answered();
      }
      throw error;
    } finally {
      cancelLimit();
    }
  }

  #saysDown(error: unknown): boolean {
    try {
      return this.#isFailure(error);
    } catch (ofOurs) {
      this.#onError(ofOurs); // the caller gets the operation's own error all the same
      return true;
    }
  }

  #answered(): void {
    this.#failuresInARow = 0;
    this.#opossum.close();
  }

  #failed(onTrial: boolean): void {
    this.#failuresInARow++;
    if (onTrial || this.#failuresInARow >= this.#threshold) this.#opossum.open();
  }

  /** A trial that hangs must not leave the circuit half-open, refusing everybody, for ever. */
  #limitTrial(era: number): () => void {
    const timer = setTimeout(() => {
      if (era === this.#era) this.#opossum.open();
    }, this.#resetMs);
    timer.unref();
    return () => clearTimeout(timer);
  }
}
