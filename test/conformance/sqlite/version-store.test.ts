import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteVersionStore } from '../../../src/adapters/sqlite/sqlite-version-store.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { versionStoreConformance } from '../../../src/testing/version-store-conformance.ts';
import { openSqlite, sqliteDriver, type TestDatabase } from '../../sqlite-driver.ts';

for (const journal of ['wal', 'delete']) {
  describe(`SqliteVersionStore on ${sqliteDriver}, a file in journal mode ${journal}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'versions-'));
    let one: TestDatabase;
    let two: TestDatabase;
    beforeAll(() => {
      one = openSqlite(join(folder, 'versions.db'));
      two = openSqlite(join(folder, 'versions.db'));
      for (const db of [one, two]) db.exec(`pragma journal_mode = ${journal}; pragma synchronous = off`);
    });
    afterAll(() => {
      one.close();
      two.close();
      rmSync(folder, { recursive: true });
    });
    versionStoreConformance(
      { describe, it },
      {
        create: async () => new SqliteVersionStore(one, { tablePrefix: 'conformance_' }),
        reopen: async () => new SqliteVersionStore(two, { tablePrefix: 'conformance_' }),
      },
    );
  });
}

describe(`SqliteVersionStore on ${sqliteDriver}, in memory`, () => {
  let db: TestDatabase;
  beforeAll(() => {
    db = openSqlite(':memory:');
  });
  afterAll(() => db.close());
  const create = async () => new SqliteVersionStore(db);
  versionStoreConformance({ describe, it }, { create, reopen: create });

  it('MV6 writes nothing of a commit in whose midst the storage fails', async () => {
    const store = new SqliteVersionStore(db, { tablePrefix: 'failing_' });
    await store.init();
    db.exec(`create trigger full before insert on failing_state_versions when new.aggregate_id = 'bad'
      begin select raise(abort, 'the disk is full'); end`);
    const writes = ['good', 'bad'].map((aggregateId) => ({ aggregateId, state: 1 }));
    const refused = store.commit({ writes, checks: [], timestamp: 0 });
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringContaining('full') });
    expect([await store.latestVersion('good'), await store.lastSequence()]).toEqual([0, 0]);
  });

  it('says so when what is stored is not ours', async () => {
    const store = new SqliteVersionStore(db, { tablePrefix: 'stray_' });
    await store.init();
    db.exec(`insert into stray_state_versions values ('a', 1, 1, 0, 'not JSON', 'full', null)`);
    await expect(store.read('a')).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });

  it('MV6 a synchronous commit goes with the transaction that is open, and nobody reads it before', async () => {
    const clock = new FakeClock();
    const store = new SqliteVersionStore(db, { tablePrefix: 'inside_', clock, busyTimeoutMs: 1000 });
    await store.init();
    const request = { writes: [{ aggregateId: 'a', state: 1 }], checks: [], timestamp: 0 };
    db.exec('begin');
    expect(store.commitSync(request)).toMatchObject({ status: 'committed', versions: [1] });
    const reads = [store.read('a'), store.lastSequence(), store.scan({ prefix: '', sequence: 9, limit: 9 })];
    const settled: unknown[] = [];
    for (const read of reads) void read.then((found) => settled.push(found));
    await clock.advance(500);
    expect(settled).toEqual([]);
    db.exec('rollback');
    await clock.advance(400);
    expect(await Promise.all(reads)).toEqual([undefined, 0, []]);

    db.exec('begin');
    expect(store.commitSync(request)).toMatchObject({ versions: [1] });
    expect(store.commitSync({ ...request, checks: [{ aggregateId: 'a', version: 0 }] })).toMatchObject({
      status: 'conflict',
    });
    db.exec('commit');
    expect(await store.latestVersion('a')).toBe(1);
  });

  it('commits that are called at the same time share a transaction, and one that fails harms no other', async () => {
    const store = new SqliteVersionStore(db, { tablePrefix: 'group_' });
    await store.init();
    db.exec(`create trigger group_full before insert on group_state_versions when new.aggregate_id = 'bad'
      begin select raise(abort, 'the disk is full'); end`);
    const ids = ['a', 'b', 'bad', 'c'];
    const commit = (aggregateId: string) =>
      store.commit({ writes: [{ aggregateId, state: 1 }], checks: [{ aggregateId, version: 0 }], timestamp: 0 });
    const settled = await Promise.allSettled(ids.map(commit));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(await store.lastSequence()).toBe(3);
    expect((await store.scan({ prefix: '', sequence: 3, limit: 9 })).map(({ aggregateId }) => aggregateId)).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('brings a layout from before there were numbers up to date, with all that is in it', async () => {
    // As the first version of this library made it.
    db.exec(`create table older_state_versions (
        aggregate_id text not null, version integer not null, sequence integer not null, timestamp integer not null,
        state text not null, primary key (aggregate_id, version)) strict;
      create table older_state_commits (only_row integer primary key check (only_row = 1), sequence integer not null,
        identity text not null) strict;
      insert into older_state_commits values (1, 2, 'its name');
      insert into older_state_versions values ('a', 1, 1, 50, '{"n":1}'), ('a', 2, 2, 70, '{"n":2}')`);
    const store = new SqliteVersionStore(db, { tablePrefix: 'older_' });
    await Promise.all([store.init(), new SqliteVersionStore(db, { tablePrefix: 'older_' }).init()]);
    expect(await store.identity()).toBe('its name');
    const committed = await store.commit({ writes: [{ aggregateId: 'a', state: 3 }], checks: [], timestamp: 10 });
    expect(committed).toEqual({ status: 'committed', sequence: 3, timestamp: 70, versions: [3] });
    const history = await store.history('a', { fromVersion: 1, limit: 9 });
    expect(history.map(({ state }) => state)).toEqual([{ n: 1 }, { n: 2 }, 3]);
  });

  it('takes the layout that the caller made with ddl(), and refuses a newer one', async () => {
    const store = new SqliteVersionStore(db, { tablePrefix: 'own_' });
    db.exec(store.ddl());
    const identity = await store.identity();
    await store.init();
    expect(await store.identity()).toBe(identity);
    db.exec('update own_state_commits set layout = 99');
    await expect(new SqliteVersionStore(db, { tablePrefix: 'own_' }).init()).rejects.toThrow(/layout 99/);
  });
});
