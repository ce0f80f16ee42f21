import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whileBusy, writeTransaction } from '../../src/adapters/sqlite/sqlite-database.ts';
import { StorageError } from '../../src/core/errors.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';

describe('writeTransaction', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-database-'));
  let one: TestDatabase;
  let two: TestDatabase;
  const insert = (db: TestDatabase, n: number) => db.prepare('insert into t values (?)').run(n);
  const stored = () => one.prepare('select n from t order by n').all();

  beforeAll(() => {
    one = openSqlite(join(folder, 'a.db'));
    two = openSqlite(join(folder, 'a.db'));
    one.exec('pragma journal_mode = wal; create table t (n integer primary key)');
    // The waiting is ours, not the driver's: better-sqlite3 would block for five seconds.
    for (const db of [one, two]) db.exec('pragma busy_timeout = 0');
  });
  afterAll(() => {
    one.close();
    two.close();
    rmSync(folder, { recursive: true });
  });

  it('commits, and rolls back with the error of the work', async () => {
    const committed = await writeTransaction(one, () => {
      insert(one, 1);
      return 'done';
    });
    expect(committed).toBe('done');
    const failure = new Error('no');
    await expect(
      writeTransaction(one, () => {
        insert(one, 2);
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(stored()).toEqual([{ n: 1 }]);
  });

  it('waits while another connection writes, then goes on', async () => {
    const clock = new FakeClock();
    two.exec('begin immediate');
    insert(two, 3);
    const waiting = writeTransaction(one, () => insert(one, 4), { clock });
    await clock.advance(100);
    two.exec('commit');
    await clock.advance(100);
    await waiting;
    expect(stored()).toEqual([{ n: 1 }, { n: 3 }, { n: 4 }]);
  });

  it('gives up after busyTimeoutMs, with the driver error as cause, and obeys a signal', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    two.exec('begin immediate');
    const timedOut = expect(writeTransaction(one, () => 0, { clock, busyTimeoutMs: 500 })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('within 500 ms'),
      cause: expect.any(Error),
    });
    const aborted = expect(writeTransaction(one, () => 0, { clock, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    await clock.advance(100);
    controller.abort(new Error('enough'));
    await clock.advance(1000);
    await Promise.all([timedOut, aborted]);
    two.exec('rollback');
  });

  it('refuses to write inside a transaction of the caller', async () => {
    one.exec('begin');
    await expect(writeTransaction(one, () => insert(one, 9))).rejects.toThrow(StorageError);
    one.exec('commit');
    expect(stored()).not.toContainEqual({ n: 9 });
  });

  it('passes on what is not a matter of waiting', async () => {
    await expect(whileBusy(() => one.prepare('select nonsense'))).rejects.toThrow('nonsense');
  });
});
