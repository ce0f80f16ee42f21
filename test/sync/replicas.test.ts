import { afterAll, describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { SqliteTableReplica } from '../../src/adapters/sqlite/sqlite-table-replica.ts';
import type { JsonObject } from '../../src/core/json-value.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { EventReplica } from '../../src/sync/event-replica.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import type { Replica } from '../../src/sync/replica.ts';
import { StateReplica } from '../../src/sync/state-replica.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import { openSqlite } from '../sqlite-driver.ts';

const a = { title: 'a', done: false, tags: ['x'], note: null };
const b = { ...a, title: 'b', done: true };
const db = openSqlite(':memory:');
afterAll(() => db.close());
let tables = 0;

const replicas: Record<string, () => Replica<JsonObject>> = {
  memory: () => new MemoryReplica<JsonObject>(),
  StateManager: () => {
    const seen = new Set(['1', '2', '3', 'none']);
    return new StateReplica<JsonObject>(new StateManager<JsonObject>(), { ids: () => seen, nodeId: 'runtime' });
  },
  'event store': () =>
    new EventReplica<JsonObject>(new EventStore({ adapter: new MemoryEventAdapter() }), {
      prefix: 'card-',
      evolve: (_state, event) => (event.type === 'card.removed' ? undefined : (event.data as JsonObject)),
      decide: (_before, after) => [after ? { type: 'card.changed', data: after } : { type: 'card.removed', data: {} }],
    }),
  'SQLite table': () => {
    const table = `cards_${++tables}`;
    db.exec(
      `CREATE TABLE ${table} (id TEXT PRIMARY KEY, name TEXT, done INTEGER, tags TEXT, note TEXT, kept TEXT DEFAULT 'k')`,
    );
    const columns = { title: { column: 'name' }, done: { type: 'boolean' }, tags: { type: 'json' }, note: {} } as const;
    return new SqliteTableReplica(db, { table, idColumn: 'id', columns });
  },
};

const idsOf = async (replica: Replica<JsonObject>) => {
  const ids: string[] = [];
  for await (const id of replica.ids()) if ((await replica.read(id)).state !== undefined) ids.push(id);
  return ids.toSorted();
};

describe.each(Object.entries(replicas))('replica over %s', (_name, create) => {
  it('writes, changes and removes by compare-and-set', async () => {
    const replica = create();
    const none = await replica.read('1');
    expect(none.state).toBeUndefined();
    const written = await replica.write('1', a, { expectedVersion: none.version });
    const first = await replica.read('1');
    expect(first.state).toEqual(a);
    expect(written).toEqual({ status: 'written', version: first.version });
    expect(await replica.write('1', b, { expectedVersion: none.version })).toEqual({ status: 'conflict' });
    expect((await replica.read('1')).state).toEqual(a);
    expect(await replica.write('1', b, { expectedVersion: first.version })).toMatchObject({ status: 'written' });
    expect(await replica.write('1', undefined, { expectedVersion: first.version })).toEqual({ status: 'conflict' });
    const second = await replica.read('1');
    expect(second.state).toEqual(b);
    expect(await replica.write('1', undefined, { expectedVersion: second.version })).toMatchObject({
      status: 'written',
    });
    expect((await replica.read('1')).state).toBeUndefined();
  });

  it('lets exactly one of several racing writes take effect', async () => {
    const replica = create();
    for (const state of [undefined, a]) {
      const { version } = await replica.read('1');
      expect((await replica.read('1')).state).toEqual(state);
      const titles = ['p', 'q', 'r'];
      const outcomes = await Promise.all(
        titles.map((title) => replica.write('1', { ...a, title }, { expectedVersion: version })),
      );
      const won = titles.filter((_, at) => outcomes[at]!.status === 'written');
      expect(won).toHaveLength(1);
      expect((await replica.read('1')).state).toEqual({ ...a, title: won[0]! });
      await replica.write('1', a, { expectedVersion: (await replica.read('1')).version });
    }
  });

  it('lists what there is', async () => {
    const replica = create();
    for (const id of ['1', '2', '3']) await replica.write(id, a, { expectedVersion: (await replica.read(id)).version });
    await replica.write('2', undefined, { expectedVersion: (await replica.read('2')).version });
    expect(await idsOf(replica)).toEqual(['1', '3']);
  });

  it('is kept in step with another', async () => {
    const runtime = create();
    const spec = new MemoryReplica<JsonObject>([['1', a]]);
    await using coordinator = new SyncCoordinator<JsonObject>({ spec, runtime });
    await coordinator.sync('1');
    spec.set('1', { ...a, title: 'c' });
    await runtime.write('1', { ...a, done: true }, { expectedVersion: (await runtime.read('1')).version });
    await coordinator.sync('1');
    expect((await runtime.read('1')).state).toEqual({ ...a, title: 'c', done: true });
    expect(await coordinator.validateConsistency()).toEqual([]);
    spec.set('1', undefined);
    await coordinator.sync('1');
    expect((await runtime.read('1')).state).toBeUndefined();
    spec.set('1', b);
    await coordinator.sync('1');
    expect((await runtime.read('1')).state).toEqual(b);
  });
});

describe('SqliteTableReplica', () => {
  const create = (columns = {}) => {
    const table = `cards_${++tables}`;
    db.exec(`CREATE TABLE ${table} (id TEXT PRIMARY KEY, title, done, kept TEXT DEFAULT 'k')`);
    return {
      table,
      replica: new SqliteTableReplica(db, { table, idColumn: 'id', columns: { title: {}, ...columns } }),
    };
  };

  it('leaves other columns alone', async () => {
    const { table, replica } = create();
    await replica.write('1', { title: 'a' }, { expectedVersion: '' });
    db.exec(`UPDATE ${table} SET kept = 'mine'`);
    const { version } = await replica.read('1');
    await replica.write('1', { title: 'b' }, { expectedVersion: version });
    expect(db.prepare(`SELECT * FROM ${table}`).get()).toMatchObject({ title: 'b', kept: 'mine' });
  });

  it('notices what anybody else wrote', async () => {
    const { table, replica } = create();
    await replica.write('1', { title: 'a' }, { expectedVersion: '' });
    const { version } = await replica.read('1');
    db.exec(`UPDATE ${table} SET title = NULL`);
    expect(await replica.write('1', { title: 'b' }, { expectedVersion: version })).toEqual({ status: 'conflict' });
    expect(await replica.read('1')).toMatchObject({ state: { title: null } });
  });

  it('refuses what it can not store or read as it is', async () => {
    const { table, replica } = create({ done: { type: 'boolean' } });
    const write = (state: JsonObject) => replica.write('1', state, { expectedVersion: '' });
    await expect(write({ title: 'a', extra: 1 })).rejects.toThrow(/only fields that have a column \(title, done\)/);
    await expect(write({ title: ['a'] })).rejects.toThrow(/state.title/);
    await expect(write({ title: 'a', done: 'yes' })).rejects.toThrow(/state.done/);
    db.prepare(`INSERT INTO ${table} (id, title) VALUES ('1', x'00ff')`).run();
    await expect(replica.read('1')).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    const columns = { title: {} };
    expect(() => new SqliteTableReplica(db, { table: 'a; DROP', idColumn: 'id', columns })).toThrow(/options.table/);
    expect(() => new SqliteTableReplica(db, { table: 'a', idColumn: 'id', columns: {} })).toThrow(/options.columns/);
    expect(() => new SqliteTableReplica(db, { table: 'a', idColumn: 'id' } as never)).toThrow(/options.columns/);
    const misspelt = { table: 'a', idColumn: 'id', columns: { done: { type: 'bool' } } } as never;
    expect(() => new SqliteTableReplica(db, misspelt)).toThrow(/options.columns.done.type: expected 'json', 'boolean'/);
  });

  it('lists more than a page', async () => {
    const { table, replica } = create();
    const insert = db.prepare(`INSERT INTO ${table} (id) VALUES (?)`);
    for (let n = 0; n < 1200; n++) insert.run(`id${n}`);
    const ids = new Set<string>();
    for await (const id of replica.ids()) ids.add(id);
    expect(ids.size).toBe(1200);
  });

  it('refuses what a column would keep as something else, and leaves the row', async () => {
    const table = `cards_${++tables}`;
    db.exec(`CREATE TABLE ${table} (id TEXT PRIMARY KEY, title TEXT, points INTEGER)`);
    const replica = new SqliteTableReplica(db, { table, idColumn: 'id', columns: { title: {}, points: {} } });
    const { version } = await replica.read('1');
    for (const state of [{ title: 7 }, { points: '7' }, { title: 'half \ud800' }]) {
      await expect(replica.write('1', state, { expectedVersion: version })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    expect((await replica.read('1')).state).toBeUndefined();
    await replica.write('1', { title: 'a', points: 7 }, { expectedVersion: version });
    const before = await replica.read('1');
    await expect(replica.write('1', { points: 'x1', title: 1 }, { expectedVersion: before.version })).rejects.toThrow();
    expect(await replica.read('1')).toEqual(before);
  });

  it('lists rows whose ids are numbers, and none that has no id', async () => {
    const table = `cards_${++tables}`;
    db.exec(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, title)`);
    const replica = new SqliteTableReplica(db, { table, idColumn: 'id', columns: { title: {} } });
    const insert = db.prepare(`INSERT INTO ${table} (title) VALUES (?)`);
    for (let n = 0; n < 700; n++) insert.run(`t${n}`);
    expect(await idsOf(replica)).toHaveLength(700);
    expect((await replica.read('700')).state).toEqual({ title: 't699' });
    db.exec(
      `CREATE TABLE ${table}_b (id TEXT PRIMARY KEY, title); INSERT INTO ${table}_b VALUES (NULL, 'x'), ('1', 'y')`,
    );
    const other = new SqliteTableReplica(db, { table: `${table}_b`, idColumn: 'id', columns: { title: {} } });
    expect(await idsOf(other)).toEqual(['1']);
  });

  it('waits until a transaction of the application on its connection has ended', async () => {
    const { table, replica } = create();
    db.exec('BEGIN');
    db.exec(`INSERT INTO ${table} (id, title) VALUES ('1', 'never')`);
    const writing = replica.write('1', { title: 'a' }, { expectedVersion: '' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    db.exec('ROLLBACK');
    expect(await writing).toMatchObject({ status: 'written' });
    expect((await replica.read('1')).state).toEqual({ title: 'a' });
  });

  it('says so when its table can not be watched any more, and is watched anew', async () => {
    const { table } = create();
    const options = { table, idColumn: 'id', columns: { title: {} }, pollIntervalMs: 1 };
    const replica = new SqliteTableReplica(db, options);
    const ended = new Promise<unknown>((resolve) => void replica.watch(() => {}, resolve));
    await replica.read('1');
    await new Promise((resolve) => setTimeout(resolve, 20));
    db.exec(`ALTER TABLE ${table} RENAME TO ${table}_away`);
    db.exec(`CREATE TABLE ${table}_x (n)`);
    db.exec(`INSERT INTO ${table}_x VALUES (1)`);
    expect(await ended).toMatchObject({ code: 'STORAGE_FAILED' });
    await expect(replica.watch(() => {})).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    db.exec(`ALTER TABLE ${table}_away RENAME TO ${table}`);
    const told: string[] = [];
    const end = await replica.watch((id) => told.push(id));
    db.exec(`INSERT INTO ${table} (id) VALUES ('told')`);
    await expect.poll(() => told).toEqual(['told']);
    await end();
  });
});

describe('EventReplica', () => {
  type Card = { readonly title: string; readonly note?: string };
  const open = (
    decide: (before: Card | undefined, after: Card | undefined) => { type: string; data: JsonObject }[],
  ) => {
    const store = new EventStore({ adapter: new MemoryEventAdapter() });
    return new EventReplica<Card>(store, {
      prefix: 'card-',
      evolve: (state, event) => (event.type === 'gone' ? undefined : { ...state, ...(event.data as Card) }),
      decide,
    });
  };

  it('appends nothing where the events would not come to what is written', async () => {
    for (const decide of [
      () => [],
      (_: unknown, after?: Card) => [{ type: 'titled', data: { title: after?.title ?? '' } }],
    ]) {
      const replica = open(decide);
      const write = replica.write('1', { title: 'a', note: 'lost' }, { expectedVersion: '0' });
      await expect(write).rejects.toThrow(/evolve to the state of "1" exactly/);
      expect(await replica.read('1')).toEqual({ state: undefined, version: '0' });
    }
  });

  it('decides nothing where there is nothing to remove', async () => {
    const replica = open(() => {
      throw new Error('not to be asked');
    });
    expect(await replica.write('1', undefined, { expectedVersion: '0' })).toEqual({ status: 'written', version: '0' });
    expect(await replica.write('1', undefined, { expectedVersion: '3' })).toEqual({ status: 'conflict' });
  });

  it('says that its subscription has ended, and can be watched anew', async () => {
    const events = new EventStore({ adapter: new MemoryEventAdapter() });
    const subscriptions: { close(): Promise<void> }[] = [];
    const store = {
      aggregateStream: events.aggregateStream.bind(events),
      append: events.append.bind(events),
      streams: events.streams.bind(events),
      subscribe(options: Parameters<typeof events.subscribe>[0]) {
        const subscription = events.subscribe(options);
        subscriptions.push(subscription);
        return subscription;
      },
    };
    const replica = new EventReplica<Card>(store, {
      prefix: 'card-',
      evolve: (_state, event) => event.data as Card,
      decide: (_before, after) => [{ type: 'titled', data: after! as unknown as JsonObject }],
      subscription: 'sync',
    });
    const ended = new Promise<unknown>((resolve) => void replica.watch?.(() => {}, resolve));
    await new Promise((resolve) => setImmediate(resolve));
    await subscriptions[0]?.close();
    expect(await ended).toMatchObject({ code: 'CLOSED' });
    const told: string[] = [];
    const end = await replica.watch?.((id) => told.push(id));
    await replica.write('1', { title: 'a' }, { expectedVersion: '0' });
    await expect.poll(() => told).toEqual(['1']);
    await end?.();
    expect(subscriptions).toHaveLength(2);
    await events.close();
  });
});
