import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';

describeWithPostgres('a listener whose connection is lost', () => {
  const schema = uniqueName('events_listener');
  let pool: pg.Pool;
  let others: EventStore;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
    others = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema, notify: true }) });
  });
  afterAll(async () => {
    await others.close();
    await pool.query(`drop schema if exists ${schema} cascade`);
    await pool.end();
  });

  /** A store that listens, its connection, and what that one said of its end. */
  async function listening() {
    const listener = new pg.Client({ connectionString: postgresUrl });
    await listener.connect();
    const lost = new Promise<Error & { code?: string }>((resolve) => listener.on('error', resolve));
    const { rows } = await listener.query('select pg_backend_pid() as pid');
    const store = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema, listener }) });
    return { store, lost, terminate: () => pool.query('select pg_terminate_backend($1)', [rows[0].pid]) };
  }

  /** A subscription, and what it handles, to be awaited. */
  function follow(store: EventStore, name: string, pollIntervalMs: number) {
    const waiting = new Map<number, (version: number) => void>();
    const told: unknown[] = [];
    const subscription = store.subscribe({
      name,
      pollIntervalMs,
      backoff: { initialMs: 1, maxMs: 1 },
      onRetry: (error) => told.push(error),
      handle: async ({ stream, version }) => {
        if (stream === name) waiting.get(version)?.(version);
      },
    });
    const handled = (version: number) => new Promise<number>((resolve) => waiting.set(version, resolve));
    return { subscription, told, handled };
  }

  it('leaves its subscriptions to polling, and can be closed', async () => {
    const { store, lost, terminate } = await listening();
    const { subscription, told, handled } = follow(store, 'polling', 20);
    await subscription.caughtUp();
    await terminate();
    expect(await lost).toMatchObject({ code: '57P01' });
    for (const version of [1, 2]) {
      const seen = handled(version);
      await others.append('polling', [{ type: 't', data: 1 }]);
      await seen;
    }
    await subscription.caughtUp();
    await store.close();
    expect(told).toEqual([]);
  });

  it('that is lost already when a subscription begins is told of to onRetry, and polling goes on', async () => {
    const { store, lost, terminate } = await listening();
    await terminate();
    await lost;
    const { subscription, told, handled } = follow(store, 'late', 20);
    const seen = handled(1);
    await others.append('late', [{ type: 't', data: 1 }]);
    await seen;
    await subscription.caughtUp();
    await store.close();
    expect(told.length).toBeGreaterThan(0);
  });
});
