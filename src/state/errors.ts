import { MigrationError } from '../core/errors.ts';

/** The transaction was committed, rolled back or given up before the call: begin a new one. */
export class TransactionEndedError extends MigrationError {
  override readonly name = 'TransactionEndedError';
  readonly code = 'TRANSACTION_ENDED';

  constructor() {
    super('the transaction has ended: begin a new one');
  }
}

/** A read-only transaction was asked to write. Nothing was changed: begin one without `readOnly`. */
export class ReadOnlyTransactionError extends MigrationError {
  override readonly name = 'ReadOnlyTransactionError';
  readonly code = 'READ_ONLY_TRANSACTION';
  readonly aggregateId: string;

  constructor(aggregateId: string) {
    super(`"${aggregateId}" can't be written in a read-only transaction: begin one without readOnly`);
    this.aggregateId = aggregateId;
  }
}

/**
 * The transaction writes what a prepared one holds until that is decided. Nothing was written: try again after the
 * decision, or settle what a crash left undecided with `mvcc.prepared()` and `mvcc.decide()`.
 */
export class PreparedConflictError extends MigrationError {
  override readonly name = 'PreparedConflictError';
  readonly code = 'PREPARED_CONFLICT';
  readonly aggregateId: string;
  /** The id of the prepared transaction. */
  readonly preparedBy: string;

  constructor({ aggregateId, preparedBy }: { aggregateId: string; preparedBy: string }) {
    super(`"${aggregateId}" is held by the prepared transaction "${preparedBy}" until that is decided: try again then`);
    this.aggregateId = aggregateId;
    this.preparedBy = preparedBy;
  }
}
