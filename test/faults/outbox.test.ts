// ES12 over process boundaries: a process that writes rows and events in its own transactions, and relays the events, is
// killed with SIGKILL at random points.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { describeWithPostgres } from '../servers.ts';
import { sharedFile, sharedSchema } from '../shared-storages.ts';

const script = fileURLToPath(new URL('./outbox-program.ts', import.meta.url));

interface Published {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
}

/** Runs the process until it ends, or is killed after it has published so many events. */
async function run(what: string, where: string, mode: 'work' | 'finish', killAfter: number): Promise<Published[]> {
  const args = ['--import', 'tsx', script, what, where, mode];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const published: Published[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    published.push(JSON.parse(line) as Published);
    if (published.length === killAfter) child.kill('SIGKILL');
  }
  if (!child.killed && complaint) throw new Error(complaint);
  return published;
}

function promises(what: string, where: () => string, open: () => EventStore, rows: () => Promise<string[]>) {
  it('ES12 loses no event, publishes nothing that was rolled back, and each stream in order', async () => {
    const published: Published[] = [];
    for (const killAfter of [1, 4, 15, 40]) published.push(...(await run(what, where(), 'work', killAfter)));
    published.push(...(await run(what, where(), 'finish', Number.POSITIVE_INFINITY)));

    const store = open();
    const stored = await store.readAll().toArray();
    const ids = stored.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(40);
    expect(await rows()).toEqual(ids.toSorted());
    const known = new Set<string>();
    for (const { id, stream, version } of published) {
      const before = stored.find((event) => event.stream === stream && event.version === version - 1);
      if (before) expect(known).toContain(before.id);
      known.add(id);
    }
    expect([...known].toSorted()).toEqual(ids.toSorted());
    await store.close();
  });
}

describe('an outbox in an SQLite file', () => {
  const { file, db } = sharedFile('outbox');
  beforeAll(() => void db().exec('create table mine (id text primary key)'));
  promises(
    'sqlite',
    () => file,
    () => new EventStore({ adapter: new SqliteEventAdapter(db()) }),
    async () =>
      db()
        .prepare('select id from mine order by id')
        .all()
        .map((row) => (row as { id: string }).id),
  );
});

describeWithPostgres('an outbox in PostgreSQL', () => {
  const { schema, pool } = sharedSchema('outbox');
  beforeAll(async () => {
    await pool().query(`create schema ${schema}; create table ${schema}.mine (id text collate "C" primary key)`);
  });
  promises(
    'postgres',
    () => schema,
    () => new EventStore({ adapter: new PostgreSQLEventAdapter(pool(), { schema }) }),
    async () => (await pool().query(`select id from ${schema}.mine order by id`)).rows.map(({ id }) => id),
  );
});
