import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PgHearing } from '../../src/adapters/postgres/pg-hearing.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { describeWithPostgres, postgresDirectUrl, postgresUrl, uniqueName } from '../servers.ts';

/** A poll that no test lives to see: only a notification wakes. */
const never = 2 ** 31 - 1;

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

describe('a listener on PGlite', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await PGlite.create();
  });
  afterAll(() => db.close());

  it.each(['lower', 'Capital'])('hears of appends in a schema named %s, and leaves nothing', async (schema) => {
    const store = new EventStore({ adapter: new PostgreSQLEventAdapter(db, { schema, listener: db }) });
    const { subscription, handled } = follow(store, 's', never);
    await subscription.caughtUp();
    const seen = handled(1);
    const others = new EventStore({ adapter: new PostgreSQLEventAdapter(db, { schema, notify: true }) });
    await others.append('s', [{ type: 't', data: 1 }]);
    await seen;
    await Promise.all([store.close(), others.close()]);
    expect((await db.query('select pg_listening_channels()')).rows).toEqual([]);
  });
});

describeWithPostgres('a listener on a pg.Client', () => {
  const schema = uniqueName('Events_listener');
  let pool: pg.Pool;
  let others: EventStore;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
    others = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema, notify: true }) });
  });
  afterAll(async () => {
    await others.close();
    await pool.query(`drop schema if exists "${schema}" cascade`);
    await pool.end();
  });

  async function connect() {
    const client = new pg.Client({ connectionString: postgresDirectUrl });
    await client.connect();
    return client;
  }

  /** A store that listens, and what it says of that. */
  function listening(listener: PgHearing) {
    const errors: Error[] = [];
    const onError = (error: unknown) => void errors.push(error as Error);
    const adapter = new PostgreSQLEventAdapter(pool, { schema, listener, onError });
    return { store: new EventStore({ adapter }), errors };
  }

  /** Resolves once something listens on it. */
  async function listens(client: pg.Client) {
    while ((await client.query('select pg_listening_channels()')).rowCount === 0);
  }

  async function terminate(client: pg.Client) {
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    client.on('error', () => {});
    await pool.query('select pg_terminate_backend($1)', [(client as unknown as { processID: number }).processID]);
    await ended;
  }

  /** Appends, and waits until it is handled. */
  async function append(stream: string, version: number, { handled }: ReturnType<typeof follow>) {
    const seen = handled(version);
    await others.append(stream, [{ type: 't', data: 1 }]);
    await seen;
  }

  it('is shared by stores: the last that closes leaves the connection as it was', async () => {
    const client = await connect();
    const [one, two] = [listening(client), listening(client)];
    const [first, second] = [follow(one.store, 'first', never), follow(two.store, 'second', never)];
    await Promise.all([first.subscription.caughtUp(), second.subscription.caughtUp()]);
    await append('first', 1, first);
    await one.store.close();
    await append('second', 1, second);
    await two.store.close();
    expect((await client.query('select pg_listening_channels()')).rows).toEqual([]);
    await client.end();
    expect([one.errors, two.errors]).toEqual([[], []]);
  });

  it('that is lost leaves its subscriptions to polling, says so, and can be closed', async () => {
    const client = await connect();
    const { store, errors } = listening(client);
    const polling = follow(store, 'polling', 20);
    await polling.subscription.caughtUp();
    await listens(client);
    await terminate(client);
    expect(errors).toMatchObject([{ code: 'STORAGE_FAILED', cause: { code: '57P01' } }]);
    for (const version of [1, 2]) await append('polling', version, polling);
    await polling.subscription.caughtUp();
    await store.close();
    expect([polling.told, errors.length]).toEqual([[], 1]);
  });

  it('that its owner ends is no failure', async () => {
    const client = await connect();
    const { store, errors } = listening(client);
    const polling = follow(store, 'ended', 20);
    await polling.subscription.caughtUp();
    await listens(client);
    await client.end();
    await append('ended', 1, polling);
    await store.close();
    expect(errors).toEqual([]);
  });

  it('that is lost already when a subscription begins is told of to onRetry, and polling goes on', async () => {
    const client = await connect();
    await terminate(client);
    const { store } = listening(client);
    const late = follow(store, 'late', 20);
    await append('late', 1, late);
    await late.subscription.caughtUp();
    await store.close();
    expect(late.told.length).toBeGreaterThan(0);
  });

  it('that is lost is followed by another, where it may connect itself', async () => {
    const clients: pg.Client[] = [];
    const { store, errors } = listening(async () => {
      // While there is none, one event comes.
      if (clients.length === 1) await others.append('again', [{ type: 't', data: 1 }]);
      clients.push(await connect());
      return clients.at(-1)!;
    });
    const following = follow(store, 'again', never);
    await following.subscription.caughtUp();
    await append('again', 1, following);
    const missed = following.handled(2);
    await listens(clients[0]!);
    await terminate(clients[0]!);
    await missed;
    await append('again', 3, following);
    expect(errors).toMatchObject([{ message: expect.stringContaining('another connection is tried') }]);
    const ended = new Promise<void>((resolve) => clients[1]!.once('end', resolve));
    await store.close();
    await ended;
  });
});
