import { CallersError } from '../../core/callers-error.ts';
import { pgError } from './pg-error.ts';
import { type PgDatabase, type PgQueryable, type PgResult, withTransaction } from './pg-queryable.ts';

/** A client with a transaction that is not ours to begin or to end. */
export class OpenTransaction implements PgQueryable {
  readonly client: PgQueryable;

  constructor(client: PgQueryable) {
    this.client = client;
  }

  query(text: string, values?: unknown[]): Promise<PgResult> {
    return this.client.query(text, values);
  }
}

/** Does the caller's work in a transaction: with his own client, where the transaction is his. */
export async function callersWork(connection: PgQueryable, work: (client: PgQueryable) => unknown): Promise<void> {
  try {
    await work(connection instanceof OpenTransaction ? connection.client : connection);
  } catch (error) {
    throw new CallersError(error);
  }
}

/**
 * Runs `work` in the caller's transaction where one is open on `db`, else in one of its own. What the caller's work throws
 * comes through as it is; anything else names the operation.
 */
export async function runInTransaction<T>(
  db: PgDatabase,
  operation: string,
  work: (connection: PgQueryable) => Promise<T>,
): Promise<T> {
  const isOpen = db instanceof OpenTransaction;
  try {
    return await (isOpen ? work(db) : withTransaction(db, work));
  } catch (error) {
    if (error instanceof CallersError) throw error.cause;
    const advice = isOpen ? 'roll your transaction back and run all of it again' : 'nothing was written; try again';
    throw pgError(operation, advice, error);
  }
}
