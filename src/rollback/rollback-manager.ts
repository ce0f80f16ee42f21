import { checkMethods } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { KeyedQueue } from '../core/keyed-queue.ts';
import { RollbackFailedError, SystemInvalidError } from './errors.ts';
import type { RollbackContext, RollbackResult, RollbackStrategy } from './rollback-strategy.ts';
import type { SystemValidator } from './system-validator.ts';

/**
 * Undoes stages of a migration, one rollback at a time.
 *
 * The state is captured before and checked after; a rollback that fails, or leaves the system invalid, is recovered
 * and reported with both errors (RB1).
 */
export class RollbackManager<State = unknown> {
  readonly #strategies: ReadonlyMap<number, RollbackStrategy<State>>;
  readonly #validator: SystemValidator<State>;
  readonly #queue = new KeyedQueue();

  /** @param strategies - How each stage is undone, by its number. */
  constructor(strategies: ReadonlyMap<number, RollbackStrategy<State>>, systemValidator: SystemValidator<State>) {
    checkMethods(strategies, 'strategies', 'a Map', 'get', 'entries');
    checkMethods(systemValidator, 'systemValidator', 'a SystemValidator', 'captureState', 'validate');
    this.#strategies = new Map(strategies);
    this.#validator = systemValidator;
  }

  /**
   * Undoes one stage; a call while another rollback runs waits for it.
   *
   * @throws {@link InvalidArgumentError} if there is no strategy for the stage; nothing was changed.
   * @throws {@link RollbackFailedError} if it failed: `recovered` says whether the state before it is back.
   */
  async executeRollback(stage: number, options: { readonly signal?: AbortSignal } = {}): Promise<RollbackResult> {
    const strategy = this.#strategies.get(stage);
    if (!strategy) {
      const known = [...this.#strategies.keys()].join(', ') || 'there is none';
      throw new InvalidArgumentError(`stage ${stage}`, `a stage with a rollback strategy (${known})`, stage);
    }
    return this.#queue.run('rollback', async () => {
      options.signal?.throwIfAborted();
      const capturedState = await this.#validator.captureState(options);
      const context = { stage, capturedState, signal: options.signal };
      try {
        const result = await strategy.execute(context);
        await this.#assertValid(context, `rolling back stage ${stage}`);
        return result;
      } catch (error) {
        throw await this.#recover(strategy, context, error);
      }
    });
  }

  async #recover(
    strategy: RollbackStrategy<State>,
    context: RollbackContext<State>,
    cause: unknown,
  ): Promise<RollbackFailedError> {
    const { stage } = context;
    // Recovery is not cut short by the caller's signal: half a recovery is worse than a late answer.
    const unhurried = { stage, capturedState: context.capturedState };
    try {
      await strategy.recover(unhurried, cause);
      await this.#assertValid(unhurried, `recovering from the failed rollback of stage ${stage}`);
      return new RollbackFailedError({ stage, cause, recovered: true });
    } catch (recoveryError) {
      return new RollbackFailedError({ stage, cause, recovered: false, recoveryError });
    }
  }

  async #assertValid(context: RollbackContext<State>, when: string): Promise<void> {
    const { isValid, errors } = await this.#validator.validate(context.capturedState, { signal: context.signal });
    if (!isValid) throw new SystemInvalidError(when, errors);
  }
}
