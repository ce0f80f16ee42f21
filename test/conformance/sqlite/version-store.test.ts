import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteVersionStore } from '../../../src/adapters/sqlite/sqlite-version-store.ts';
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
});
