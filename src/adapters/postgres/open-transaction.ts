import { CallersError } from '../../core/callers-error.ts';
import type { PgQueryable, PgResult } from './pg-queryable.ts';

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
