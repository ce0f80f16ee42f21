import { describe, expect, it } from 'vitest';
import { DatabaseCacheProvider } from '../../src/adapters/postgres/database-cache-provider.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { PostgreSQLEventTransport } from '../../src/adapters/postgres/postgresql-event-transport.ts';
import { PostgreSQLKeyStore } from '../../src/adapters/postgres/postgresql-key-store.ts';
import { PostgreSQLLockManager } from '../../src/adapters/postgres/postgresql-lock-manager.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { SqliteKeyStore } from '../../src/adapters/sqlite/sqlite-key-store.ts';
import { SqliteTableReplica } from '../../src/adapters/sqlite/sqlite-table-replica.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';

const onSqlite: Record<string, (db: never) => unknown> = {
  SqliteEventAdapter: (db) => new SqliteEventAdapter(db),
  SqliteKeyStore: (db) => new SqliteKeyStore(db),
  SqliteVersionStore: (db) => new SqliteVersionStore(db),
  SqliteTableReplica: (db) => new SqliteTableReplica(db, { table: 't', idColumn: 'id', columns: { a: {} } }),
};
const onPostgres: Record<string, (db: never) => unknown> = {
  DatabaseCacheProvider: (db) => new DatabaseCacheProvider(db),
  PostgreSQLEventAdapter: (db) => new PostgreSQLEventAdapter(db),
  PostgreSQLEventTransport: (db) => new PostgreSQLEventTransport(db),
  PostgreSQLKeyStore: (db) => new PostgreSQLKeyStore(db),
  PostgreSQLLockManager: (db) => new PostgreSQLLockManager(db),
  PostgreSQLVersionStore: (db) => new PostgreSQLVersionStore(db),
};
const cases = [...Object.entries(onSqlite), ...Object.entries(onPostgres)];
const noClients = ['tasks.db', 'postgres://localhost', { connectionString: 'postgres://localhost' }, undefined, null];

describe('what is no client is refused at once, not by the first call', () => {
  it.each(cases)('%s', (_name, create) => {
    for (const client of noClients) {
      expect(() => create(client as never)).toThrow(InvalidArgumentError);
      expect(() => create(client as never)).toThrow(/better-sqlite3|pg\.Pool/);
    }
  });
});
