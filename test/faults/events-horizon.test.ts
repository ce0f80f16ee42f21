// The horizon written down for standbys, on one server. A standby itself: npm run standby-events.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventDdl } from '../../src/adapters/postgres/pg-event-ddl.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import type { EventBatch } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { IntervalSnapshotStrategy } from '../../src/events/interval-snapshot-strategy.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';

const batch = (stream: string): EventBatch => ({
  stream,
  expectedVersion: 'any',
  events: [{ id: randomUUID(), type: 't', data: '1', encoding: 'json', metadata: '{}', timestamp: 0, tags: [] }],
});

describeWithPostgres('the horizon written down for standbys', () => {
  const schema = uniqueName('events_horizon');
  let pool: pg.Pool;
  let adapter: PostgreSQLEventAdapter;
  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 6 });
    adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
  });
  afterAll(async () => {
    await pool.query(`drop schema ${schema} cascade`);
    await pool.end();
  });

  const written = async (): Promise<number | undefined> => {
    const [row] = (await pool.query(`select position from ${schema}.event_horizon`)).rows;
    return row && Number(row.position);
  };
  const publish = async (): Promise<boolean> =>
    (await pool.query(`select ${schema}.publish_event_horizon_v1() as more`)).rows[0].more;
  async function heldAppend() {
    const client = await pool.connect();
    await client.query('begin');
    await adapter.withTransaction(client).append([batch('held')]);
    return async (end: 'commit' | 'rollback') => {
      await client.query(end);
      client.release();
    };
  }

  it.each(['commit', 'rollback'] as const)('stands before an open append, and goes on after its %s', async (end) => {
    await adapter.append([batch('a')]);
    const before = await adapter.lastPosition();
    const finish = await heldAppend();
    await adapter.append([batch('a')]);
    expect(await publish()).toBe(true);
    expect(await written()).toBe(before);
    expect(await adapter.horizon()).toEqual({ position: before, lastPosition: before + 2 });
    await finish(end);
    expect(await publish()).toBe(false);
    expect(await written()).toBe(before + 2);
    expect(await adapter.horizon()).toEqual({ position: before + 2, lastPosition: before + 2 });
  });

  it('is written by an adapter that publishes, after its own appends, and by no other', async () => {
    const before = await written();
    await adapter.append([batch('a')]);
    await adapter.close();
    expect(await written()).toBe(before);
    const publishing = new PostgreSQLEventAdapter(pool, { schema, publishHorizon: true });
    await publishing.init();
    await publishing.append([batch('a')]);
    await publishing.close();
    expect(await written()).toBe(await adapter.lastPosition());
  });

  it('changes nothing while nothing happens', async () => {
    await publish();
    const row = async () => (await pool.query(`select xmin, xmax, ctid from ${schema}.event_horizon`)).rows;
    const before = await row();
    await publish();
    expect(await row()).toEqual(before);
  });

  // One publisher has found its horizon, and stops at a gate before it writes it; meanwhile another one writes a later one.
  async function goesBack(how: 'as it is' | 'without comparing'): Promise<boolean> {
    const gate = 4712;
    const holder = await pool.connect();
    await holder.query('select pg_advisory_lock($1)', [gate]);
    await pool.query(gated(schema, how, gate));
    await adapter.append([batch('a')]);
    const late = pool.query(`select ${schema}.gated_publish()`);
    const waiting = 'select 1 from pg_locks where locktype = $1 and objid = $2 and not granted';
    while ((await pool.query(waiting, ['advisory', gate])).rows.length === 0);
    await adapter.append([batch('a')]);
    await publish();
    const last = await adapter.lastPosition();
    expect(await written()).toBe(last);
    await holder.query('select pg_advisory_unlock($1)', [gate]);
    holder.release();
    await late;
    return (await written())! < last;
  }

  it('never goes back, whoever comes late with what he found; without comparing it would', async () => {
    expect(await goesBack('as it is')).toBe(false);
    expect(await goesBack('without comparing')).toBe(true);
    expect(await publish()).toBe(false);
    expect(await written()).toBe(await adapter.lastPosition());
  });

  it('is written together by many, and never above what is decided', async () => {
    const finish = await heldAppend();
    const bound = (await adapter.horizon()).position;
    const publishers = Array.from({ length: 5 }, async () => {
      for (let n = 0; n < 20; n++) {
        await adapter.append([batch('a')]);
        await publish();
      }
    });
    await Promise.all(publishers);
    expect(await written()).toBe(bound);
    await finish('commit');
    await Promise.all([publish(), publish(), publish()]);
    expect(await written()).toBe(await adapter.lastPosition());
  });

  it('can’t be read or published where a transaction sees one snapshot only, and says so', async () => {
    const client = await pool.connect();
    await client.query('set default_transaction_isolation to serializable');
    const told: unknown[] = [];
    const onError = (error: unknown) => void told.push(error);
    const publishing = new PostgreSQLEventAdapter(client, { schema, publishHorizon: true, onError });
    await publishing.init();
    await publishing.close();
    client.release(true);
    expect(told).toEqual([expect.objectContaining({ message: expect.stringMatching(/READ COMMITTED/) })]);
  });
});

