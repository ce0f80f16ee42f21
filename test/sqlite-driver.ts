import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Which SQLite driver the suites run on: libsql unless SQLITE_DRIVER names another that is installed. */
export const sqliteDriver = process.env.SQLITE_DRIVER ?? 'libsql';

/** The part of the three drivers' databases that tests use; better-sqlite3, libsql and node:sqlite all fit it. */
export interface TestDatabase {
  prepare(sql: string): {
    run(...values: unknown[]): unknown;
    get(...values: unknown[]): unknown;
    all(...values: unknown[]): unknown[];
  };
  exec(sql: string): unknown;
  close(): void;
}

/** Opens a database file (or `:memory:`) with the driver under test. */
export function openSqlite(path: string): TestDatabase {
  if (sqliteDriver === 'node:sqlite') {
    const { DatabaseSync } = require('node:sqlite') as { DatabaseSync: new (path: string) => TestDatabase };
    return new DatabaseSync(path);
  }
  const Database = require(sqliteDriver) as new (path: string) => TestDatabase;
  return new Database(path);
}
