import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { Projection } from '../../src/events/projection.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';

const events = Array.from({ length: 40 }, (_, index) => ({ type: 't', data: index }));
const positions = Array.from({ length: 40 }, (_, index) => index + 1);

describe('projections on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'projections-'));
  let dbs: TestDatabase[];
  beforeAll(() => {
    dbs = [0, 1].map(() => openSqlite(join(folder, 'a.db')));
    dbs[0]!.exec('pragma journal_mode = wal; create table inlined (position integer)');
  });
  afterAll(() => {
    for (const db of dbs) db.close();
    rmSync(folder, { recursive: true });
  });
  const projection = (failsAt = 0): Projection<TestDatabase> => ({
    name: 'p',
    reset: (db, target) => void db.exec(`drop table if exists ${target}; create table ${target} (position integer)`),
    handle: ({ position }, db, target) => {
      db.prepare(`insert into ${target} values (?)`).run(position);
      if (position === failsAt) throw new Error('after it took effect');
    },
  });
  const rows = (table: string) =>
    (dbs[0]!.prepare(`select position from ${table} order by rowid`).all() as { position: number }[]).map(
      ({ position }) => position,
    );

  it('apply each event once, by two stores that race, through failures', async () => {
    const stores = dbs.map((db) => new EventStore({ adapter: new SqliteEventAdapter(db) }));
    for (const given of events) await stores[0]!.append('s', [given]);
    const backoff = { initialMs: 1, maxMs: 1 };
    const failing = stores[0]!.project(projection(17), { maxAttempts: 2, batchSize: 7, backoff, onFailure: 'park' });
    const racing = stores[1]!.project(projection(17), { maxAttempts: 2, batchSize: 5, backoff, onFailure: 'park' });
    await Promise.all([failing.caughtUp(), racing.caughtUp()]);
    expect(rows('p_v1')).toEqual(positions.slice(0, 16));
    await racing.close();
    await failing.close();
    const mended = stores[0]!.project(projection());
    expect((await mended.retryParked()).left).toBe(0);
    expect(rows('p_v1')).toEqual(positions);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('inline: roll the append back with what they have written', async () => {
    const inline: Projection<TestDatabase> = {
      name: 'inline',
      handle: ({ position, data }, db) => {
        db.prepare('insert into inlined values (?)').run(position);
        if (data === 'bad') throw new Error('bad');
      },
    };
    const adapter = new SqliteEventAdapter(dbs[0]!, { tablePrefix: 'inline_' });
    const store = new EventStore({ adapter, inlineProjections: [inline], compressionEnabled: true });
    await store.append('s', [{ type: 't', data: 'x'.repeat(5_000) }]);
    await expect(store.append('s', [{ type: 't', data: 'bad' }])).rejects.toThrow('bad');
    expect([rows('inlined'), await store.streamVersion('s')]).toEqual([[1], 1]);
    await store.close();
  });

  it('refuse a handler that gives a promise, instead of trying it without end', async () => {
    const store = new EventStore({ adapter: new SqliteEventAdapter(dbs[0]!, { tablePrefix: 'promise_' }) });
    await store.append('s', events);
    const running = store.project({ name: 'promise', handle: async () => {} }, { maxAttempts: 1 });
    await expect(running.caughtUp()).rejects.toThrow(InvalidArgumentError);
    await store.close();
  });
});

describeWithPostgres('projections and groups on PostgreSQL', () => {
  const schema = uniqueName('projections');
  let pool: pg.Pool;
  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 8 });
    await pool.query(`create schema ${schema}; create table ${schema}.inlined (position bigint)`);
  });
  afterAll(async () => {
    await pool.query(`drop schema ${schema} cascade`);
    await pool.end();
  });
  const newStore = (options = {}) =>
    new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema }), ...options });
  const rows = async (table: string) =>
    (await pool.query<{ position: string }>(`select position from ${schema}.${table} order by 1`)).rows.map(
      ({ position }) => Number(position),
    );

  it('apply each event once, by two stores that race, through failures; inline in the append', async () => {
    let failures = 5;
    const projection: Projection<pg.ClientBase> = {
      name: 'p',
      reset: async (client, target) => void (await client.query(`create table ${schema}.${target} (position bigint)`)),
      handle: async ({ position, data }, client, target) => {
        await client.query(`insert into ${schema}.${target} values ($1)`, [position]);
        if (data === 17 && failures-- > 0) throw new Error('after it took effect');
      },
    };
    const inline: Projection<pg.ClientBase> = {
      name: 'inline',
      handle: async ({ position, data }, client) => {
        await client.query(`insert into ${schema}.inlined values ($1)`, [position]);
        if (data === 'bad') throw new Error('bad');
      },
    };
    const stores = [newStore({ inlineProjections: [inline] }), newStore()];
    const backoff = { initialMs: 1, maxMs: 1 };
    const running = stores.map((store, index) => store.project(projection, { batchSize: 5 + index, backoff }));
    for (const given of events) await stores[0]!.append('s', [given]);
    await expect(stores[0]!.append('s', [{ type: 't', data: 'bad' }])).rejects.toThrow('bad');
    await Promise.all(running.map((each) => each.caughtUp()));
    const stored = (await stores[0]!.readAll().toArray()).map(({ position }) => position);
    expect(stored).toHaveLength(40);
    expect(await rows('p_v1')).toEqual(stored);
    expect(await rows('inlined')).toEqual(stored);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('share the streams among consumers, of which one leaves', async () => {
    const stores = [newStore(), newStore()];
    const seen: string[] = [];
    const consume = (store: EventStore) =>
      store.subscribe({
        name: 'g',
        group: { partitions: 4, leaseMs: 2_000 },
        onFailure: 'park',
        maxAttempts: 1,
        handle: async ({ stream, version }) => {
          if (stream === 'g3' && version === 2) throw new Error('poison');
          if (stream !== 's') seen.push(`${stream} ${version}`);
        },
      });
    const running = stores.map((store) => consume(store));
    const all: string[] = [];
    for (let version = 1; version <= 3; version++) {
      for (let n = 0; n < 8; n++) {
        await stores[0]!.append(`g${n}`, [{ type: 't', data: n }]);
        all.push(`g${n} ${version}`);
      }
    }
    await running[0]!.caughtUp();
    await stores[0]!.close();
    await running[1]!.caughtUp();
    const parked = (await running[1]!.parked()).map(({ stream, attempts }) => [stream, attempts]);
    expect(parked).toEqual([
      ['g3', 1],
      ['g3', 0],
    ]);
    expect(seen.toSorted()).toEqual(all.filter((each) => !['g3 2', 'g3 3'].includes(each)).toSorted());
    await stores[1]!.close();
  });
});
