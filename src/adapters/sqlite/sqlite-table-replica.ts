import { checkObject } from '../../core/check-argument.ts';
import { checkInteger } from '../../core/check-integer.ts';
import type { Clock } from '../../core/clock.ts';
import { InvalidArgumentError, StorageError } from '../../core/errors.ts';
import { type JsonObject, type JsonValue, setOwn } from '../../core/json-value.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import type { Replica, ReplicaRecord, ReplicaWriteOptions, ReplicaWriteOutcome } from '../../sync/replica.ts';
import {
  checkDatabase,
  inTransaction,
  named,
  readCommitted,
  type SqliteDatabase,
  type SqliteWaiting,
} from './sqlite-database.ts';
import { WatchedTable } from './watched-table.ts';

/** Where a field stands in the table, and as what. */
export interface SqliteColumn {
  /** Its name. Default: that of the field. */
  readonly column?: string;
  /** `json`: any JSON, as text; `boolean`: 0 or 1. Default: text and numbers as they are. */
  readonly type?: 'json' | 'boolean';
}

/** How records stand in a table of yours. `S` is a record's state. */
export interface SqliteTableReplicaOptions<S extends object = JsonObject> {
  readonly table: string;
  /** The column that holds the record's id, of type TEXT or INTEGER: a key, or unique. */
  readonly idColumn: string;
  /** The fields of a state, and their columns. Other columns are left alone; a new row gets their defaults. */
  readonly columns: { readonly [F in keyof S]-?: SqliteColumn };
  /** While it is watched: how often the database is asked whether anybody has written to it, in ms. Default 200. */
  readonly pollIntervalMs?: number;
  /** How long to wait while another process writes, in ms. Default 5000. */
  readonly busyTimeoutMs?: number;
  readonly clock?: Clock;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * A table of the application's, as it is, one row a record. Its version is what its columns hold: no version column is
 * needed, and whatever writes to the table is noticed. A field that is absent is stored as NULL, and read as null.
 *
 * While it is watched, the table is read when anybody has written to the database, and what has changed is told: a hash of
 * each row is kept in memory.
 */
export class SqliteTableReplica<S extends object = JsonObject> implements Replica<S> {
  readonly #db: SqliteDatabase;
  readonly #fields: readonly (readonly [field: string, column: Required<Omit<SqliteColumn, 'type'>> & SqliteColumn])[];
  readonly #table: string;
  readonly #id: string;
  readonly #waiting: SqliteWaiting;
  readonly #watched: WatchedTable;

