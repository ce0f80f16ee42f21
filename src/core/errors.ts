import type { ExpectedVersion } from './expected-version.ts';

const brand: unique symbol = Symbol.for('@zyflow/migration/error') as never;

/**
 * Base of every error this library throws.
 *
 * `code` is stable across versions; `cause` is the error underneath, where there is one. The message says what was
 * expected, what was found and what to do.
 */
export abstract class MigrationError extends Error {
  readonly [brand] = true;
  /** A stable, upper-case name of the failure, for programs. */
  abstract readonly code: string;
}

/**
 * Tells whether a value is an error of this library, optionally one with this code.
 *
 * Holds across two copies of the library in one process (two versions, ESM beside CJS), where `instanceof` does not.
 */
export function isMigrationError(value: unknown, code?: string): value is MigrationError {
  return value instanceof Error && brand in value && (code === undefined || (value as MigrationError).code === code);
}

/** A write expected another version than the one found: read again, then decide and retry. */
export class ConcurrencyConflictError extends MigrationError {
  override readonly name = 'ConcurrencyConflictError';
  readonly code = 'CONCURRENCY_CONFLICT';
  /** The stream or aggregate that moved on. */
  readonly aggregateId: string;
  readonly expectedVersion: ExpectedVersion;
  /** The version found; 0 when it does not exist. */
  readonly actualVersion: number;

  constructor(
    fields: { aggregateId: string; expectedVersion: ExpectedVersion; actualVersion: number; detail?: string },
    options?: ErrorOptions,
  ) {
    const detail = fields.detail === undefined ? '' : ` (${fields.detail})`;
    super(
      `"${fields.aggregateId}" is at version ${fields.actualVersion}, expected ${fields.expectedVersion}${detail}: read it again and retry`,
      options,
    );
    this.aggregateId = fields.aggregateId;
    this.expectedVersion = fields.expectedVersion;
    this.actualVersion = fields.actualVersion;
  }
}

/** An argument is of the wrong kind. Nothing was changed. */
export class InvalidArgumentError extends MigrationError {
  override readonly name = 'InvalidArgumentError';
  readonly code = 'INVALID_ARGUMENT';
  /** Which argument or field, as a path such as `options.limit` or `events[2].data`. */
  readonly argument: string;
  readonly expected: string;

  constructor(argument: string, expected: string, received: unknown, options?: ErrorOptions) {
    super(`${argument}: expected ${expected}, got ${describe(received)}`, options);
    this.argument = argument;
    this.expected = expected;
  }
}

