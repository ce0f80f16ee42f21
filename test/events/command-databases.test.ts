import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { commandHandler } from '../../src/events/command-handler.ts';
import type { Decider } from '../../src/events/decider.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { queryCommandHandler } from '../../src/events/query-command-handler.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';

const seats = 10;

/** Sells seats, one by one, as long as there are any; each event says how many were sold before. */
const selling: Decider<number, number> = {
  name: 'selling',
  initial: () => 0,
  evolve: (sold) => sold + 1,
  decide: (buyer, sold) => (sold < seats ? { type: 'sold', data: { buyer, sold }, tags: ['seats'] } : undefined),
};

function commandsOn(adapters: () => readonly EventAdapter[]): void {
  const buyers = Array.from({ length: 20 }, (_, buyer) => buyer);
  const waits = { maxAttempts: 200, backoff: { initialMs: 2, maxMs: 20 } };

  it('CH1 CH2 sells no seat twice and none too many, with a stream or with a query', async () => {
    const stores = adapters().map((adapter) => new EventStore({ adapter }));
    const onStream = stores.map((store) => commandHandler({ store, decider: selling, ...waits }));
    const overQuery = stores.map((store) =>
      queryCommandHandler({
        store,
        decider: selling,
        query: () => [{ tags: ['seats'], types: ['sold'] }],
        stream: (buyer) => `buyer-${buyer}`,
        ...waits,
      }),
    );
    const expected = Array.from({ length: seats }, (_, sold) => sold);

    const bought = await Promise.all(buyers.map((buyer) => overQuery[buyer % 2]!(buyer)));
    const tagged = await stores[0]!.readAll({ query: [{ tags: ['seats'] }] }).toArray();
    expect(tagged.map(({ data }) => (data as { sold: number }).sold)).toEqual(expected);
    expect(bought.flatMap(({ events }) => events).sort((a, b) => a.position - b.position)).toEqual(tagged);

    const results = await Promise.all(buyers.map((buyer) => onStream[buyer % 2]!('show', buyer)));
    const stored = await stores[0]!.read('show').toArray();
    expect(stored.map(({ data }) => (data as { sold: number }).sold)).toEqual(expected);
    expect(results.flatMap(({ events }) => events).sort((a, b) => a.version - b.version)).toEqual(stored);
  });

  it('CH3 carries a command out once that is sent twice at once', async () => {
    const handlers = adapters().map((adapter) =>
      commandHandler({ store: new EventStore({ adapter }), decider: selling, ...waits }),
    );
    const sent = [0, 1, 2, 3, 4].flatMap((buyer) => handlers.map((handle) => ({ buyer, handle })));
    const results = await Promise.all(
      sent.map(({ buyer, handle }) => handle('again', buyer, { commandId: `command-${buyer}` })),
    );
    const stored = await new EventStore({ adapter: adapters()[0]! }).read('again').toArray();
    expect(stored).toHaveLength(5);
    for (const [index, { buyer }] of sent.entries()) {
      const event = stored.find(({ data }) => (data as { buyer: number }).buyer === buyer)!;
      expect(results[index]).toEqual({
        state: event.version,
        version: event.version,
        events: [event],
        position: event.position,
      });
    }
  });
}

describe('commands on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'commands-'));
  let databases: TestDatabase[];
  beforeAll(() => {
    databases = [1, 2].map(() => openSqlite(join(folder, 'events.db')));
    for (const db of databases) db.exec('pragma journal_mode = wal; pragma synchronous = off');
  });
  afterAll(() => {
    for (const db of databases) db.close();
    rmSync(folder, { recursive: true });
  });
  commandsOn(() => databases.map((db) => new SqliteEventAdapter(db)));
});

describeWithPostgres('commands on PostgreSQL', () => {
  const schema = uniqueName('commands');
  let pools: pg.Pool[];
  beforeAll(() => {
    pools = [1, 2].map(() => new pg.Pool({ connectionString: postgresUrl, max: 4 }));
  });
  afterAll(async () => {
    await pools[0]!.query(`drop schema if exists ${schema} cascade`);
    await Promise.all(pools.map((pool) => pool.end()));
  });
  commandsOn(() => pools.map((pool) => new PostgreSQLEventAdapter(pool, { schema })));
});
