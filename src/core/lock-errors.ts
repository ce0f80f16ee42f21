import { MigrationError } from './errors.ts';

/** An owner, and the aggregate that he waits for. */
export interface LockWait {
  /** As the owner calls himself. */
  readonly owner: string;
  readonly aggregateId: string;
}

/** A lock was not free in time. Nothing was locked by the call; what its owner held he still holds: release it, try again later. */
export class LockTimeoutError extends MigrationError {
  override readonly name = 'LockTimeoutError';
  readonly code = 'LOCK_TIMEOUT';
  readonly owner: string;
  /** One of these was held by another owner all the time. */
  readonly aggregateIds: readonly string[];
  readonly timeoutMs: number;

  constructor(fields: { owner: string; aggregateIds: readonly string[]; timeoutMs: number }, options?: ErrorOptions) {
    const { owner, aggregateIds, timeoutMs } = fields;
    super(`"${owner}" waited ${timeoutMs} ms for the lock of ${quoted(aggregateIds)}: try again later`, options);
    this.owner = owner;
    this.aggregateIds = Object.freeze([...aggregateIds]);
    this.timeoutMs = timeoutMs;
  }
}

/**
 * Owners wait for each other in a ring: whoever closed it gets this. What he held he still holds: release all of it, so that
 * the others go on, then try again.
 */
export class DeadlockError extends MigrationError {
  override readonly name = 'DeadlockError';
  readonly code = 'DEADLOCK';
  /** Each waits for an aggregate that the next one holds or comes before him for; the last one for the first. */
  readonly cycle: readonly LockWait[];

  constructor(cycle: readonly LockWait[], options?: ErrorOptions) {
    const ring = cycle.map(({ owner, aggregateId }) => `"${owner}" waits for "${aggregateId}"`).join(', ');
    super(`deadlock: ${ring}, which the first holds: release what you hold, and try again`, options);
    this.cycle = Object.freeze(cycle.map((wait) => Object.freeze({ ...wait })));
  }
}

function quoted(names: readonly string[]): string {
  const first = names.slice(0, 5).map((name) => `"${name}"`);
  return names.length > 5 ? `${first.join(', ')} or ${names.length - 5} others` : first.join(' or ');
}
