import { randomBytes } from 'node:crypto';
import { StorageError, storageError } from '../../core/errors.ts';
import { Initialization } from '../../core/initialization.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import type { KeyStore } from '../../events/key-store.ts';
import { migrateLayout } from './pg-ddl.ts';
import { tableError } from './pg-error.ts';
import { failureOf } from './pg-failure.ts';
import { checkClient, type PgDatabase, query } from './pg-queryable.ts';

/** Tries of a statement that the server gives up, and of a key that is deleted as soon as it is there. */
const maxAttempts = 10;

/** Where the keys are kept in the database. */
export interface PostgreSQLKeyStoreOptions {
  /** Made on first use if it is not there. Default `migration`. */
  readonly schema?: string;
}

/**
 * Keys in a PostgreSQL database of yours, through pg.Pool, pg.Client or PGlite. Give them a database of their own, which is
 * not backed up with the events.
 *
 * A deleted key is gone for every query at once. Its bytes stay in the table's file until `VACUUM FULL` writes it anew, and
 * in the write-ahead log, its archive and its replicas for as long as these keep it.
 */
export class PostgreSQLKeyStore implements KeyStore {
  readonly #db: PgDatabase;
  readonly #table: string;
  readonly #initialization: Initialization;

  /** @throws {@link InvalidArgumentError} for what is no client, and a schema that is not a plain identifier. */
  constructor(db: PgDatabase, options: PostgreSQLKeyStoreOptions = {}) {
    this.#db = checkClient(db);
    const schema = quoteIdentifier(options.schema ?? 'migration', 'options.schema');
    this.#table = `${schema}.subject_keys`;
    const statements = [`create table ${this.#table} (subject text collate "C" primary key, key bytea not null)`];
    this.#initialization = new Initialization(() => migrateLayout(db, schema, 'keys', [{ version: 1, statements }]));
  }

  /** Makes the table where it is not there yet; done by the first call of the others too. */
  async init(): Promise<void> {
    try {
      await this.#initialization.done();
    } catch (error) {
      throw tableError('table of keys', error);
    }
  }

  get(subject: string): Promise<Uint8Array | undefined> {
    return this.#named('read the key of a subject', () => this.#find(subject));
  }

  create(subject: string): Promise<Uint8Array> {
    return this.#named('create the key of a subject', async () => {
      const text = `insert into ${this.#table} values ($1, decode($2, 'hex')) on conflict do nothing`;
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        await this.#query(text, [subject, randomBytes(32).toString('hex')]);
        const key = await this.#find(subject);
        // Otherwise it was deleted in between.
        if (key) return key;
      }
      throw new StorageError('create the key of a subject', 'it is not there each time it was stored: who deletes it?');
    });
  }

  async delete(subject: string): Promise<void> {
    await this.#named('delete the key of a subject', () =>
      this.#query(`delete from ${this.#table} where subject = $1`, [subject]),
    );
  }

  async #find(subject: string): Promise<Uint8Array | undefined> {
    // As text: how bytes are given is the driver's affair.
    const text = `select encode(key, 'hex') as key from ${this.#table} where subject = $1`;
    const [row] = (await this.#query(text, [subject])).rows as { key: string }[];
    return row && new Uint8Array(Buffer.from(row.key, 'hex'));
  }

  /** Above READ COMMITTED the server gives up a statement that meets a row which came or went at the same moment. */
  async #query(text: string, values: unknown[]) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await query(this.#db, text, values);
      } catch (error) {
        if (failureOf(error) !== 'given_up' || attempt === maxAttempts) throw error;
      }
    }
  }

  async #named<T>(operation: string, work: () => Promise<T>): Promise<T> {
    await this.init();
    try {
      return await work();
    } catch (error) {
      throw storageError(operation, 'see the cause, then try again', error);
    }
  }
}