/** The object was closed before the call: make a new one. */
export class ClosedError extends MigrationError {
  override readonly name = 'ClosedError';
  readonly code = 'CLOSED';

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is closed: make a new one`, options);
  }
}

/** An operation did not finish in the time it was given. Whether it took effect is unknown to the caller. */
export class TimeoutError extends MigrationError {
  override readonly name = 'TimeoutError';
  readonly code = 'TIMEOUT';
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number, options?: ErrorOptions) {
    super(`${what} did not finish within ${timeoutMs} ms`, options);
    this.timeoutMs = timeoutMs;
  }
}

/** The storage underneath failed. `cause` is the driver's own error. */
export class StorageError extends MigrationError {
  override readonly name = 'StorageError';
  readonly code = 'STORAGE_FAILED';
  /** What was being done, such as `append events`. */
  readonly operation: string;

  constructor(operation: string, advice: string, options?: ErrorOptions) {
    const { cause } = options ?? {};
    // Node tells of several failed addresses without a message.
    const reason =
      cause instanceof Error ? `: ${cause.message || (cause as { code?: unknown }).code || cause.name}` : '';
    super(`could not ${operation}${reason}; ${advice}`, options);
    this.operation = operation;
  }
}

/** The storage takes no writes here, as a standby. Nothing was written: use the primary. `cause` is the driver's error. */
export class ReadOnlyStorageError extends MigrationError {
  override readonly name = 'ReadOnlyStorageError';
  readonly code = 'STORAGE_READ_ONLY';
  /** What was being done, such as `save a checkpoint`. */
  readonly operation: string;

  constructor(operation: string, options?: ErrorOptions) {
    super(`could not ${operation}: the storage is read-only here, a standby perhaps; use the primary`, options);
    this.operation = operation;
  }
}

/**
 * This is a standby, and how far the order of events is decided was never written down on the primary: let a process
 * there do so (`publishHorizon` of the PostgreSQL adapter), or read all events on the primary.
 */
export class HorizonUnknownError extends MigrationError {
  override readonly name = 'HorizonUnknownError';
  readonly code = 'HORIZON_UNKNOWN';

  constructor(options?: ErrorOptions) {
    super(
      'could not read all events on this standby: how far their order is decided was never written down on the primary; give an adapter there publishHorizon: true, or read them there',
      options,
    );
  }
}

/**
 * The connection was lost before the storage answered, and trying again did not settle it: the events are stored, or
 * not, as a whole. Append the same events with the same ids again: that settles it, and stores nothing twice.
 */
export class AppendInDoubtError extends MigrationError {
  override readonly name = 'AppendInDoubtError';
  readonly code = 'APPEND_IN_DOUBT';
  readonly eventIds: readonly string[];

  constructor(fields: { eventIds: readonly string[] }, options?: ErrorOptions) {
    const reason = options?.cause instanceof Error ? ` (${options.cause.message})` : '';
    super(
      `whether ${fields.eventIds.length} event${fields.eventIds.length === 1 ? ' is' : 's are'} stored is unknown${reason}: append the same events with the same ids again, which stores nothing twice`,
      options,
    );
    this.eventIds = Object.freeze([...fields.eventIds]);
  }
}

/** What a failed storage operation is thrown as: an error of this library as it is, a driver's error as the cause. */
export function storageError(operation: string, advice: string, cause: unknown): MigrationError {
  return isMigrationError(cause) ? cause : new StorageError(operation, advice, { cause });
}

/** The words of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A short form of any value for messages: never throws, never longer than some 80 characters. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'an invalid Date';
  if (typeof value === 'object' && value !== null) return `an object of ${value.constructor?.name ?? 'no class'}`;
  return String(value);
}

/**
 * What a snapshot sees was removed meanwhile, or the snapshot was ended because it stayed open too long. Begin again; if it
 * happens often, keep versions longer.
 */
export class SnapshotTooOldError extends MigrationError {
  override readonly name = 'SnapshotTooOldError';
  readonly code = 'SNAPSHOT_TOO_OLD';
  /** Whose version is gone; nothing where the snapshot itself was ended. */
  readonly aggregateId: string | undefined;

  constructor(aggregateId?: string) {
    super(
      aggregateId === undefined
        ? 'the snapshot was open for too long and was ended: begin again'
        : `what the snapshot sees of "${aggregateId}" was removed: begin again, or keep versions longer`,
    );
    this.aggregateId = aggregateId;
  }
}

/**
 * The connection was lost before the storage answered a commit: it took effect as a whole, or not at all. Read the
 * aggregates to learn which, before you commit again.
 */
export class CommitInDoubtError extends MigrationError {
  override readonly name = 'CommitInDoubtError';
  readonly code = 'COMMIT_IN_DOUBT';
  /** What was to be written; with the version it became, if it did and that was checked. */
  readonly writes: readonly { readonly aggregateId: string; readonly version: number | undefined }[];

  constructor(fields: Pick<CommitInDoubtError, 'writes'>, options?: ErrorOptions) {
    const reason = options?.cause instanceof Error ? ` (${options.cause.message})` : '';
    const names = fields.writes.slice(0, 5).map(({ aggregateId, version }) => {
      return version === undefined ? `"${aggregateId}"` : `version ${version} of "${aggregateId}"`;
    });
    const more = fields.writes.length > names.length ? ` and ${fields.writes.length - names.length} more` : '';
    super(
      `whether a commit took effect is unknown${reason}: read ${names.join(', ')}${more} before you commit again`,
      options,
    );
    this.writes = Object.freeze([...fields.writes]);
  }
}
