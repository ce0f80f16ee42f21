import { messageOf, StorageError } from '../../core/errors.ts';
import { KeyedQueue } from '../../core/keyed-queue.ts';
import { deadlockError } from './pg-deadlock.ts';
import { lockKey } from './pg-lock-key.ts';
import { lockNote } from './pg-lock-note.ts';
import type { PgPool, PgPoolClient } from './pg-queryable.ts';

/** What one statement locks. */
export interface PgLocking {
  /** In the order in which they are locked. */
  readonly aggregateIds: readonly string[];
  readonly mode: 'exclusive' | 'shared';
  /** How long the server may take from now on. */
  remainingMs(): number;
  readonly signal: AbortSignal | undefined;
}

const lostLocks = 'the connection that held these locks is lost, and the locks with it: release them and begin again';

/** What the server takes; the limit itself is the caller's. */
const maxStatementTimeoutMs = 2 ** 31 - 1;

/** The connection of one owner of locks, in a transaction that is open for as long as he holds any. */
export class PgLockSession {
  readonly #pool: PgPool;
  readonly #owner: string;
  readonly #namespace: string;
  /** One statement at a time, for what is cancelled is whatever runs. */
  readonly #queue = new KeyedQueue();
  readonly #names = new Map<string, string>();
  #client: PgPoolClient | undefined;
  #pid = 0;
  #lost: Error | undefined;
  #hasSavepoint = false;
  readonly #broken = (error: unknown) => {
    this.#lost ??= error instanceof Error ? error : new Error(messageOf(error));
  };

  /** How many calls hold locks on it, or wait for some. */
  users = 0;

  constructor(pool: PgPool, owner: string, namespace: string) {
    this.#pool = pool;
    this.#owner = owner;
    this.#namespace = namespace;
  }

  /** Locks all of them, or none: what was locked before stays so. Rejects with the driver's error, and after an abort. */
  lock(locking: PgLocking): Promise<void> {
    return this.#queue.run('', async () => {
      locking.signal?.throwIfAborted();
      const client = this.#client ?? (await this.#open());
      if (this.#lost) throw new StorageError('lock aggregates', lostLocks, { cause: this.#lost });
      for (const id of locking.aggregateIds) this.#names.set(lockKey(this.#namespace, id), id);
      locking.signal?.throwIfAborted();
      try {
        await this.#cancellable(client.query(this.#statement(locking)), locking.signal);
        this.#hasSavepoint = true;
        locking.signal?.throwIfAborted();
      } catch (error) {
        this.#hasSavepoint = true;
        await this.#attempt(client, 'rollback to savepoint locks');
        const victim = { owner: this.#owner, pid: this.#pid, namespace: this.#namespace, names: this.#names };
        throw (await deadlockError(error, client, victim)) ?? error;
      }
    });
  }

  /** Gives the connection back, and with it all locks. Never rejects. */
  end(): Promise<void> {
    return this.#queue.run('', async () => {
      const client = this.#client;
      if (!client) return;
      await this.#attempt(client, 'rollback');
      client.off?.('error', this.#broken);
      client.release(this.#lost);
    });
  }

  async #open(): Promise<PgPoolClient> {
    const client = await this.#pool.connect();
    this.#client = client;
    client.on?.('error', this.#broken);
    try {
      await client.query('begin isolation level read committed read only');
      const { rows } = await client.query('select pg_backend_pid() as pid');
      this.#pid = (rows[0] as { pid: number }).pid;
      return client;
    } catch (error) {
      this.#broken(error);
      throw error;
    }
  }

  #statement({ aggregateIds, mode, remainingMs }: PgLocking): string {
    const lock = mode === 'exclusive' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
    const calls = aggregateIds.map((id) => `${lock}(${lockKey(this.#namespace, id)})`);
    return [
      `${lockNote({ owner: this.#owner, aggregateIds })}${this.#hasSavepoint ? 'release savepoint locks' : ''}`,
      'savepoint locks',
      `set local statement_timeout = ${Math.min(Math.max(1, Math.ceil(remainingMs())), maxStatementTimeoutMs)}`,
      `select ${calls.join(', ')}`,
    ].join('; ');
  }

  /** A statement's outcome; an abort has the server end it, over another connection. */
  async #cancellable(statement: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
    let isRunning = true;
    let cancelling: Promise<unknown> | undefined;
    const cancel = async () => {
      const other = await this.#pool.connect();
      // Whatever runs on that connection later is none of ours.
      if (isRunning) cancelling = other.query('select pg_cancel_backend($1)', [this.#pid]);
      await cancelling?.catch(() => {});
      other.release();
    };
    // Where it can't be cancelled it ends by its own timeout.
    const onAbort = () => void cancel().catch(() => {});
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await statement;
    } finally {
      isRunning = false;
      signal?.removeEventListener('abort', onAbort);
      await cancelling?.catch(() => {});
    }
  }

  /** What can't fail on a connection that lives. */
  async #attempt(client: PgPoolClient, statement: string): Promise<void> {
    try {
      await client.query(statement);
    } catch (error) {
      this.#broken(error);
    }
  }
}
