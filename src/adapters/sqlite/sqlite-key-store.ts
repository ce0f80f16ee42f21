import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { StorageError } from '../../core/errors.ts';
import { Initialization } from '../../core/initialization.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import type { KeyStore } from '../../events/key-store.ts';
import {
  checkDatabase,
  named,
  type SqliteDatabase,
  type SqliteWaiting,
  whileBusy,
  writeTransaction,
} from './sqlite-database.ts';

/** Where the keys are kept in the database, and how long to wait for it. */
export interface SqliteKeyStoreOptions {
  /** Begins the name of the table. Default `migration_`. */
  readonly tablePrefix?: string;
  /** How long to wait while another process writes, in ms. Default 5000. */
  readonly busyTimeoutMs?: number;
  readonly clock?: Clock;
}

/**
 * Keys in an SQLite database of yours, opened by better-sqlite3, libsql or node:sqlite. Give them a file of their own,
 * which is not backed up with the events.
 *
 * A deleted key is overwritten with zeros where it stands, and the write-ahead log, where there is one, is emptied: once
 * `delete` has resolved, its bytes are in neither. The row of zeros stays.
 */
export class SqliteKeyStore implements KeyStore {
  readonly #db: SqliteDatabase;
  readonly #keys: string;
  readonly #subjects: string;
  readonly #waiting: SqliteWaiting;
  readonly #initialization = new Initialization(() => this.#createTables());

  /** @throws {@link InvalidArgumentError} for what is no open database, and a prefix that is not a plain identifier. */
  constructor(db: SqliteDatabase, options: SqliteKeyStoreOptions = {}) {
    const { tablePrefix = 'migration_', ...waiting } = options;
    quoteIdentifier(tablePrefix, 'options.tablePrefix');
    this.#db = checkDatabase(db);
    this.#keys = `"${tablePrefix}subject_keys"`;
    this.#subjects = `"${tablePrefix}key_subjects"`;
    this.#waiting = waiting;
  }

  /** Makes the tables where they are not there yet; done by the first call of the others too. */
  init(): Promise<void> {
    return this.#initialization.done();
  }

  async get(subject: string): Promise<Uint8Array | undefined> {
    await this.init();
    return named('read the key of a subject', () => whileBusy(() => this.#find(subject), this.#waiting));
  }

  async create(subject: string): Promise<Uint8Array> {
    await this.init();
    return named('create the key of a subject', () =>
      writeTransaction(
        this.#db,
        () => {
          const known = this.#find(subject);
          if (known) return known;
          const key = randomBytes(32);
          const { id } = this.#db.prepare(`SELECT coalesce(max(id), 0) + 1 AS id FROM ${this.#keys}`).get() as Row;
          // Never a Buffer alone: some drivers take a single object for named parameters.
          this.#db.prepare(`INSERT INTO ${this.#keys} VALUES (?, ?)`).run(id, key);
          this.#db.prepare(`INSERT INTO ${this.#subjects} VALUES (?, ?)`).run(subject, id);
          return new Uint8Array(key);
        },
        this.#waiting,
      ),
    );
  }

  /**
   * Deletes the key for good.
   *
   * @throws {@link StorageError} if somebody went on reading from the write-ahead log: the key is deleted, but its bytes
   * may be there still. Delete it again.
   */
  async delete(subject: string): Promise<void> {
    await this.init();
    await named('delete the key of a subject', () =>
      writeTransaction(
        this.#db,
        () => {
          const id = `(SELECT id FROM ${this.#subjects} WHERE subject = ?)`;
          this.#db.prepare(`UPDATE ${this.#keys} SET key = zeroblob(32) WHERE id = ${id}`).run(subject);
          this.#db.prepare(`DELETE FROM ${this.#subjects} WHERE subject = ?`).run(subject);
        },
        this.#waiting,
      ),
    );
    try {
      await whileBusy(() => this.#emptyLog(), this.#waiting);
    } catch (cause) {
      const advice = 'the key is deleted, but others still read what was before: delete it again once they have ended';
      throw new StorageError('empty the write-ahead log', advice, { cause });
    }
  }

  #createTables(): Promise<void> {
    return named('create the tables of keys', async () => {
      // Clears the root page when its cells go to a page of their own, the only time that they move.
      this.#db.exec('PRAGMA secure_delete = ON');
      // Rows come at the end, keep their size and are never removed: so no page is ever rebuilt, which copies cells and
      // leaves the copies in what is free. The names, of any length, are moved about in a table of their own.
      const tables = `CREATE TABLE IF NOT EXISTS ${this.#keys} (id INTEGER PRIMARY KEY, key BLOB NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS ${this.#subjects} (subject TEXT PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID`;
      await writeTransaction(this.#db, () => this.#db.exec(tables), this.#waiting);
    });
  }

  #find(subject: string): Uint8Array | undefined {
    const id = `(SELECT id FROM ${this.#subjects} WHERE subject = ?)`;
    const row = this.#db.prepare(`SELECT key FROM ${this.#keys} WHERE id = ${id}`).get(subject);
    return row ? new Uint8Array((row as { key: Uint8Array }).key) : undefined;
  }

  #emptyLog(): void {
    const { busy } = this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number | bigint };
    if (Number(busy) !== 0) throw Object.assign(new Error('the log is in use'), { code: 'SQLITE_BUSY' });
  }
}

interface Row {
  readonly id: number | bigint;
}
