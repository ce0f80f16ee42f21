// A database that is dumped and restored elsewhere, by the server's own tools.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';

const run = promisify(execFile);
const event = { type: 't', data: null };

describeWithPostgres('a dump that is restored into another database', () => {
  const [from, to] = [uniqueName('events_dump'), uniqueName('events_restored')];
  const urlOf = (database: string) => Object.assign(new URL(postgresUrl!), { pathname: `/${database}` }).href;
  let admin: pg.Pool;
  let pools: pg.Pool[];
  beforeAll(async () => {
    admin = new pg.Pool({ connectionString: postgresUrl, max: 1 });
    for (const database of [from, to]) await admin.query(`create database ${database}`);
    pools = [from, to].map((database) => new pg.Pool({ connectionString: urlOf(database), max: 4 }));
  });
  afterAll(async () => {
    for (const pool of pools) await pool.end();
    for (const database of [from, to]) await admin.query(`drop database ${database}`);
    await admin.end();
  });

  it('ES5 has every event, goes on behind them, and refuses checkpoints of what came after the dump', async () => {
    const [source, target] = pools as [pg.Pool, pg.Pool];
    const adapter = new PostgreSQLEventAdapter(source);
    const store = new EventStore({ adapter });
    const rolledBack = new EventStore({
      adapter,
      inlineProjections: [{ name: 'fails', handle: () => Promise.reject(new Error('rolled back')) }],
    });
    for (let n = 0; n < 20; n++) {
      await store.append(`s${n % 3}`, [event]);
      // Draws a position that no event has in the end.
      await expect(rolledBack.append('s0', [event])).rejects.toThrow('rolled back');
    }
    const before = await store.readAll().toArray();
    const last = before.at(-1)!.position;
    await adapter.saveCheckpoint('reader', { position: before[9]!.position, state: '{}' });
    const early = await store.checkpointOf(last);

    // As INSERTs and without the lines for psql: so that no other program is needed.
    const { stdout } = await run('pg_dump', ['--inserts', '--no-owner', urlOf(from)], { maxBuffer: 1 << 26 });
    const late = await store.checkpointOf((await store.append('s1', [event])).position);
    const client = new pg.Client({ connectionString: urlOf(to) });
    await client.connect();
    await client.query(stdout.replace(/^\\.*$/gm, ''));
    await client.end();

    const restored = new EventStore({ adapter: new PostgreSQLEventAdapter(target) });
    expect(await restored.readAll().toArray()).toEqual(before);
    await restored.append('s1', [event]);
    const seen: number[] = [];
    const reader = restored.subscribe({ name: 'reader', handle: async ({ position }) => void seen.push(position) });
    await reader.caughtUp();
    await restored.close();
    expect(seen.slice(0, 10)).toEqual(before.slice(10).map(({ position }) => position));
    expect(seen).toHaveLength(11);

    const again = new EventStore({ adapter: new PostgreSQLEventAdapter(target) });
    expect(await again.readAll({ after: early }).toArray()).toHaveLength(1);
    await expect(again.positionOf(late)).rejects.toMatchObject({
      code: 'CHECKPOINT_OF_ANOTHER_EPOCH',
      sharedUpTo: last,
    });
    expect(await again.positionOf(await again.checkpointOf(last + 1))).toBe(last + 1);
    expect(await store.positionOf(late)).toBeGreaterThan(last);
  });
});
