import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';

/** A storage that all tests of a file share; those in a database keep what earlier ones wrote. */
export interface TestStore {
  readonly kind: string;
  readonly create: () => VersionStore;
  /** How many random cases it gets, of those that memory gets. */
  readonly share: number;
  /** Changes a stored text behind the store's back, where there is a way. */
  readonly corrupt?: (aggregateId: string, version: number, state: string) => Promise<unknown>;
}

/** Memory, SQLite, PGlite and, where there is one, a PostgreSQL server, for the tests of one file. */
export function testStores(name: string): readonly TestStore[] {
  const schema = uniqueName(name);
  let sqlite: TestDatabase;
  let pglite: PGlite;
  let pool: pg.Pool;
  beforeAll(async () => {
    sqlite = openSqlite(':memory:');
    pglite = await PGlite.create();
    pool = new pg.Pool({ connectionString: postgresUrl, max: 6 });
    // PGlite compiles its WebAssembly, which takes long where others compute too.
  }, 120_000);
  afterAll(async () => {
    sqlite.close();
    await pglite.close();
    if (postgresUrl) await pool.query(`drop schema if exists ${schema} cascade`);
    await pool.end();
  });
  const change = (place: string) => `update ${place} set state = $1 where aggregate_id = $2 and version = $3`;
  return [
    { kind: 'memory', create: () => new MemoryVersionStore(), share: 1 },
    {
      kind: 'SQLite',
      create: () => new SqliteVersionStore(sqlite),
      share: 0.3,
      corrupt: async (id, version, state) =>
        sqlite.prepare(change('migration_state_versions').replace(/\$\d/g, '?')).run(state, id, version),
    },
    {
      kind: 'PGlite',
      create: () => new PostgreSQLVersionStore(pglite, { schema }),
      share: 0.04,
      corrupt: (id, version, state) => pglite.query(change(`${schema}.state_versions`), [state, id, version]),
    },
    ...(postgresUrl
      ? [
          {
            kind: 'PostgreSQL',
            create: () => new PostgreSQLVersionStore(pool, { schema }),
            share: 0.1,
            corrupt: (id: string, version: number, state: string) =>
              pool.query(change(`${schema}.state_versions`), [state, id, version]),
          },
        ]
      : []),
  ];
}

let made = 0;
/** Ids that no other case uses, for storages that keep what earlier ones wrote. Those of one case begin alike. */
export function freshIds(): { readonly prefix: string; (id: string): string } {
  const prefix = `${++made}/`;
  return Object.assign((id: string) => `${prefix}${id}`, { prefix });
}
