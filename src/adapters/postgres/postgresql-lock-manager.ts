import { abortable } from '../../core/abort.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { InvalidArgumentError, storageError } from '../../core/errors.ts';
import { LockTimeoutError } from '../../core/lock-errors.ts';
import { type LockRequest, lockRequest } from '../../core/lock-request.ts';
import type { LockManager, LockOptions, ReleaseLocks } from '../../state/lock-manager.ts';
import { PgLockSession } from './pg-lock-session.ts';
import { isPool, type PgPool } from './pg-queryable.ts';

/** Which locks these are. */
export interface PostgreSQLLockManagerOptions {
  /** Those who use the same name in the same database keep out of each other's way. Default `migration`. */
  readonly namespace?: string;
  readonly clock?: Clock;
}

/**
 * Locks across processes: advisory locks of PostgreSQL, in a transaction that each owner has open for as long as he holds
 * any. It holds no row and no snapshot, keeps no vacuum from its work, and passes through PgBouncer in transaction mode.
 *
 * Give it a pool of its own: every owner takes a connection, and those that wait would leave none to the one that works.
 * If a connection is lost the server gives its locks to others; what their owner asks for then is a `StorageError`.
 * Waiting in a ring is noticed by the server after its `deadlock_timeout`, one second by default.
 */
export class PostgreSQLLockManager implements LockManager {
  readonly #pool: PgPool;
  readonly #namespace: string;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, PgLockSession>();

  /** @throws {@link InvalidArgumentError} for what is no pool: one connection is one owner for PostgreSQL. */
  constructor(pool: PgPool, options: PostgreSQLLockManagerOptions = {}) {
    const { namespace = 'migration', clock = systemClock } = options;
    if (typeof pool?.query !== 'function' || !isPool(pool))
      throw new InvalidArgumentError('pool', 'a pool (pg.Pool), for each owner needs a connection', pool);
    this.#pool = pool;
    this.#namespace = namespace;
    this.#clock = clock;
  }

  async acquire(aggregateIds: readonly string[], options: LockOptions): Promise<ReleaseLocks> {
    const request = lockRequest(aggregateIds, options);
    const { owner, timeoutMs, signal } = request;
    signal?.throwIfAborted();
    const session = this.#sessionOf(owner);
    const release = this.#releaseOnce(owner, session);
    const deadline = this.#clock.now() + timeoutMs;
    const timeout = new AbortController();
    const late = () => timeout.abort(new LockTimeoutError(request));
    const cancelTimer = this.#clock.schedule(late, timeoutMs);
    try {
      const locking = session.lock({ ...request, remainingMs: () => deadline - this.#clock.now() });
      await abortable(abortable(locking, signal), timeout.signal);
      return release;
    } catch (error) {
      // Nobody waits for it: whoever gives up need not wait until the server has heard of it.
      void release();
      throw thrown(error, request);
    } finally {
      cancelTimer();
    }
  }

  #sessionOf(owner: string): PgLockSession {
    const session = this.#sessions.get(owner) ?? new PgLockSession(this.#pool, owner, this.#namespace);
    this.#sessions.set(owner, session);
    session.users++;
    return session;
  }

  #releaseOnce(owner: string, session: PgLockSession): ReleaseLocks {
    let isReleased = false;
    return async () => {
      if (isReleased) return;
      isReleased = true;
      if (--session.users > 0) return;
      this.#sessions.delete(owner);
      await session.end();
    };
  }
}

/** What the caller of a failed call gets: the driver's errors by their meaning. */
function thrown(error: unknown, request: LockRequest): unknown {
  if (request.signal?.aborted && error === request.signal.reason) return error;
  const { code } = error as { code?: unknown };
  // Cancelled by the timeout that was set for it, or by the server's own for locks.
  if (code === '57014' || code === '55P03') return new LockTimeoutError(request, { cause: error });
  return storageError('lock aggregates', 'release what this owner holds, and begin again', error);
}
