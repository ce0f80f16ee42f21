import type { CacheEntry, CacheProvider, CacheSetOptions } from '../../cache/cache-provider.ts';
import { InvalidArgumentError, storageError } from '../../core/errors.ts';
import { Initialization } from '../../core/initialization.ts';
import { fromJsonText, toJsonText } from '../../core/json-text.ts';
import type { JsonValue } from '../../core/json-value.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import { ttlToMs } from '../../core/ttl.ts';
import { applyDdl } from './pg-ddl.ts';
import { checkClient, type PgDatabase, type PgResult, query } from './pg-queryable.ts';

/** Where a {@link DatabaseCacheProvider} keeps its values. */
export interface DatabaseCacheProviderOptions {
  /** Made on first use if it is not there. Default `migration`. */
  readonly schema?: string;
  /** Default `cache`. */
  readonly table?: string;
  /** How long a value without a time of its own is good for, in seconds. Default: without end. */
  readonly ttl?: number;
}

/**
 * A cache level in a PostgreSQL table, shared by every process, by the server's clock. The connection stays the caller's.
 *
 * Values past their time stay in the table until they are overwritten or {@link DatabaseCacheProvider.deleteExpired}.
 */
export class DatabaseCacheProvider implements CacheProvider {
  readonly #db: PgDatabase;
  readonly #table: string;
  readonly #ttl: number | undefined;
  readonly #initialization: Initialization;

  /** @throws {@link InvalidArgumentError} for names that are no plain identifiers, or a `ttl` not more than 0. */
  constructor(db: PgDatabase, options: DatabaseCacheProviderOptions = {}) {
    this.#db = checkClient(db);
    const schema = quoteIdentifier(options.schema ?? 'migration', 'options.schema');
    this.#table = `${schema}.${quoteIdentifier(options.table ?? 'cache', 'options.table')}`;
    this.#ttl = options.ttl;
    ttlToMs(options.ttl);
    const table = `create table if not exists ${this.#table} (key text primary key, value text not null, expires_at timestamptz)`;
    this.#initialization = new Initialization(() => applyDdl(db, schema, [table]));
  }

  async getEntry(key: string): Promise<CacheEntry | undefined> {
    const { rows } = await this.#query(
      'read from the cache',
      `select value, extract(epoch from expires_at - clock_timestamp())::float8 * 1000 as "remainingMs"
       from ${this.#table} where key = $1 and (expires_at is null or expires_at > clock_timestamp())`,
      [checkKey(key)],
    );
    const [row] = rows as { value: string; remainingMs: number | null }[];
    return (
      row && {
        value: fromJsonText(row.value, `read "${key}" from the cache`),
        remainingMs: row.remainingMs ?? Infinity,
      }
    );
  }

  async get(key: string): Promise<JsonValue> {
    return (await this.getEntry(key))?.value ?? null;
  }

  /** @throws {@link InvalidArgumentError} if the value is not JSON, or `ttl` not more than 0. */
  async set(key: string, value: JsonValue, options: CacheSetOptions = {}): Promise<void> {
    const ms = ttlToMs(options.ttl ?? this.#ttl);
    await this.#query(
      'write to the cache',
      `insert into ${this.#table} (key, value, expires_at)
       values ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond')
       on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at`,
      [checkKey(key), toJsonText(value, 'value'), ms === Infinity ? null : ms],
    );
  }

  async delete(key: string): Promise<void> {
    await this.#query('delete from the cache', `delete from ${this.#table} where key = $1`, [checkKey(key)]);
  }

  /** Removes the values past their time; call it now and then. */
  async deleteExpired(): Promise<void> {
    await this.#query(
      'delete expired values from the cache',
      `delete from ${this.#table} where expires_at <= clock_timestamp()`,
      [],
    );
  }

  /** Nothing: the connection is the caller's. */
  async close(): Promise<void> {}

  async #query(operation: string, text: string, values: unknown[]): Promise<PgResult> {
    try {
      await this.#initialization.done();
      return await query(this.#db, text, values);
    } catch (cause) {
      throw storageError(operation, 'see the cause, then try again', cause);
    }
  }
}

function checkKey(key: string): string {
  if (key.includes('\0')) throw new InvalidArgumentError('key', 'text without NUL', key);
  return key;
}
