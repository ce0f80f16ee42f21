import { sleep } from '../../core/abort.ts';
import { backoffDelay } from '../../core/backoff.ts';
import { CallersError } from '../../core/callers-error.ts';
import { checkMethods } from '../../core/check-argument.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { StorageError, storageError } from '../../core/errors.ts';

/** A prepared statement, as better-sqlite3, libsql and node:sqlite have it. */
export interface SqliteStatement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

/**
 * The part of an embedded SQLite driver that we need; met by better-sqlite3, libsql and node:sqlite.
 *
 * Whoever opened the database sets its pragmas (`journal_mode = WAL` lets readers and the writer of several processes
 * work side by side) and closes it.
 */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

/** @throws {@link InvalidArgumentError} for what is no open database, such as the path of one. */
export function checkDatabase(db: SqliteDatabase): SqliteDatabase {
  checkMethods(db, 'db', 'an open database of better-sqlite3, libsql or node:sqlite', 'prepare', 'exec');
  return db;
}

/** How long to wait for another process that holds the file. */
export interface SqliteWaiting {
  /** Ms until giving up. Default 5000. The driver's own `timeout`, where set, blocks the event loop in each try. */
  readonly busyTimeoutMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` between `BEGIN IMMEDIATE` and `COMMIT`: all of it or nothing is written, and nobody else writes meanwhile.
 *
 * The whole is one synchronous section, so nothing else of this process gets between its statements. While another
 * process holds the file it waits without blocking the event loop, and runs `work` anew.
 *
 * @throws {@link StorageError} if the file stays busy, or if the caller's own transaction is open on this connection:
 * what is written inside it could be rolled back after it was acknowledged.
 */
export function writeTransaction<T>(db: SqliteDatabase, work: () => T, waiting: SqliteWaiting = {}): Promise<T> {
  return whileBusy(() => {
    begin(db);
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      undo(db, 'ROLLBACK', error);
      throw error;
    }
  }, waiting);
}

/**
 * Runs `work` inside the transaction that the caller has open on this connection, undone alone if it fails; in a
 * transaction of its own if there is none.
 */
export function inTransaction<T>(db: SqliteDatabase, work: () => T): T {
  const [begin, commit, rollBack] = isOpen(db)
    ? [`SAVEPOINT ${savepoint}`, `RELEASE ${savepoint}`, `ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`]
    : ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'];
  db.exec(begin);
  try {
    const result = work();
    db.exec(commit);
    return result;
  } catch (error) {
    undo(db, rollBack, error);
    throw error;
  }
}

const savepoint = 'zyflow_migration';

/** Whether a transaction is open on this connection, as better-sqlite3 and libsql tell it, or node:sqlite. */
function isOpen(db: SqliteDatabase): boolean {
  const { inTransaction: open, isTransaction } = db as { inTransaction?: unknown; isTransaction?: unknown };
  return open === true || isTransaction === true;
}

/**
 * Runs `work`, which only reads, once no transaction of the caller's is open on this connection: what was written there
 * may still be rolled back.
 *
 * @throws {@link StorageError} if one stays open, or the file busy, for `busyTimeoutMs`.
 */
export function readCommitted<T>(db: SqliteDatabase, work: () => T, waiting: SqliteWaiting = {}): Promise<T> {
  return whileBusy(() => {
    if (isOpen(db)) throw new TransactionOpen();
    return work();
  }, waiting);
}

const endFirst = 'end it first, or give the adapter a connection of its own';

/** Makes a connection busy for readers. */
class TransactionOpen extends Error {
  readonly code = 'SQLITE_BUSY';

  constructor() {
    super('a transaction of yours is open on this connection');
  }
}

/** Runs `work`, again and again while another process holds the file, until `busyTimeoutMs` is over. */
export async function whileBusy<T>(work: () => T, waiting: SqliteWaiting = {}): Promise<T> {
  const { busyTimeoutMs = 5000, clock = systemClock, signal } = waiting;
  const end = clock.now() + busyTimeoutMs;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (clock.now() >= end) {
        const advice =
          error instanceof TransactionOpen
            ? endFirst
            : 'another connection holds it; raise busyTimeoutMs or look for a transaction that stays open';
        throw new StorageError(`get hold of the database within ${busyTimeoutMs} ms`, advice, { cause: error });
      }
    }
    await sleep(1 + backoffDelay(attempt, { initialMs: 2, maxMs: 50 }), { clock, signal });
  }
}

function begin(db: SqliteDatabase): void {
  try {
    db.exec('BEGIN IMMEDIATE');
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('within a transaction')) throw error;
    throw new StorageError('begin a transaction', endFirst, { cause: error });
  }
}

function undo(db: SqliteDatabase, statements: string, reason: unknown): void {
  try {
    db.exec(statements);
  } catch (error) {
    // Some failures (disk full, I/O) end the transaction by themselves: then there is nothing left to roll back.
    if (error instanceof Error && /no transaction is active|no such savepoint/.test(error.message)) return;
    throw new StorageError('roll back', 'close this connection', { cause: new AggregateError([reason, error]) });
  }
}

/** SQLITE_BUSY and its extended codes: a name in better-sqlite3 and libsql, a number in node:sqlite. */
function isBusy(error: unknown): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof errcode === 'number') return (errcode & 0xff) === 5;
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
}

/** Runs `work`, whose failure is thrown as {@link sqliteError}. */
export async function named<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw sqliteError(operation, error);
  }
}

/** What a failed operation is thrown as: what the caller's own work threw as it is, a driver's error as the cause. */
export function sqliteError(operation: string, error: unknown): unknown {
  if (error instanceof CallersError) return error.cause;
  return storageError(operation, 'nothing was written: mend what the database says, then try again', error);
}

/** The number of column `n`; a driver may have been told to give integers as bigint. */
export function number(row: unknown): number {
  return Number((row as { n: number | bigint }).n);
}
