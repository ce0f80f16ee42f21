// MV5: 10,000 versions of a 100 KB state with small changes must not take 1 GB. DEEP=1 runs the full number.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PgDatabase } from '../../src/adapters/postgres/pg-queryable.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { deepFreeze, type JsonValue } from '../../src/core/json-value.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite } from '../sqlite-driver.ts';

const versions = process.env.DEEP ? 10_000 : 200;

const items = Array.from({ length: 1100 }, (_, n) => ({
  id: `item-${n}`,
  title: `Number ${(n * 7919) % 100_003} of them`,
  done: false,
  at: n * 31,
}));

/** Some 100 KB; each version changes a counter and two of the items before it. */
function stateAt(n: number): JsonValue {
  const copy = items.map((item, index) => {
    const changes = Math.floor((n - 1 - index) / items.length) + 1;
    return changes > 0 ? { ...item, done: true, at: item.at + changes } : item;
  });
  return deepFreeze({ version: n, items: copy, updatedAt: 1_000_000 + n });
}

const stateBytes = JSON.stringify(stateAt(1)).length;

/** @returns Bytes that a version takes. */
async function fill(store: VersionStore, bytes: () => Promise<number> | number): Promise<number> {
  await store.init();
  const before = await bytes();
  for (let n = 1; n <= versions; n++) {
    // A copy, as the controller makes one: versions share nothing.
    const state = deepFreeze(structuredClone(stateAt(n)));
    const outcome = await store.commit({ writes: [{ aggregateId: 'a', state }], checks: [], timestamp: n });
    expect(outcome.status).toBe('committed');
  }
  const taken = (await bytes()) - before;
  for (const version of [1, 2, 63, 64, 65, versions - 17, versions - 1, versions]) {
    expect((await store.read('a', { version }))?.state).toEqual(stateAt(version));
  }
  return taken / versions;
}

function report(where: string, bytes: number): void {
  console.info(`${where}: ${versions} versions of ${stateBytes} bytes take ${Math.round(bytes)} bytes each`);
  expect(bytes).toBeLessThan(stateBytes / 8);
}

describe('MV5 small changes of long states take little room', () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };

  it('in memory', async () => {
    report('memory', await fill(new MemoryVersionStore(), heap));
  });

  it('in memory a million updates that are removed again take no more than a few', async () => {
    const store = new MemoryVersionStore();
    const updates = process.env.DEEP ? 1_000_000 : 100_000;
    let before = 0;
    for (let n = 1; n <= updates; n++) {
      const writes = [{ aggregateId: `a${n % 100}`, state: `state ${n} ${'x'.repeat(500)}${n}` }];
      store.commitSync({ writes, checks: [], timestamp: n, retention: { keepVersions: 3, horizon: n } });
      if (n === updates / 10) before = heap();
    }
    expect((await store.changes({ after: 0, prefix: '', limit: updates })).length).toBeLessThanOrEqual(400);
    const grown = heap() - before;
    console.info(`memory: ${updates} updates, ${Math.round(grown / 1024)} KiB more than after a tenth of them`);
    // The updates themselves are some 60 bytes of objects and 500 of text each.
    expect(grown).toBeLessThan(3_000_000);
  });

  it('on SQLite', async () => {
    const db = openSqlite(':memory:');
    const pages = () => Number(Object.values(db.prepare('pragma page_count').get() as object)[0]) * 4096;
    try {
      report('SQLite', await fill(new SqliteVersionStore(db), pages));
    } finally {
      db.close();
    }
  });

  it('on SQLite what was written before there were deltas is packed by a vacuum', async () => {
    const db = openSqlite(':memory:');
    const store = new SqliteVersionStore(db);
    const bytes = () =>
      Number((db.prepare('select sum(length(state)) as n from migration_state_versions').get() as { n: number }).n);
    try {
      await store.init();
      const insert = db.prepare(`insert into migration_state_versions values ('a', ?, ?, 0, ?, 'full', null)`);
      for (let n = 1; n <= 70; n++) insert.run(n, n, JSON.stringify(stateAt(n)));
      expect(await store.vacuum({ horizon: 0 })).toBe(0);
      expect(bytes()).toBeLessThan(4 * stateBytes);
      for (const version of [1, 63, 64, 69, 70]) {
        expect((await store.read('a', { version }))?.state).toEqual(stateAt(version));
      }
    } finally {
      db.close();
    }
  });
});

/** What the test asks of PGlite and of a pool alike. */
type Db = PgDatabase & { query(text: string): Promise<{ readonly rows: readonly unknown[] }> };

function onPostgres(where: string, open: () => Promise<Db>, close: (db: never) => Promise<void>) {
  const schema = uniqueName('deltas');
  let db: Db;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(async () => {
    await db.query(`drop schema if exists ${schema} cascade`);
    await close(db as never);
  });
  const sum = async () => {
    const { rows } = await db.query(`select coalesce(sum(octet_length(state)), 0) as n from ${schema}.state_versions`);
    return Number((rows[0] as { n: unknown }).n);
  };

  it('MV5 small changes of long states take little room', async () => {
    const store = new PostgreSQLVersionStore(db, { schema });
    await store.init();
    report(where, await fill(store, sum));
    const before = await sum();
    await store.vacuum({ horizon: 0 });
    console.info(`${where}: a vacuum leaves ${Math.round(((await sum()) / before) * 100)} % of it`);
    expect(await sum()).toBeLessThan(before);
    expect((await store.read('a', { version: versions - 5 }))?.state).toEqual(stateAt(versions - 5));
  });

  it('MV2 several stores pack the same versions, and each reads all of them', async () => {
    const stores = Array.from({ length: 3 }, () => new PostgreSQLVersionStore(db, { schema }));
    const writes = (n: number) => [{ aggregateId: 'b', state: stateAt(n) }];
    for (let n = 1; n <= 60; n++) await stores[n % 3]!.commit({ writes: writes(n), checks: [], timestamp: 0 });
    await Promise.all(stores.map((store) => store.vacuum({ horizon: 0 })));
    for (const [index, store] of stores.entries()) {
      const history = await store.history('b', { fromVersion: 1 + index, limit: 100 });
      expect(history.map(({ state }) => (state as { version: number }).version)).toEqual(
        Array.from({ length: 60 - index }, (_, n) => n + 1 + index),
      );
      expect(history[10]!.state).toEqual(stateAt(11 + index));
    }
  });

  it('says so when a delta is damaged', async () => {
    const store = new PostgreSQLVersionStore(db, { schema });
    await db.query(
      `update ${schema}.state_versions set state = 'x' || state where aggregate_id = 'b' and version = 30`,
    );
    await expect(store.read('b', { version: 30 })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('damaged'),
    });
    expect((await store.read('b', { version: 31 }))?.version).toBe(31);
  });
}

describe('deltas on PGlite', () => {
  onPostgres(
    'PGlite',
    () => PGlite.create(),
    (db: PGlite) => db.close(),
  );
});

describeWithPostgres('deltas on PostgreSQL', () => {
  onPostgres(
    'PostgreSQL',
    async () => new pg.Pool({ connectionString: postgresUrl, max: 3 }),
    (pool: pg.Pool) => pool.end(),
  );
});
