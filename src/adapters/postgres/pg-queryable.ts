import { checkMethods } from '../../core/check-argument.ts';
import { StorageError } from '../../core/errors.ts';
import { KeyedQueue } from '../../core/keyed-queue.ts';

/** The rows that a statement gave. */
export interface PgResult {
  readonly rows: readonly unknown[];
  /** What the server says it did, where the client tells: `COMMIT` of a failed transaction answers `ROLLBACK`. */
  readonly command?: string;
}

/** The part of a PostgreSQL client that we need: a subset of what pg.Pool, pg.Client and PGlite have. */
export interface PgQueryable {
  query(text: string, values?: unknown[]): Promise<PgResult>;
}

/** A connection of a pool, for as long as it is taken out. */
export interface PgPoolClient extends PgQueryable {
  release(error?: Error | boolean): void;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  off?(event: 'error', listener: (error: Error) => void): unknown;
}

/** A pool: each query may run on another connection, and a transaction takes one for itself. Met by pg.Pool. */
export interface PgPool extends PgQueryable {
  connect(): Promise<PgPoolClient>;
  /** How many connections it has: what tells a pool from a single client. */
  readonly totalCount: number;
}

/** A single connection that keeps its own transactions apart. Met by PGlite. */
export interface PgTransactional extends PgQueryable {
  transaction<T>(work: (transaction: PgQueryable) => Promise<T>): Promise<T>;
}

/**
 * Your own client, by its shape: pg.Pool, pg.Client or PGlite. It stays yours: nothing here ends it.
 *
 * A single pg.Client must not have a transaction of yours open while the library uses it.
 */
export type PgDatabase = PgPool | PgTransactional | PgQueryable;

/** @throws {@link InvalidArgumentError} for what is no client, such as a URL or the options of one. */
export function checkClient<D extends PgDatabase>(db: D): D {
  checkMethods(db, 'db', 'a pg.Pool, pg.Client or PGlite', 'query');
  return db;
}

/** Runs a statement, which is named for errors, and gives its rows. */
export type NamedQuery = <R>(operation: string, text: string, values: unknown[]) => Promise<readonly R[]>;

/** Statements on one connection, inside a transaction whose end names the error. */
export function rowsOn(connection: PgQueryable): NamedQuery {
  return async <R>(_: string, text: string, values: unknown[]) =>
    (await connection.query(text, values)).rows as readonly R[];
}

// A single client carries one transaction at a time, whichever adapter asks. Its queue is found by the client itself.
const queues = new WeakMap<object, KeyedQueue>();

/**
 * Runs one statement. On a single client it waits for the open {@link withTransaction} to end: inside, it would be
 * undone by somebody else's rollback.
 */
export function query(db: PgDatabase, text: string, values?: unknown[]): Promise<PgResult> {
  if (isPool(db) || isTransactional(db)) return db.query(text, values);
  return inTurn(db, () => db.query(text, values));
}

/**
 * Runs `work` in a transaction of its own, on one connection: committed once its promise resolves, rolled back if it
 * rejects. Works alike for pg.Pool, pg.Client and PGlite; on the latter two, transactions wait for each other.
 *
 * Inside `work` use only the connection it is given. Before the outcome is known nothing of it is visible outside.
 */
export async function withTransaction<T>(db: PgDatabase, work: (connection: PgQueryable) => Promise<T>): Promise<T> {
  if (isTransactional(db)) return db.transaction(work);
  return withConnection(db, (connection, onBroken) => transact(connection, work, 'COMMIT', onBroken));
}

/** As {@link withTransaction}, but leaves the transaction prepared under this id: it is to be committed, or rolled back, by that. */
export function withPreparedTransaction<T>(
  db: PgPool | PgQueryable,
  literal: string,
  work: (connection: PgQueryable) => Promise<T>,
): Promise<T> {
  const end = `PREPARE TRANSACTION ${literal}`;
  return withConnection(db, (connection, onBroken) => transact(connection, work, end, onBroken));
}

/** Runs `work` on one connection, which nobody else uses meanwhile. */
async function withConnection<T>(
  db: PgPool | PgQueryable,
  work: (connection: PgQueryable, onBroken: (error: Error) => void) => Promise<T>,
): Promise<T> {
  if (!isPool(db)) return inTurn(db, () => work(db, () => {}));
  const client = await db.connect();
  let broken: Error | undefined;
  const onBroken = (error: Error) => {
    broken ??= error;
  };
  // While it is taken out the pool does not listen: a connection that is lost between two statements would be an
  // uncaught exception. The next statement tells of it.
  client.on?.('error', onBroken);
  try {
    return await work(client, onBroken);
  } finally {
    client.off?.('error', onBroken);
    // A connection in an unknown state never goes back to the pool.
    client.release(broken);
  }
}

async function transact<T>(
  connection: PgQueryable,
  work: (connection: PgQueryable) => Promise<T>,
  end: string,
  onBroken: (error: Error) => void,
): Promise<T> {
  try {
    await connection.query('BEGIN');
    const result = await work(connection);
    const { command } = await connection.query(end);
    if (command === 'ROLLBACK') {
      throw new StorageError(
        end.split(' ')[0]!.toLowerCase(),
        'a statement of the transaction had failed, and nothing of it was written',
      );
    }
    return result;
  } catch (error) {
    try {
      await connection.query('ROLLBACK');
    } catch (rollbackError) {
      // The connection is gone, and the server rolls back by itself. What the caller needs is the first error.
      onBroken(rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError)));
    }
    throw error;
  }
}

/** Whether queries may run on several connections at a time. */
export function isPool(db: PgDatabase): db is PgPool {
  return 'totalCount' in db && 'connect' in db;
}

export function isTransactional(db: PgDatabase): db is PgTransactional {
  return 'transaction' in db && typeof db.transaction === 'function';
}

function inTurn<T>(db: object, work: () => Promise<T>): Promise<T> {
  const queue = queues.get(db) ?? new KeyedQueue();
  queues.set(db, queue);
  return queue.run('', work);
}
