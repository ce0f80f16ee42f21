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
 * What the transaction's snapshot sees of this aggregate was removed meanwhile, by the vacuum or the retention of another
 * controller over the same store. Begin again; if it happens often, keep more versions there.
 */
export class SnapshotTooOldError extends MigrationError {
  override readonly name = 'SnapshotTooOldError';
  readonly code = 'SNAPSHOT_TOO_OLD';
  readonly aggregateId: string;

  constructor(aggregateId: string) {
    super(
      `what the snapshot sees of "${aggregateId}" was removed by another controller: begin again, or keep more versions there`,
    );
    this.aggregateId = aggregateId;
  }
}
