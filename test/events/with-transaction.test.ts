import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type { PgQueryable } from '../../src/adapters/postgres/pg-queryable.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { EventStreams } from '../../src/events/event-streams.ts';
import { IntervalSnapshotStrategy } from '../../src/events/interval-snapshot-strategy.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';

/** A database, and a transaction of the caller's in it: committed, unless the work fails. */
interface Database {
  readonly db: PgQueryable;
  transaction(work: (client: PgQueryable) => Promise<void>): Promise<void>;
}

const event = (data: unknown, fields = {}) => ({ type: 'counted', data, ...fields });
const undone = new Error('rolled back');

/** A fold that keeps a snapshot whenever it may. */
const count = {
  name: 'count',
  initial: () => 0,
  evolve: (sum: number, { data }: RecordedEvent) => sum + Number(data),
};

function cases(database: () => Database) {
  const schema = uniqueName('with_transaction');
  const open = (options = {}) =>
    new EventStore({ adapter: new PostgreSQLEventAdapter(database().db, { schema }), ...options });
  const rows = async () => (await database().db.query(`select n from ${schema}.mine order by n`)).rows;
  const insert = (client: PgQueryable, n: number) => client.query(`insert into ${schema}.mine values ($1)`, [n]);
  /** One transaction that writes a row and appends, and either commits or is rolled back. */
  async function write(
    store: EventStore,
    n: number,
    commits: boolean,
    work: (inside: EventStreams) => Promise<unknown>,
  ) {
    const writing = database().transaction(async (client) => {
      await insert(client, n);
      await work(store.withTransaction(client));
      if (!commits) throw undone;
    });
    await (commits ? writing : expect(writing).rejects.toBe(undone));
  }

  beforeAll(async () => {
    await open().init();
    await database().db.query(`create table ${schema}.mine (n int primary key)`);
  });
  afterAll(async () => {
    await database().db.query(`drop schema ${schema} cascade`);
  });

  it('ES12 stores events with the caller’s rows, or neither', async () => {
    const store = open();
    await store.init();
    for (const commits of [false, true]) {
      await write(store, 1, commits, async (inside) => {
        const results = await inside.appendMany([
          { stream: 'both', events: [event(1), event(2)], expectedVersion: 'no_stream' },
          { stream: 'other', events: [event(3)], expectedVersion: 'no_stream' },
        ]);
        expect(results.map(({ version }) => version)).toEqual([2, 1]);
        expect(await inside.streamVersion('both')).toBe(2);
        expect((await inside.read('both').toArray()).map(({ data }) => data)).toEqual([1, 2]);
      });
      expect(await store.streamVersion('both')).toBe(commits ? 2 : 0);
      expect(await rows()).toEqual(commits ? [{ n: 1 }] : []);
    }
  });

  it('ES2 ES4 refuses, repeats and leaves the transaction as it was', async () => {
    const store = open();
    const known = event(1, { id: uniqueName('known'), tags: ['tag'] });
    const first = await store.append('refusing', [known]);
    await write(store, 2, true, async (inside) => {
      expect(await inside.append('refusing', [known], { expectedVersion: 7 })).toEqual(first);
      const stale = inside.append('refusing', [event(2)], { expectedVersion: 0 });
      await expect(stale).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT', actualVersion: 1 });
      const changed = inside.append('refusing', [{ ...known, data: 2 }]);
      await expect(changed).rejects.toMatchObject({ code: 'DUPLICATE_EVENT' });
      const matching = inside.append('refusing', [event(2)], { failIfEventsMatch: [{ tags: ['tag'] }] });
      await expect(matching).rejects.toMatchObject({ code: 'APPEND_CONDITION_FAILED', position: first.position });
      await inside.append('refusing', [event(2)], { expectedVersion: 1 });
    });
    expect(await store.streamVersion('refusing')).toBe(2);
    expect(await rows()).toContainEqual({ n: 2 });
  });

  it('keeps inline projections in the transaction, with the caller’s own client', async () => {
    const seen: unknown[] = [];
    const inline = {
      name: 'inline',
      handle: async ({ data }: RecordedEvent, client: unknown) => {
        seen.push(client);
        await insert(client as PgQueryable, 100 + Number(data));
      },
    };
    const store = open({ inlineProjections: [inline] });
    await store.init();
    for (const commits of [false, true]) {
      const writing = database().transaction(async (client) => {
        await store.withTransaction(client).append('inline', [event(1)]);
        expect(seen.pop()).toBe(client);
        if (!commits) throw undone;
      });
      await (commits ? writing : expect(writing).rejects.toBe(undone));
    }
    expect(await rows()).toContainEqual({ n: 101 });
    expect(await store.streamVersion('inline')).toBe(1);
  });

  it('ES8 folds from a snapshot, and writes none', async () => {
    const snapshotStrategy = new IntervalSnapshotStrategy(2);
    const store = open({ snapshotStrategy });
    const adapter = new PostgreSQLEventAdapter(database().db, { schema });
    await store.append('folded', [event(1), event(2)]);
    const fold = async () => {
      const statements: string[] = [];
      let state = {};
      await database().transaction(async (client) => {
        const query = (text: string, values?: unknown[]) => {
          statements.push(text);
          return client.query(text, values);
        };
        const inside = store.withTransaction({ query });
        await inside.append('folded', [event(3), event(4), event(5)]);
        state = await inside.aggregateStream('folded', count);
        // A snapshot would be begun by now.
        await inside.streamVersion('folded');
        await client.query('rollback');
      });
      expect(statements.filter((text) => text.includes('insert into') && text.includes('event_snapshots'))).toEqual([]);
      return state;
    };
    expect(await fold()).toEqual({ state: 15, version: 5 });
    expect(await adapter.loadSnapshot('folded', 'count')).toBeUndefined();
    const other = open({ snapshotStrategy });
    await other.aggregateStream('folded', count);
    await other.close();
    expect(await adapter.loadSnapshot('folded', 'count')).toMatchObject({ version: 2 });
    await database().db.query(`update ${schema}.event_snapshots set data = replace(data, '"state":3', '"state":1003')`);
    expect(await fold()).toEqual({ state: 1015, version: 5 });
    expect(await adapter.loadSnapshot('folded', 'count')).toMatchObject({ version: 2 });
  });

  it('creates nothing inside the transaction: the store is initialized before, or says so', async () => {
    const own = uniqueName('never_made');
    const adapter = new PostgreSQLEventAdapter(database().db, { schema: own });
    const store = new EventStore({ adapter });
    await database().transaction(async (client) => {
      expect(() => store.withTransaction(client)).toThrow(expect.objectContaining({ code: 'NOT_INITIALIZED' }));
      await adapter.withTransaction(client).init();
    });
    const { rows: found } = await database().db.query('select 1 from pg_namespace where nspname = $1', [own]);
    expect(found).toEqual([]);
  });

  it('says what to do when the storage fails, and nothing is stored', async () => {
    const store = open();
    await store.init();
    const failing = database().transaction(async (client) => {
      const inside = store.withTransaction(client);
      await inside.append('failing', [event(1)]);
      await client.query('select 1/0').then(undefined, () => {});
      await inside.append('failing', [event(2)]);
    });
    await expect(failing).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('roll your transaction back'),
      cause: { code: '25P02' },
    });
    expect(await store.streamVersion('failing')).toBe(0);
  });

  it('is of no use once the store is closed', async () => {
    const store = open();
    await store.init();
    await database().transaction(async (client) => {
      const inside = store.withTransaction(client);
      await store.close();
      await expect(inside.append('closed', [event(1)])).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(inside.streamVersion('closed')).rejects.toMatchObject({ code: 'CLOSED' });
      expect(() => store.withTransaction(client)).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    });
  });
}

