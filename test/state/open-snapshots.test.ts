import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, SnapshotTooOldError } from '../../src/core/errors.ts';
import { TransactionEndedError } from '../../src/state/errors.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { LongSnapshot } from '../../src/state/open-snapshots.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { collect } from './collect.ts';

describe('snapshots that stay open', () => {
  it('are reported once, when they are too old', async () => {
    const clock = new FakeClock(1000);
    const reported: LongSnapshot[] = [];
    const mvcc = new MVCCController<number>({
      clock,
      maxSnapshotAgeMs: 500,
      onLongSnapshot: (each) => reported.push(each),
    });
    const [long, short] = [mvcc.begin(), mvcc.begin()];
    await long.snapshot();
    await clock.advance(200);
    await short.read('a');
    await clock.advance(299);
    expect(reported).toEqual([]);
    await clock.advance(1);
    await short.commit();
    await clock.advance(5000);
    expect(reported).toEqual([{ openedAt: new Date(1000), ageMs: 500, expire: expect.any(Function) }]);
    await long.rollback();
    expect(clock.pending).toBe(0);
  });

  it('hold nothing back once they are expired, and their transactions say so', async () => {
    const clock = new FakeClock(1000);
    const mvcc = new MVCCController<number>({ clock });
    await mvcc.writeVersion('a', 1);
    const [old, young] = [mvcc.begin(), mvcc.begin()];
    await old.write('b', 1);
    await clock.advance(1000);
    await mvcc.writeVersion('a', 2);
    await young.snapshot();
    await mvcc.writeVersion('a', 3);
    expect(await mvcc.vacuum({ versions: 1 })).toBe(0);
    expect(mvcc.expireSnapshots({ olderThanMs: 1000 })).toBe(1);
    expect(await mvcc.vacuum({ versions: 1 })).toBe(1);
    for (const call of [
      () => old.read('a'),
      () => old.write('a', 4),
      () => old.delete('a'),
      () => collect(old.scan('')),
      () => old.updateWhere('', () => 1),
      () => old.snapshot(),
      () => old.commit(),
    ]) {
      await expect(call()).rejects.toThrow(SnapshotTooOldError);
    }
    await old.rollback();
    expect((await young.read('a'))?.state).toBe(2);
    expect(await mvcc.readVersion('b')).toBeNull();
    expect(mvcc.expireSnapshots({ olderThanMs: 0 })).toBe(1);
  });

  it('can be expired by whoever is told of them, and what fails there is reported', async () => {
    const clock = new FakeClock(1000);
    const failures: unknown[] = [];
    let times = 0;
    const onLongSnapshot = ({ expire }: LongSnapshot) => {
      expire();
      if (++times === 2) throw new Error('deaf');
    };
    const mvcc = new MVCCController<number>({
      clock,
      maxSnapshotAgeMs: 5,
      onLongSnapshot,
      onError: (error) => failures.push(error),
    });
    const transactions = [mvcc.begin({ readOnly: true }), mvcc.begin()];
    for (const transaction of transactions) await transaction.read('a');
    await clock.advance(5);
    for (const transaction of transactions) await expect(transaction.read('b')).rejects.toThrow(SnapshotTooOldError);
    expect(failures).toEqual([new Error('deaf')]);
  });

  it('end with a scan of read_committed, even one that is broken off', async () => {
    const mvcc = new MVCCController<number>();
    for (const id of ['a', 'b', 'c']) await mvcc.writeVersion(id, 1);
    const transaction = mvcc.begin({ isolationLevel: 'read_committed' });
    const scan = transaction.scan('', { batchSize: 1 });
    await scan.next();
    await mvcc.writeVersion('b', 2);
    await mvcc.vacuum({ versions: 1 });
    // As of one moment, though the level has no snapshot of its own.
    expect((await scan.next()).value?.state).toBe(1);
    await scan.return();
    expect(mvcc.expireSnapshots({ olderThanMs: 0 })).toBe(0);
    expect(await mvcc.vacuum({ versions: 1 })).toBe(1);
  });

  it('end with a transaction of read_committed whose scan was dropped, and expire while it scans', async () => {
    const mvcc = new MVCCController<number>();
    for (const id of ['a', 'b']) await mvcc.writeVersion(id, 1);
    const dropped = mvcc.begin({ isolationLevel: 'read_committed' });
    await dropped.scan('', { batchSize: 1 }).next();
    await dropped.rollback();
    expect(mvcc.expireSnapshots({ olderThanMs: 0 })).toBe(0);
    const scan = mvcc.begin({ isolationLevel: 'read_committed' }).scan('', { batchSize: 1 });
    await scan.next();
    expect(mvcc.expireSnapshots({ olderThanMs: 0 })).toBe(1);
    await expect(scan.next()).rejects.toThrow(SnapshotTooOldError);
  });

  it('are not opened by a scan whose transaction ends before it begins', async () => {
    for (const isolationLevel of ['serializable', 'read_committed'] as const) {
      const mvcc = new MVCCController<number>();
      const transaction = mvcc.begin({ isolationLevel });
      const first = transaction.scan('').next();
      await transaction.rollback();
      await expect(first).rejects.toThrow(TransactionEndedError);
      expect(mvcc.expireSnapshots({ olderThanMs: 0 })).toBe(0);
    }
  });

  it('hold back only what they see, of what others have written too', async () => {
    const store = new MemoryVersionStore();
    const [mine, theirs] = [new MVCCController<number>({ store }), new MVCCController<number>({ store })];
    for (let n = 1; n <= 5; n++) await theirs.writeVersion('a', n);
    const transaction = mine.begin();
    await transaction.snapshot();
    await theirs.writeVersion('a', 6);
    expect(await mine.vacuum({ versions: 1 })).toBe(4);
    expect((await transaction.read('a'))?.state).toBe(5);
  });

  it('need a limit and someone to tell, or neither', () => {
    expect(() => new MVCCController({ maxSnapshotAgeMs: 1 })).toThrow(InvalidArgumentError);
    expect(() => new MVCCController({ onLongSnapshot: () => {} })).toThrow(InvalidArgumentError);
    expect(() => new MVCCController({ maxSnapshotAgeMs: 0, onLongSnapshot: () => {} })).toThrow(InvalidArgumentError);
    expect(() => new MVCCController().expireSnapshots({ olderThanMs: -1 })).toThrow(InvalidArgumentError);
  });
});
