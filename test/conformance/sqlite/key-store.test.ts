import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteKeyStore } from '../../../src/adapters/sqlite/sqlite-key-store.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { keyStoreConformance } from '../../../src/testing/key-store-conformance.ts';
import { runs } from '../../invariants/runs.ts';
import { openSqlite, sqliteDriver, type TestDatabase } from '../../sqlite-driver.ts';

describe.each(['wal', 'delete'])(`SqliteKeyStore on ${sqliteDriver}, a file in journal mode %s`, (journal) => {
  let folder: string;
  let one: TestDatabase;
  let two: TestDatabase;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keys-'));
    one = openSqlite(join(folder, 'keys.db'));
    two = openSqlite(join(folder, 'keys.db'));
    for (const db of [one, two]) db.exec(`pragma journal_mode = ${journal}; pragma synchronous = off`);
  });
  afterEach(() => {
    one.close();
    two.close();
    rmSync(folder, { recursive: true });
  });

  keyStoreConformance(
    { describe, it },
    { create: async () => new SqliteKeyStore(one), reopen: async () => new SqliteKeyStore(two) },
  );

  /** Whether a key is anywhere in the files of the database. */
  const isOnDisk = (key: Uint8Array) =>
    ['', '-wal', '-journal']
      .map((suffix) => join(folder, `keys.db${suffix}`))
      .some((path) => existsSync(path) && readFileSync(path).includes(Buffer.from(key)));

  const copiesOf = (key: Uint8Array) => {
    const file = readFileSync(join(folder, 'keys.db'));
    let copies = 0;
    for (let at = file.indexOf(key); at >= 0; at = file.indexOf(key, at + 1)) copies++;
    return copies;
  };

  it('leaves no byte of a deleted key in its files', async () => {
    let made = 0;
    const step = fc.record({ subject: fc.nat(400), padding: fc.nat(200), deletes: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 200, maxLength: 400, size: 'max' }), async (steps) => {
        const tablePrefix = `run_${++made}_`;
        const stores = [one, two].map((db) => new SqliteKeyStore(db, { tablePrefix }));
        const live = new Map<string, Uint8Array>();
        const deleted: Uint8Array[] = [];
        for (const [index, { subject, padding, deletes }] of steps.entries()) {
          // Of many lengths, so that pages are split and filled again.
          const name = `${subject}`.padEnd(3 + (subject % 7) * padding, '-');
          const keys = stores[index % 2]!;
          live.set(name, await keys.create(name));
          if (!deletes) continue;
          deleted.push(live.get(name)!);
          live.delete(name);
          await keys.delete(name);
        }
        expect(deleted.filter(isOnDisk)).toEqual([]);
        expect([...live.values()].every(isOnDisk)).toBe(true);
        // A second copy, where a page was rebuilt, is what would be left of a key that is deleted later.
        expect([...live.values()].filter((key) => copiesOf(key) > 1)).toEqual([]);
      }),
      { ...runs(3), endOnFailure: true },
    );
  });
});

describe(`SqliteKeyStore on ${sqliteDriver}, while somebody reads`, () => {
  it('says that a deleted key may be in the log still, and removes it when it is deleted again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keys-'));
    const db = openSqlite(join(folder, 'keys.db'));
    const reader = openSqlite(join(folder, 'keys.db'));
    try {
      // better-sqlite3 would block for five seconds at each try.
      db.exec('pragma journal_mode = wal; pragma busy_timeout = 0');
      const clock = new FakeClock();
      const keys = new SqliteKeyStore(db, { clock });
      const key = await keys.create('ann');
      reader.exec('begin');
      reader.prepare('select * from migration_subject_keys').all();

      const refused = keys.delete('ann').catch((error: unknown) => error);
      await clock.advance(10_000);
      expect(await refused).toMatchObject({
        code: 'STORAGE_FAILED',
        message: expect.stringContaining('delete it again'),
      });
      expect(await keys.get('ann')).toBeUndefined();

      reader.exec('commit');
      await keys.delete('ann');
      for (const file of ['keys.db', 'keys.db-wal']) {
        expect(readFileSync(join(folder, file)).includes(Buffer.from(key))).toBe(false);
      }
      expect(clock.pending).toBe(0);
    } finally {
      db.close();
      reader.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('takes no key back from a transaction of the caller', async () => {
    const db = openSqlite(':memory:');
    const keys = new SqliteKeyStore(db);
    await keys.init();
    db.exec('begin');
    await expect(keys.create('ann')).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    db.exec('rollback');
    expect(await keys.create('ann')).toHaveLength(32);
    db.close();
  });
});
