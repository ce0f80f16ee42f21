import { abortable, withTimeout } from '../core/abort.ts';
import type { Random } from '../core/backoff.ts';
import { checkMethods, checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import { checkWhole } from './arguments.ts';
import { checkIsolationLevel, type IsolationLevel } from './isolation-level.ts';
import type { MVCCController } from './mvcc-controller.ts';
import { type RetryOptions, retryConflicts } from './retry-conflicts.ts';
import { GuardedTransaction, type StateTransaction } from './state-transaction.ts';
import { Turns } from './turns.ts';

/** One step of a transaction. */
export interface TransactionOperation<R = void, S = JsonValue> {
  /**
   * Reads and writes through `transaction` alone: what it does elsewhere is not undone by a rollback. The end of the transaction
   * is the manager's.
   */
  execute(transaction: StateTransaction<S>): Promise<R>;
}

/** What the manager works with. */
export interface TransactionManagerOptions<S = JsonValue> {
  readonly mvcc: MVCCController<S>;
  readonly clock?: Clock;
  /** Chance for the jitter of retries. */
  readonly random?: Random;
}

/** How a transaction is run. */
export interface ExecuteOptions {
  /** Runs all operations again, in a new transaction, after a conflict. Default: a conflict is final. */
  readonly retry?: RetryOptions;
  /** Gives up after so many ms, retries included. Default: no limit. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs operations as one transaction. */
export class TransactionManager<S = JsonValue> {
  readonly #mvcc: MVCCController<S>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #turns: Turns;

  constructor(options: TransactionManagerOptions<S>) {
    checkObject(options);
    const { mvcc, clock = systemClock, random = Math.random } = options;
    checkMethods(mvcc, 'options.mvcc', 'an MVCCController', 'begin');
    this.#mvcc = mvcc;
    this.#clock = clock;
    this.#random = random;
    this.#turns = new Turns(clock);
  }

  /**
   * Runs the operations one after the other and commits what they wrote, all or nothing (MV6).
   *
   * If one fails, nothing of what they wrote was ever visible (MV7), and its error is thrown.
   *
   * @param isolationLevel - Default `serializable`.
   * @returns The results in the order of the operations.
   * @throws {@link ConcurrencyConflictError} if the transaction lost against another, after the last retry.
   * @throws {@link TimeoutError} after `timeoutMs`, and the signal's reason once it aborts: at once, whatever is being waited
   * for. Only if the commit was under way can it have taken effect.
   */
  async executeInTransaction<R>(
    operations: readonly TransactionOperation<R, S>[],
    isolationLevel: IsolationLevel = 'serializable',
    options: ExecuteOptions = {},
  ): Promise<R[]> {
    const { retry = { maxAttempts: 1 }, timeoutMs, signal } = options;
    checkOperations(operations);
    checkIsolationLevel(isolationLevel);
    const run = (within: AbortSignal | undefined) =>
      retryConflicts((approach) => this.#once(operations, approach, { isolationLevel, signal: within }), {
        ...retry,
        clock: this.#clock,
        random: this.#random,
        turns: this.#turns,
        signal: within,
      });
    if (timeoutMs === undefined) return abortable(run(signal), signal);
    checkWhole(timeoutMs, 1, 'options.timeoutMs');
    return withTimeout('the transaction', timeoutMs, run, { clock: this.#clock, signal });
  }

  async #once<R>(
    operations: readonly TransactionOperation<R, S>[],
    approach: (aggregateId: string) => Promise<void>,
    options: { readonly isolationLevel: IsolationLevel; readonly signal: AbortSignal | undefined },
  ): Promise<R[]> {
    const transaction = this.#mvcc.begin(options);
    const guarded = new GuardedTransaction(transaction, approach);
    try {
      const results: R[] = [];
      for (const operation of operations) {
        options.signal?.throwIfAborted();
        results.push(await operation.execute(guarded));
      }
      await transaction.commit();
      return results;
    } finally {
      await transaction.rollback();
    }
  }
}

function checkOperations(operations: unknown): void {
  const isOperation = (each: Partial<TransactionOperation> | undefined) => typeof each?.execute === 'function';
  if (Array.isArray(operations) && operations.every(isOperation)) return;
  throw new InvalidArgumentError('operations', 'an array of objects that have execute()', operations);
}
