import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { eventAdapterConformance } from '../../src/testing/event-adapter-conformance.ts';
import { describeWithPostgres, postgresDirectUrl, postgresUrl, uniqueName } from '../servers.ts';

const runner = { describe, it };

describe('MemoryEventAdapter', () => {
  eventAdapterConformance(runner, { create: async () => new MemoryEventAdapter() });
});

describe('PostgreSQLEventAdapter on PGlite', () => {
  let db: PGlite;
  const create = async () => new PostgreSQLEventAdapter(db, { schema: 'conformance', listener: db, notify: true });
  beforeAll(async () => {
    db = await PGlite.create();
  });
  afterAll(() => db.close());
  eventAdapterConformance(runner, { create, reopen: create });
});

describeWithPostgres('PostgreSQLEventAdapter on pg.Pool', () => {
  const schema = uniqueName('events_pool');
  let one: pg.Pool;
  let two: pg.Pool;
  beforeAll(() => {
    one = new pg.Pool({ connectionString: postgresUrl, max: 4 });
    two = new pg.Pool({ connectionString: postgresUrl, max: 4 });
  });
  afterAll(async () => {
    await one.query(`drop schema if exists ${schema} cascade`);
    await Promise.all([one.end(), two.end()]);
  });
  eventAdapterConformance(runner, {
    create: async () => new PostgreSQLEventAdapter(one, { schema }),
    reopen: async () => new PostgreSQLEventAdapter(two, { schema }),
    // Without a connection to listen on.
    listens: false,
  });
});

describeWithPostgres('PostgreSQLEventAdapter on pg.Client', () => {
  const schema = uniqueName('events_client');
  let one: pg.Client;
  let two: pg.Client;
  let listener: pg.Client;
  beforeAll(async () => {
    one = new pg.Client({ connectionString: postgresUrl });
    two = new pg.Client({ connectionString: postgresUrl });
    listener = new pg.Client({ connectionString: postgresDirectUrl });
    await Promise.all([one.connect(), two.connect(), listener.connect()]);
  });
  afterAll(async () => {
    await one.query(`drop schema if exists ${schema} cascade`);
    await Promise.all([one.end(), two.end(), listener.end()]);
  });
  eventAdapterConformance(runner, {
    create: async () => new PostgreSQLEventAdapter(one, { schema, listener, notify: true }),
    reopen: async () => new PostgreSQLEventAdapter(two, { schema, notify: true }),
  });
});