describe('a store inside a transaction of the caller’s, on PGlite', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await PGlite.create();
  });
  afterAll(() => db.close());
  cases(() => ({ db, transaction: (work) => db.transaction(work) }));

  it('tells subscriptions of this store and of others by wake(), once it is committed', async () => {
    const options = { schema: 'woken', listener: db, notify: true };
    const [store, other] = [1, 2].map(() => new EventStore({ adapter: new PostgreSQLEventAdapter(db, options) }));
    await store!.init();
    const handled: string[] = [];
    let stir = () => {};
    const handledOnBoth = async (id: string) => {
      while (![0, 1].every((index) => handled.includes(`${index} ${id}`))) {
        await new Promise<void>((resolve) => {
          stir = resolve;
        });
      }
    };
    const subscriptions = [store!, other!].map((each, index) => {
      const handle = async ({ id }: RecordedEvent) => {
        handled.push(`${index} ${id}`);
        stir();
      };
      return each.subscribe({ name: `s${index}`, pollIntervalMs: 1_000_000_000, handle });
    });
    const caughtUp = () => Promise.all(subscriptions.map((subscription) => subscription.caughtUp()));
    await caughtUp();
    await store!.append('woken', [event(0, { id: 'zero' })]);
    await handledOnBoth('zero');
    // Whatever that append has notified is heard by now.
    await db.query('select 1');
    await caughtUp();
    await db.transaction(async (client) => {
      await store!.withTransaction(client).append('woken', [event(1, { id: 'one' })]);
    });
    expect(handled).toHaveLength(2);
    store!.wake();
    await handledOnBoth('one');
    expect(handled).toHaveLength(4);
    await Promise.all([store!.close(), other!.close()]);
  });
});

describeWithPostgres('a store inside a transaction of the caller’s, on PostgreSQL', () => {
  const orderSchema = uniqueName('with_transaction_order');
  let pool: pg.Pool;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 3 });
  });
  afterAll(async () => {
    await pool.query(`drop schema if exists ${orderSchema} cascade`);
    await pool.end();
  });
  async function transaction(work: (client: PgQueryable) => Promise<void>) {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await work(client);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }
  cases(() => ({ db: pool, transaction }));

  it('ES5 holds back what comes behind it until it is decided', async () => {
    const store = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema: orderSchema }) });
    await store.init();
    for (const commits of [true, false]) {
      const after = (await store.readAll().toArray()).at(-1)?.position ?? 0;
      const behind = async () => (await store.readAll({ after }).toArray()).map(({ stream }) => stream);
      const writing = transaction(async (client) => {
        await store.withTransaction(client).append('open', [event(1)]);
        await store.append('later', [event(2)]);
        expect(await behind()).toEqual([]);
        if (!commits) throw undone;
      });
      await (commits ? writing : expect(writing).rejects.toBe(undone));
      expect(await behind()).toEqual(commits ? ['open', 'later'] : ['later']);
    }
  });
});

describe('a store whose adapter knows no transactions of the caller’s', () => {
  it('says what to use instead', async () => {
    const store = new EventStore({ adapter: new MemoryEventAdapter() });
    await store.init();
    expect(() => store.withTransaction({})).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_BY_ADAPTER', message: expect.stringContaining('appendSync()') }),
    );
  });
});

it.each([
  ['nothing', undefined],
  ['what is no client', {}],
  ['a pool, on which each statement is a transaction of its own', new pg.Pool()],
])('withTransaction refuses %s', async (_, client) => {
  const adapter = new PostgreSQLEventAdapter({ query: async () => ({ rows: [] }) });
  expect(() => adapter.withTransaction(client as PgQueryable)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', argument: 'client' }),
  );
});
