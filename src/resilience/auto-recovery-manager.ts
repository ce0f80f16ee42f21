import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import { checkMethods, checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { InvalidArgumentError, messageOf } from '../core/errors.ts';
import type { HealthChecker } from './health-checker.ts';
import {
  type RecoveryAttempt,
  RecoveryResult,
  type RecoveryStrategy,
  type SystemFailure,
} from './recovery-strategy.ts';

/** Options of an {@link AutoRecoveryManager}. */
export interface AutoRecoveryManagerOptions {
  /** How often a strategy is tried before a person is asked. Default 3. */
  readonly maxAttempts?: number;
  /** How long to wait between tries. Default: from 100 ms to 10 s. */
  readonly backoff?: BackoffOptions;
  /** Told when a person must look, with the whole history. */
  readonly onEscalation?: (failure: SystemFailure, result: RecoveryResult) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Recovers components by the kind of their failure.
 *
 * - RC1: one recovery at a time for a component; who reports a failure meanwhile joins it.
 * - RC2: success is only said after the component's health check says so, or at least no longer says unhealthy.
 * - RC3: tries are bounded and backed off; after the last one a person is asked, with the whole history.
 */
export class AutoRecoveryManager {
  readonly #health: Pick<HealthChecker, 'has' | 'checkComponent'>;
  readonly #strategies: ReadonlyMap<string, RecoveryStrategy>;
  readonly #underWay = new Map<string, Promise<RecoveryResult>>();
  readonly #options: Required<Omit<AutoRecoveryManagerOptions, 'onEscalation'>>;
  readonly #onEscalation: (failure: SystemFailure, result: RecoveryResult) => void;
  readonly #closed = new AbortController();

  /**
   * @param strategies - By the failure's type.
   * @throws {@link InvalidArgumentError} if `maxAttempts` is no positive integer.
   */
  constructor(
    healthChecker: Pick<HealthChecker, 'has' | 'checkComponent'>,
    strategies: ReadonlyMap<string, RecoveryStrategy>,
    options: AutoRecoveryManagerOptions = {},
  ) {
    checkMethods(healthChecker, 'healthChecker', 'a HealthChecker', 'has', 'checkComponent');
    checkMethods(strategies, 'strategies', 'a Map', 'get', 'entries');
    checkObject(options);
    const { maxAttempts = 3, backoff = { initialMs: 100, maxMs: 10_000 } } = options;
    const { clock = systemClock, random = Math.random, onEscalation = () => {} } = options;
    if (!Number.isSafeInteger(maxAttempts) || maxAttempts < 1) {
      throw new InvalidArgumentError('maxAttempts', 'a positive integer', maxAttempts);
    }
    this.#health = healthChecker;
    this.#strategies = new Map(strategies);
    this.#options = { maxAttempts, backoff, clock, random };
    this.#onEscalation = onEscalation;
  }

  /** Recovers from the failure, or joins the recovery of its component that is under way. Rejects only after `close()`. */
  handleFailure(failure: SystemFailure): Promise<RecoveryResult> {
    const underWay = this.#underWay.get(failure.component);
    if (underWay) return underWay;
    const recovery = this.#recover(failure).finally(() => this.#underWay.delete(failure.component));
    this.#underWay.set(failure.component, recovery);
    return recovery;
  }

  /** Breaks off what is under way and waits for it. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.allSettled(this.#underWay.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #recover(failure: SystemFailure): Promise<RecoveryResult> {
    const { maxAttempts, backoff, clock, random } = this.#options;
    const { signal } = this.#closed;
    signal.throwIfAborted();
    const strategy = this.#strategies.get(failure.type);
    if (!strategy) {
      return this.#escalate(failure, `there is no strategy for failures of type "${failure.type}"`, []);
    }
    const attempts: RecoveryAttempt[] = [];
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      if (attempt > 1) await sleep(backoffDelay(attempt - 1, backoff, random), { clock, signal });
      const at = clock.now();
      const result = await this.#try(strategy, failure);
      attempts.push(Object.freeze({ at, success: result.success, detail: result.detail }));
      if (result.success) return RecoveryResult.recovered(result.detail, attempts);
      if (result.requiresManualIntervention) return this.#escalate(failure, result.detail, attempts);
    }
    return this.#escalate(failure, `${maxAttempts} tries did not help, the last: ${attempts.at(-1)!.detail}`, attempts);
  }

  async #try(strategy: RecoveryStrategy, failure: SystemFailure): Promise<RecoveryResult> {
    const { signal } = this.#closed;
    try {
      const result = await strategy.execute(failure, signal);
      if (!result.success) return result;
      if (!this.#health.has(failure.component)) {
        return RecoveryResult.manual(
          `${result.detail}, but ${failure.component} has no health check that could say so`,
        );
      }
      const { status, detail } = await this.#health.checkComponent(failure.component, { signal });
      if (status !== 'unhealthy') return result;
      return RecoveryResult.failed(`${result.detail}, but ${failure.component} is still unhealthy: ${detail ?? ''}`);
    } catch (error) {
      signal.throwIfAborted();
      return RecoveryResult.failed(messageOf(error));
    }
  }

  #escalate(failure: SystemFailure, detail: string, attempts: readonly RecoveryAttempt[]): RecoveryResult {
    const result = RecoveryResult.manual(detail, attempts);
    this.#onEscalation(failure, result);
    return result;
  }
}
