import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryKeyStore } from '../../src/adapters/memory/memory-key-store.ts';
import { PostgreSQLKeyStore } from '../../src/adapters/postgres/postgresql-key-store.ts';
import { keyStoreConformance } from '../../src/testing/key-store-conformance.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';

const runner = { describe, it };

describe('MemoryKeyStore', () => {
  keyStoreConformance(runner, { create: async () => new MemoryKeyStore() });
});

describe('PostgreSQLKeyStore on PGlite', () => {
  let db: PGlite;
  const create = async () => new PostgreSQLKeyStore(db, { schema: 'conformance' });
  beforeAll(async () => {
    db = await PGlite.create();
  });
  afterAll(() => db.close());
  keyStoreConformance(runner, { create, reopen: create });

  it('says so if a key does not stay', async () => {
    await db.exec(`create function conformance.vanish() returns trigger language plpgsql as
      'begin delete from conformance.subject_keys where subject = new.subject; return null; end';
      create trigger vanish after insert on conformance.subject_keys for each row execute function conformance.vanish()`);
    await expect((await create()).create('a')).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });
});

describeWithPostgres('PostgreSQLKeyStore on pg.Pool, one in REPEATABLE READ', () => {
  const schema = uniqueName('keys');
  let one: pg.Pool;
  let two: pg.Pool;
  beforeAll(() => {
    one = new pg.Pool({ connectionString: postgresUrl, max: 4 });
    const options = '-c default_transaction_isolation=repeatable\\ read';
    two = new pg.Pool({ connectionString: postgresUrl, max: 4, options });
  });
  afterAll(async () => {
    await one.query(`drop schema if exists ${schema} cascade`);
    await Promise.all([one.end(), two.end()]);
  });
  keyStoreConformance(runner, {
    create: async () => new PostgreSQLKeyStore(one, { schema }),
    reopen: async () => new PostgreSQLKeyStore(two, { schema }),
  });

  it('deletes a key that another transaction is about to delete', async () => {
    const keys = new PostgreSQLKeyStore(two, { schema });
    await keys.create('contended');
    const other = await one.connect();
    await other.query(`begin; delete from ${schema}.subject_keys where subject = 'contended'`);
    const deleted = keys.delete('contended');
    // The server says so once it waits for the other.
    const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%' || $1 || '%'`;
    while ((await one.query(waiting, [schema])).rowCount === 0);
    await other.query('commit');
    other.release();
    await deleted;
    expect(await keys.get('contended')).toBeUndefined();
  });
});
