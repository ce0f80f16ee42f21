import { ConcurrencyConflictError, MigrationError, SnapshotTooOldError } from '../core/errors.ts';

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

/** Whether the same transaction, begun again, may well succeed. */
export function isWorthRetrying(error: unknown): boolean {
  return (
    error instanceof ConcurrencyConflictError ||
    error instanceof SnapshotTooOldError ||
    error instanceof PreparedConflictError
  );
}

/** The savepoint was released, or an earlier one was rolled back or released: make a new one. Nothing was undone. */
export class SavepointEndedError extends MigrationError {
  override readonly name = 'SavepointEndedError';
  readonly code = 'SAVEPOINT_ENDED';

  constructor() {
    super('the savepoint is gone, by itself or with an earlier one: make a new one');
  }
}

/** There is no such version of the aggregate, or not any more, or it deletes and has no state to work with. */
export class VersionNotFoundError extends MigrationError {
  override readonly name = 'VersionNotFoundError';
  readonly code = 'VERSION_NOT_FOUND';
  readonly aggregateId: string;
  readonly version: number;

  constructor(aggregateId: string, version: number) {
    super(`"${aggregateId}" has no state at version ${version}: choose one of its history`);
    this.aggregateId = aggregateId;
    this.version = version;
  }
}

/** The state read is not the one written: it was changed in the storage. Restore it from a backup, or write a new version. */
export class VersionCorruptedError extends MigrationError {
  override readonly name = 'VersionCorruptedError';
  readonly code = 'VERSION_CORRUPTED';
  readonly aggregateId: string;
  readonly version: number;

  constructor({ aggregateId, version }: { aggregateId: string; version: number }, options?: ErrorOptions) {
    super(`version ${version} of "${aggregateId}" is not what was written: restore it, or write a new one`, options);
    this.aggregateId = aggregateId;
    this.version = version;
  }
}

/** A JSON Patch can't be applied. Nothing was changed. */
export class JsonPatchError extends MigrationError {
  override readonly name = 'JsonPatchError';
  readonly code = 'JSON_PATCH_FAILED';
  /** Which operation of the patch, from 0 on. */
  readonly index: number;
  readonly reason: 'invalid operation' | 'path not found' | 'test failed';

  constructor(index: number, reason: JsonPatchError['reason'], detail: string) {
    super(`operation ${index} of the patch: ${reason}: ${detail}`);
    this.index = index;
    this.reason = reason;
  }
}

/** The storage has no two-phase commit: use one whose `VersionStore` has `prepare`. Nothing was written. */
export class TwoPhaseUnsupportedError extends MigrationError {
  override readonly name = 'TwoPhaseUnsupportedError';
  readonly code = 'TWO_PHASE_UNSUPPORTED';

  constructor() {
    super('this VersionStore has no two-phase commit: use one that has prepare, decide and prepared');
  }
}
