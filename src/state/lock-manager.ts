/** `exclusive`: nobody else holds it; `shared`: others may, shared. */
export type LockMode = 'exclusive' | 'shared';

/** How locks are asked for. */
export interface LockOptions {
  /** Who asks: a transaction, say. Never waits for himself. Within one manager, each owner has a name of his own. */
  readonly owner: string;
  /** Default `exclusive`. Whoever holds a lock shared may ask for it exclusively, before those that wait. */
  readonly mode?: LockMode | undefined;
  /** How long to wait in all. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Gives back what one call has locked, at the latest when its owner has given back all; again does nothing. Never rejects. */
export type ReleaseLocks = () => Promise<void>;

/**
 * Locks on aggregates, for those who would rather wait for each other than try again.
 *
 * They order work, they don't guard it: whoever takes no lock is not kept out, and a lock that lives on a connection is
 * lost with it. So what is written under a lock is written on condition still, as {@link StateManager} does.
 *
 * `lockManagerConformance` of `@zyflow/migration/testing` tells whether an implementation is right.
 */
export interface LockManager {
  /**
   * Locks all of these aggregates, or none: in the order of their ids, so that calls of this kind alone never wait in a ring.
   * Who asked for a lock first gets it first, whichever mode he asks for.
   *
   * @throws {@link LockTimeoutError} if one of them was not free in time.
   * @throws {@link DeadlockError} if waiting would never end, as others wait for this owner: he has to give way.
   * @throws The signal's reason, once it aborts.
   */
  acquire(aggregateIds: readonly string[], options: LockOptions): Promise<ReleaseLocks>;
}