  /** @throws {@link InvalidArgumentError} for what is no open database, a name that is not a plain identifier, an unknown type. */
  constructor(db: SqliteDatabase, options: SqliteTableReplicaOptions<NoInfer<S>>) {
    checkObject(options);
    const { table, idColumn, columns, pollIntervalMs = 200, ...waiting } = options;
    this.#db = checkDatabase(db);
    this.#table = quoteIdentifier(table, 'options.table');
    this.#id = quoteIdentifier(idColumn, 'options.idColumn');
    this.#fields = Object.entries<SqliteColumn>(columns ?? {}).map(([field, { column = field, type, ...rest }]) => {
      if (type !== undefined && type !== 'json' && type !== 'boolean') {
        throw new InvalidArgumentError(`options.columns.${field}.type`, "'json', 'boolean' or none", type);
      }
      return [field, { ...rest, ...(type && { type }), column: quoteIdentifier(column, `options.columns.${field}`) }];
    });
    if (this.#fields.length === 0) throw new InvalidArgumentError('options.columns', 'at least one field', columns);
    this.#waiting = waiting;
    const names = this.#fields.map(([, { column }]) => column);
    this.#watched = new WatchedTable(db, {
      table: this.#table,
      id: this.#id,
      columns: names,
      pollIntervalMs: checkInteger(pollIntervalMs, 1, 'options.pollIntervalMs'),
      waiting,
    });
  }

  async read(id: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<ReplicaRecord<S>> {
    const columns = this.#fields.map(([, { column }], at) => `${column} AS c${at}`).join(', ');
    const statement = `SELECT ${columns} FROM ${this.#table} WHERE ${this.#id} = ?`;
    const row = await named('read a row to be synced', () =>
      readCommitted(this.#db, () => this.#db.prepare(statement).get(id) as Row | undefined, {
        ...this.#waiting,
        ...options,
      }),
    );
    this.#watched.note(id, row);
    if (!row) return { state: undefined, version: '' };
    const values = this.#fields.map(([field], at) => plain(row[`c${at}`], `${id}.${field}`));
    return { state: this.#stateOf(values), version: JSON.stringify(values) };
  }

  async write(id: string, state: S | undefined, options: ReplicaWriteOptions): Promise<ReplicaWriteOutcome> {
    const { expectedVersion, signal } = options;
    const values = state && this.#valuesOf(state);
    const before = expectedVersion === '' ? undefined : (JSON.parse(expectedVersion) as JsonValue[]);
    const row = await named('write a synced row', () =>
      readCommitted(this.#db, () => inTransaction(this.#db, () => this.#compareAndSet(id, before, values)), {
        ...this.#waiting,
        signal,
      }),
    );
    if (!row) return { status: 'conflict' };
    this.#watched.note(id, values && row);
    return { status: 'written', version: values ? JSON.stringify(values) : '' };
  }

  async *ids(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<string> {
    for await (const row of this.#watched.rows([], options.signal)) yield row.id;
  }

  watch(listener: (id: string) => void, onEnd?: (error: unknown) => void): Promise<() => Promise<void>> {
    return this.#watched.watch(listener, onEnd);
  }

  /**
   * Nobody writes in between, and what the columns would not keep as it is, is not written.
   *
   * @returns The row as it is stored; nothing if it was another one before.
   */
  #compareAndSet(
    id: string,
    before: readonly JsonValue[] | undefined,
    values: readonly JsonValue[] | undefined,
  ): Row | undefined {
    const columns = this.#fields.map(([, { column }]) => column);
    const returning = `RETURNING ${columns.map((column, at) => `${column} AS c${at}`).join(', ')}`;
    const run = (sql: string, ...bound: unknown[]) => this.#db.prepare(sql).get(...bound) as Row | undefined;
    const where = `WHERE ${this.#id} = ? AND ${columns.map((column) => `${column} IS ?`).join(' AND ')} ${returning}`;
    if (!values && !before) return run(`SELECT 1 FROM ${this.#table} WHERE ${this.#id} = ?`, id) ? undefined : {};
    if (!values) return run(`DELETE FROM ${this.#table} ${where}`, id, ...before!);
    const set = columns.map((column) => `${column} = ?`).join(', ');
    const places = columns.map(() => ', ?').join('');
    const insert = `INSERT INTO ${this.#table} (${[this.#id, ...columns].join(', ')}) VALUES (?${places})`;
    const row = before
      ? run(`UPDATE ${this.#table} SET ${set} ${where}`, ...values, id, ...before)
      : run(`${insert} ON CONFLICT (${this.#id}) DO NOTHING ${returning}`, id, ...values);
    for (const [at, [field]] of row ? this.#fields.entries() : []) {
      if (JSON.stringify(plain(row![`c${at}`], field)) === JSON.stringify(values[at])) continue;
      throw new InvalidArgumentError(`state.${field}`, 'a value that its column keeps as it is', values[at]);
    }
    return row;
  }

  #stateOf(values: readonly JsonValue[]): S {
    const state: JsonObject = {};
    for (const [at, [field, { type }]] of this.#fields.entries()) {
      const value = values[at]!;
      setOwn(
        state,
        field,
        value === null ? null : type === 'boolean' ? value !== 0 : type === 'json' ? json(value, field) : value,
      );
    }
    return state as S;
  }

  #valuesOf(state: object): JsonValue[] {
    const known = new Set(this.#fields.map(([field]) => field));
    const unknown = Object.keys(state).find((field) => !known.has(field));
    if (unknown !== undefined) {
      throw new InvalidArgumentError('state', `only fields that have a column (${[...known].join(', ')})`, unknown);
    }
    return this.#fields.map(([field, { type }]) => {
      const value = (state as JsonObject)[field] ?? null;
      if (value === null) return null;
      if (type === 'json') return JSON.stringify(value);
      if (type === 'boolean' && typeof value === 'boolean') return Number(value);
      if (type === undefined && (typeof value === 'string' || typeof value === 'number')) return value;
      throw new InvalidArgumentError(`state.${field}`, type ?? "text or a number, or a column of type 'json'", value);
    });
  }
}

/** A value of SQLite as JSON. */
function plain(value: unknown, what: string): JsonValue {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (number === null || typeof number === 'string') return number;
  if (typeof number === 'number' && (typeof value !== 'bigint' || Number.isSafeInteger(number))) return number;
  throw new StorageError(`read ${what}`, 'only text, numbers that JavaScript holds and NULL can be synced');
}

function json(value: JsonValue, field: string): JsonValue {
  try {
    return JSON.parse(String(value)) as JsonValue;
  } catch (cause) {
    throw new StorageError(`read the field ${field}`, 'its column holds no JSON: correct it', { cause });
  }
}