describeWithPostgres('a connection that takes no writes, as those of a standby', () => {
  const schema = uniqueName('events_read_only');
  let pool: pg.Pool;
  let store: EventStore;
  const told: unknown[] = [];
  beforeAll(async () => {
    const writable = new pg.Pool({ connectionString: postgresUrl, max: 1 });
    await new EventStore({ adapter: new PostgreSQLEventAdapter(writable, { schema }) }).append('s', [
      { type: 't', data: 1 },
    ]);
    await writable.end();
    pool = new pg.Pool({ connectionString: postgresUrl, max: 4, options: '-c default_transaction_read_only=on' });
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    const onError = (error: unknown) => void told.push(error);
    store = new EventStore({ adapter, onError, snapshotStrategy: new IntervalSnapshotStrategy(1) });
  });
  afterAll(async () => {
    await store.close();
    await pool.query(`begin; set transaction read write; drop schema ${schema} cascade; commit`);
    await pool.end();
  });
  const readOnly = { code: 'STORAGE_READ_ONLY', cause: { code: '25006' }, message: /use the primary/ };

  it('serves what only reads: init, streams, the global order and folds, whose snapshots nobody misses', async () => {
    expect(await store.readAll().toArray()).toHaveLength(1);
    expect(await store.read('s').toArray()).toHaveLength(1);
    const fold = { name: 'count', initial: () => 0, evolve: (count: number) => count + 1 };
    expect((await store.aggregateStream('s', fold)).state).toBe(1);
    await store.close();
    expect(told).toEqual([]);
    store = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema }) });
  });

  it('refuses by its name whatever writes', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    const condition = { failIfEventsMatch: [{ types: ['t'] }], after: 9 };
    for (const writing of [
      () => adapter.append([batch('s')]),
      () => adapter.append([batch('s')], { condition }),
      () => adapter.append([batch('s')], { within: () => {} }),
      () => adapter.saveCheckpoint('c', { position: 1, state: '{}' }),
      () => adapter.saveCheckpoint('c', { position: 1, state: '{}' }, { within: () => {} }),
      () => adapter.deleteStream('s', 'any'),
      () => adapter.importEvents([{ ...batch('s').events[0]!, stream: 'i', version: 1, position: 100 }]),
      () => adapter.importStreams([{ stream: 'i', version: 1, firstVersion: 1, deleted: true }]),
      () => new PostgreSQLEventAdapter(pool, { schema: `${schema}_none` }).init(),
    ]) {
      await expect(writing()).rejects.toMatchObject(readOnly);
    }
  });

  it('is told to subscriptions at once, before they handle anything', async () => {
    const handled: unknown[] = [];
    const handle = async (event: unknown) => void handled.push(event);
    // Whoever comes to wait after it has failed is told all the same.
    const onError = () => {};
    for (const subscription of [
      store.subscribe({ name: 'one', handle, onError }),
      store.subscribe({ name: 'group', handle, group: {}, onError }),
      store.project({ name: 'p', handle: () => {} }, { onError }),
    ]) {
      await expect(subscription.caughtUp()).rejects.toMatchObject(readOnly);
    }
    expect(handled).toEqual([]);
  });
});

/** A publication with a gate between what it finds and what it writes, that compares with what is there or does not. */
function gated(schema: string, how: 'as it is' | 'without comparing', gate: number): string {
  const ddl = eventDdl(`"${schema}"`)
    .flatMap(({ statements }) => statements)
    .findLast((statement) => statement.includes('.publish_event_horizon_v1()'))!;
  const [find] = /horizon := [^;]*event_horizon_v1\(\);/.exec(ddl)!;
  const [compare] = /if not exists [^;]* then/.exec(ddl)!;
  const [condition] = /where h\.position < excluded\.position/.exec(ddl)!;
  const body = ddl
    .replace('create function', 'create or replace function')
    .replace('.publish_event_horizon_v1()', '.gated_publish()')
    .replace(find, `${find} perform pg_advisory_lock(${gate}); perform pg_advisory_unlock(${gate});`);
  if (how === 'as it is') return body;
  return body.replace(compare, 'if true then').replace(condition, '');
}
