import type { JsonValue } from '../core/json-value.ts';
import type { ScanOptions, Transaction } from './transaction.ts';

/** What may be done in a transaction that somebody else begins and ends. */
export type StateTransaction<S = JsonValue> = Omit<
  Transaction<S>,
  'commit' | 'prepare' | 'rollback' | 'end' | typeof Symbol.asyncDispose
>;

/** A transaction that asks before it reads or writes an aggregate; not before it scans. */
export class GuardedTransaction<S = JsonValue> implements StateTransaction<S> {
  readonly #transaction: Transaction<S>;
  readonly #ask: (aggregateId: string) => Promise<void>;

  constructor(transaction: Transaction<S>, ask: (aggregateId: string) => Promise<void>) {
    this.#transaction = transaction;
    this.#ask = ask;
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
    await this.#ask(aggregateId);
    return this.#transaction.read(aggregateId);
  }

  async write(aggregateId: string, state: S) {
    await this.#ask(aggregateId);
    return this.#transaction.write(aggregateId, state);
  }

  async delete(aggregateId: string) {
    await this.#ask(aggregateId);
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
