import type { JsonValue } from '../core/json-value.ts';
import type { LockScope } from './lock-scope.ts';
import type { ScanOptions, Transaction } from './transaction.ts';

/** What may be done in a transaction that somebody else begins and ends. */
export type StateTransaction<S = JsonValue> = Omit<
  Transaction<S>,
  'commit' | 'prepare' | 'rollback' | 'end' | typeof Symbol.asyncDispose
>;

/**
 * A transaction that locks each aggregate before it reads or writes it. What it reads it locks for itself alone, as
 * `select … for update` does: two that read and then write would wait for each other for ever. What it scans it does not
 * lock.
 */
export class LockedTransaction<S = JsonValue> implements StateTransaction<S> {
  readonly #transaction: Transaction<S>;
  readonly #scope: LockScope;

  constructor(transaction: Transaction<S>, scope: LockScope) {
    this.#transaction = transaction;
    this.#scope = scope;
  }

  get isolationLevel() {
    return this.#transaction.isolationLevel;
  }

  get readOnly() {
    return this.#transaction.readOnly;
  }

  snapshot() {
    return this.#transaction.snapshot();
  }

  async read(aggregateId: string) {
    await this.#scope.lock(aggregateId);
    return this.#transaction.read(aggregateId);
  }

  async write(aggregateId: string, state: S) {
    await this.#scope.lock(aggregateId);
    return this.#transaction.write(aggregateId, state);
  }

  async delete(aggregateId: string) {
    await this.#scope.lock(aggregateId);
    return this.#transaction.delete(aggregateId);
  }

  scan(prefix: string, options?: ScanOptions) {
    return this.#transaction.scan(prefix, options);
  }

  updateWhere(...[prefix, change]: Parameters<Transaction<S>['updateWhere']>) {
    return this.#transaction.updateWhere(prefix, change);
  }

  deleteWhere(...[prefix, predicate]: Parameters<Transaction<S>['deleteWhere']>) {
    return this.#transaction.deleteWhere(prefix, predicate);
  }

  savepoint() {
    return this.#transaction.savepoint();
  }
}
