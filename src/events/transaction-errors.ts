import { MigrationError } from '../core/errors.ts';

/** A call that can't wait, or must not within your transaction, came before the storage was initialized. */
export class NotInitializedError extends MigrationError {
  override readonly name = 'NotInitializedError';
  readonly code = 'NOT_INITIALIZED';
  /** What was called, such as `appendSync`. */
  readonly operation: string;

  constructor(operation: string, options?: ErrorOptions) {
    super(
      `${operation} needs a store that is initialized: await store.init() once, before your transaction begins`,
      options,
    );
    this.operation = operation;
  }
}

/** The adapter of the store can't do what was asked for. */
export class UnsupportedByAdapterError extends MigrationError {
  override readonly name = 'UnsupportedByAdapterError';
  readonly code = 'UNSUPPORTED_BY_ADAPTER';
  /** What was called, such as `withTransaction`. */
  readonly operation: string;

  constructor(operation: string, advice: string, options?: ErrorOptions) {
    super(`the adapter of this store has no ${operation}: ${advice}`, options);
    this.operation = operation;
  }
}

const remedies = {
  schema: 'use schemas that answer at once, or',
  encryption: 'use an encryption that answers at once, for instance one whose key is in memory already, or',
  chain: 'to a store with hashChain use',
};

/** A synchronous append met something that has to be waited for. Nothing was written. */
export class SynchronousAppendError extends MigrationError {
  override readonly name = 'SynchronousAppendError';
  readonly code = 'APPEND_CANNOT_WAIT';
  /** What has to be waited for. */
  readonly awaited: keyof typeof remedies;

  constructor(awaited: keyof typeof remedies, options?: ErrorOptions) {
    super(`a synchronous append can't wait for its ${awaited}: ${remedies[awaited]} append()`, options);
    this.awaited = awaited;
  }
}

/**
 * Events were to be stored in the same transaction as something else, which is in another database, or in one of which that
 * can't be told. Nothing was written: keep both in one database, or append the events afterwards.
 */
export class DifferentDatabaseError extends MigrationError {
  override readonly name = 'DifferentDatabaseError';
  readonly code = 'DIFFERENT_DATABASE';

  constructor(options?: ErrorOptions) {
    super(
      'the events are not kept in the database of this transaction, and could not be stored with it: use one database, and on SQLite one connection',
      options,
    );
  }
}
