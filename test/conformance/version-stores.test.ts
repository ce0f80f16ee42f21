import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { versionStoreConformance } from '../../src/testing/version-store-conformance.ts';
import { describeWithPostgres, postgresDirectUrl, postgresUrl, uniqueName } from '../servers.ts';

const runner = { describe, it };

describe('MemoryVersionStore', () => {
  versionStoreConformance(runner, { create: async () => new MemoryVersionStore() });
});

describe('PostgreSQLVersionStore on PGlite', () => {
  let db: PGlite;
  const create = async () => new PostgreSQLVersionStore(db, { schema: 'conformance' });
  beforeAll(async () => {
    db = await PGlite.create();
  });
  afterAll(() => db.close());
  versionStoreConformance(runner, { create, reopen: create });
});

describeWithPostgres('PostgreSQLVersionStore on pg.Pool, one in REPEATABLE READ', () => {
  const schema = uniqueName('versions_pool');
  let one: pg.Pool;
  let two: pg.Pool;
  beforeAll(() => {
    one = new pg.Pool({ connectionString: postgresUrl, max: 4 });
    two = new pg.Pool({
      connectionString: postgresDirectUrl,
      max: 4,
      options: '-c default_transaction_isolation=repeatable\\ read',
    });
  });
  afterAll(async () => {
    await one.query(`drop schema if exists ${schema} cascade`);
    await Promise.all([one.end(), two.end()]);
  });
  versionStoreConformance(runner, {
    create: async () => new PostgreSQLVersionStore(one, { schema }),
    reopen: async () => new PostgreSQLVersionStore(two, { schema }),
  });
});

describeWithPostgres('PostgreSQLVersionStore on pg.Client', () => {
  const schema = uniqueName('versions_client');
  let one: pg.Client;
  let two: pg.Client;
  beforeAll(async () => {
    one = new pg.Client({ connectionString: postgresUrl });
    two = new pg.Client({ connectionString: postgresUrl });
    await Promise.all([one.connect(), two.connect()]);
  });
  afterAll(async () => {
    await one.query(`drop schema if exists ${schema} cascade`);
    await Promise.all([one.end(), two.end()]);
  });
  versionStoreConformance(runner, {
    create: async () => new PostgreSQLVersionStore(one, { schema }),
    reopen: async () => new PostgreSQLVersionStore(two, { schema }),
  });
});
