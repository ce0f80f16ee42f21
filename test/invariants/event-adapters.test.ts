// Every adapter is the same store: what commands in any order give on memory, they give on every other adapter.
import { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';
import { adapterCommands } from './arbitraries/adapter-commands.ts';
import { transcriptOf } from './models/adapter-transcript.ts';

let run = 0;

/** All runs share one storage: each has names of its own, and begins behind what the others have stored. */
async function sameAsMemory(create: () => EventAdapter, few: number): Promise<void> {
  await create().init();
  await fc.assert(
    fc.asyncProperty(adapterCommands, async (commands) => {
      const scope = `run ${String(++run).padStart(9, '0')}`;
      const onMemory = await transcriptOf(new MemoryEventAdapter(), commands, scope);
      expect(await transcriptOf(create(), commands, scope)).toEqual(onMemory);
    }),
    { numRuns: process.env.DEEP ? 10_000 : few },
  );
}

const title = 'ES1 ES2 ES4 commands in any order give the same as on memory';

describe('SQLite', () => {
  let db: TestDatabase;
  beforeAll(() => {
    db = openSqlite(':memory:');
  });
  afterAll(() => db.close());
  it(title, () => sameAsMemory(() => new SqliteEventAdapter(db), 100));
});

describe('PGlite', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await PGlite.create();
  });
  afterAll(() => db.close());
  it(title, () => sameAsMemory(() => new PostgreSQLEventAdapter(db), 30));
});

describeWithPostgres('PostgreSQL', () => {
  const schema = uniqueName('events_same');
  let pool: pg.Pool;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
  });
  afterAll(async () => {
    await pool.query(`drop schema if exists ${schema} cascade`);
    await pool.end();
  });
  it(title, () => sameAsMemory(() => new PostgreSQLEventAdapter(pool, { schema }), 30));
});
