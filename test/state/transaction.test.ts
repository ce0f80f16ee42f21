import { describe, expect, it } from 'vitest';
import { ConcurrencyConflictError, InvalidArgumentError, SnapshotTooOldError } from '../../src/core/errors.ts';
import { ReadOnlyTransactionError, SavepointEndedError, TransactionEndedError } from '../../src/state/errors.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';

/** A memory store whose next calls of one method fail. */
class FailingStore extends MemoryVersionStore {
  failures: Partial<Record<'init' | 'commit' | 'lastSequence' | 'read', number>> = {};
  #fail(what: keyof FailingStore['failures']): void {
    const left = this.failures[what] ?? 0;
    this.failures[what] = left - 1;
    if (left > 0) throw new Error(`no ${what}`);
  }
  override async init() {
    this.#fail('init');
  }
  override async commit(...values: Parameters<MemoryVersionStore['commit']>) {
    this.#fail('commit');
    return super.commit(...values);
  }
  override async lastSequence() {
    this.#fail('lastSequence');
    return super.lastSequence();
  }
  override async read(...values: Parameters<MemoryVersionStore['read']>) {
    this.#fail('read');
    return super.read(...values);
  }
}

describe('Transaction', () => {
  it('takes its snapshot with the first read or write, not when it begins', async () => {
    const mvcc = new MVCCController<number>();
    await mvcc.writeVersion('a', 1);
    const [reader, writer] = [mvcc.begin(), mvcc.begin()];
    await mvcc.writeVersion('a', 2);
    expect((await reader.read('a'))?.state).toBe(2);
    await writer.write('b', 1);
    await mvcc.writeVersion('a', 3);
    expect((await reader.read('a'))?.state).toBe(2);
    expect((await writer.read('a'))?.state).toBe(2);
  });

  it('deletes at read_committed only what is there at the commit, however many delete it at once', async () => {
    const mvcc = new MVCCController<number>();
    await mvcc.writeVersion('a', 1);
    const transactions = [1, 2, 3].map(() => mvcc.begin({ isolationLevel: 'read_committed' }));
    for (const transaction of transactions) await transaction.delete('a');
    const committed = await Promise.all(transactions.map((each) => each.commit()));
    expect(committed.flat().map(({ version }) => version)).toEqual([2]);
    expect(await mvcc.latestVersion('a')).toBe(2);
  });

  it('refuses what comes after its end', async () => {
    const mvcc = new MVCCController<number>();
    const end = { commit: mvcc.begin(), rollback: mvcc.begin() };
    await end.commit.commit();
    await end.rollback.rollback();
    for (const transaction of Object.values(end)) {
      await expect(transaction.read('a')).rejects.toThrow(TransactionEndedError);
      await expect(transaction.write('a', 1)).rejects.toThrow(TransactionEndedError);
      await expect(transaction.commit()).rejects.toThrow(TransactionEndedError);
      await transaction.rollback();
    }
  });

  it('writes nothing when it was told to read only', async () => {
    const mvcc = new MVCCController<number>();
    const transaction = mvcc.begin({ readOnly: true });
    await expect(transaction.write('a', 1)).rejects.toThrow(ReadOnlyTransactionError);
    await transaction.commit();
    expect(await mvcc.readVersion('a')).toBeNull();
  });

  it('keeps a copy of what is written, and refuses what is not JSON', async () => {
    const mvcc = new MVCCController<unknown>();
    const transaction = mvcc.begin();
    const state = { list: [1] };
    await transaction.write('a', state);
    state.list.push(2);
    await expect(transaction.write('a', new Map())).rejects.toThrow(InvalidArgumentError);
    await expect(transaction.read('')).rejects.toThrow(InvalidArgumentError);
    await transaction.commit();
    expect((await mvcc.readVersion('a'))?.state).toEqual({ list: [1] });
  });

  it('commits what was written without waiting', async () => {
    const mvcc = new MVCCController<number>();
    const transaction = mvcc.begin();
    const writes = [transaction.write('a', 1), transaction.write('b', 2)];
    await transaction.commit();
    await Promise.all(writes);
    expect([(await mvcc.readVersion('a'))?.state, (await mvcc.readVersion('b'))?.state]).toEqual([1, 2]);
  });

  it('names the conflict, and how many more there are', async () => {
    const mvcc = new MVCCController<number>();
    const transaction = mvcc.begin({ isolationLevel: 'repeatable_read' });
    await transaction.write('a', 1);
    await transaction.write('b', 1);
    await mvcc.writeVersion('a', 2);
    await mvcc.writeVersion('b', 2);
    await expect(transaction.commit()).rejects.toMatchObject({
      aggregateId: 'a',
      expectedVersion: 0,
      actualVersion: 1,
      message: expect.stringContaining('1 more'),
    });
  });

  it('rolls back when its signal aborts', async () => {
    const mvcc = new MVCCController<number>();
    const controller = new AbortController();
    const transaction = mvcc.begin({ signal: controller.signal });
    await transaction.write('a', 1);
    controller.abort(new Error('enough'));
    await expect(transaction.commit()).rejects.toThrow('enough');
    await expect(transaction.read('a')).rejects.toThrow('enough');
    const late = mvcc.begin({ signal: controller.signal });
    await expect(late.write('a', 1)).rejects.toThrow('enough');
    expect(await mvcc.readVersion('a')).toBeNull();
  });

  it('does not commit when its signal aborts while the commit waits for its snapshot', async () => {
    const store = new MemoryVersionStore();
    const mvcc = new MVCCController<number>({ store });
    const controller = new AbortController();
    const transaction = mvcc.begin({ signal: controller.signal });
    const lastSequence = store.lastSequence.bind(store);
    store.lastSequence = async () => {
      controller.abort(new Error('enough'));
      return lastSequence();
    };
    const writing = transaction.write('a', 1);
    await expect(transaction.commit()).rejects.toThrow('enough');
    await writing;
    expect(await store.latestVersion('a')).toBe(0);
  });

  it('goes on after a failed read or snapshot, and writes nothing when its commit fails', async () => {
    const store = new FailingStore();
    const mvcc = new MVCCController<number>({ store });
    store.failures = { init: 1 };
    await expect(mvcc.readVersion('a')).rejects.toThrow('no init');
    await mvcc.writeVersion('a', 1);
    const transaction = mvcc.begin();
    store.failures = { lastSequence: 1, read: 1 };
    await expect(transaction.read('a')).rejects.toThrow('no lastSequence');
    await expect(transaction.read('a')).rejects.toThrow('no read');
    expect((await transaction.read('a'))?.state).toBe(1);
    await transaction.write('a', 2);
    store.failures = { commit: 1 };
    await expect(transaction.commit()).rejects.toThrow('no commit');
    await expect(transaction.commit()).rejects.toThrow(TransactionEndedError);
    expect((await mvcc.readVersion('a'))?.state).toBe(1);
  });

  it('makes a statement of read_committed anew when somebody commits in between, and gives up in the end', async () => {
    const store = new MemoryVersionStore();
    const mvcc = new MVCCController<number>({ store });
    await mvcc.writeVersion('a', 1);
    const transaction = mvcc.begin({ isolationLevel: 'read_committed' });
    await transaction.updateWhere('', (state) => state + 1);
    const scan = store.scan.bind(store);
    let between = 1;
    store.scan = async (page) => {
      const found = await scan(page);
      if (between-- > 0) await mvcc.writeVersion('a', (found[0]!.state as number) + 10);
      return found;
    };
    await transaction.commit();
    expect((await mvcc.readVersion('a'))?.state).toBe(12);
    const unlucky = mvcc.begin({ isolationLevel: 'read_committed' });
    await unlucky.updateWhere('', (state) => state + 1);
    between = Number.POSITIVE_INFINITY;
    await expect(unlucky.commit()).rejects.toThrow(ConcurrencyConflictError);
  });

  it('keeps single writes of read_committed in their place before and after a statement', async () => {
    const mvcc = new MVCCController<number>();
    const transaction = mvcc.begin({ isolationLevel: 'read_committed' });
    await transaction.write('a', 1);
    await transaction.write('gone', 1);
    expect(await transaction.updateWhere('', (state, id) => (id === 'gone' ? undefined : state + 1))).toBe(1);
    expect(await transaction.deleteWhere('g', () => true)).toBe(1);
    await transaction.write('b', 1);
    expect((await transaction.commit()).map(({ aggregateId, state }) => [aggregateId, state])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(await mvcc.latestVersion('gone')).toBe(0);
  });

  it('knows a savepoint no more that was released, or is later than one rolled back or released', async () => {
    const transaction = new MVCCController<number>().begin();
    const [first, second, third] = [transaction.savepoint(), transaction.savepoint(), transaction.savepoint()];
    second.rollback();
    second.rollback();
    for (const end of [third.rollback, third.release]) expect(end).toThrow(SavepointEndedError);
    first.release();
    for (const end of [first.rollback, first.release, second.rollback]) expect(end).toThrow(SavepointEndedError);
    await transaction.rollback();
    expect(() => transaction.savepoint()).toThrow(TransactionEndedError);
    expect(first.rollback).toThrow(TransactionEndedError);
  });

  it('scans page by page, with its own writes and deletions in their places, whatever is written meanwhile', async () => {
    const mvcc = new MVCCController<number>();
    const ids = Array.from({ length: 9 }, (_, n) => `k${n}`);
    for (const id of ids) if (id !== 'k0' && id !== 'k4' && id !== 'k8') await mvcc.writeVersion(id, 1);
    const transaction = mvcc.begin();
    for (const id of ['k0', 'k4', 'k5', 'k8', 'l']) await transaction.write(id, 2);
    for (const id of ['k1', 'k6', 'k3']) await transaction.delete(id);
    for (const batchSize of [1, 2, 3, 100]) {
      const found: [string, number][] = [];
      for await (const { aggregateId, state } of transaction.scan('k', { batchSize })) {
        found.push([aggregateId, state]);
        await transaction.write(`k5${found.length}`, 3);
      }
      for (let n = 1; n <= found.length; n++) await transaction.delete(`k5${n}`);
      expect(found).toEqual([
        ['k0', 2],
        ['k2', 1],
        ['k4', 2],
        ['k5', 2],
        ['k7', 1],
        ['k8', 2],
      ]);
    }
    await expect(transaction.scan('k', { batchSize: 0 }).next()).rejects.toThrow(InvalidArgumentError);
    await expect(transaction.scan('\0').next()).rejects.toThrow(InvalidArgumentError);
  });

  it('says so when another controller removed what its snapshot sees', async () => {
    const store = new MemoryVersionStore();
    const [mine, theirs] = [new MVCCController<number>({ store }), new MVCCController<number>({ store })];
    await mine.writeVersion('a', 1);
    await mine.writeVersion('b', 1);
    const transaction = mine.begin();
    await transaction.read('b');
    await theirs.writeVersion('a', 2);
    await theirs.vacuum({ versions: 1 });
    await expect(transaction.read('a')).rejects.toThrow(SnapshotTooOldError);
    expect((await transaction.read('b'))?.state).toBe(1);
    expect(await transaction.read('none')).toBeNull();
  });
});

describe('old versions', () => {
  const kept = async (mvcc: MVCCController<number>) => {
    const versions: number[] = [];
    for await (const { version } of mvcc.history('a')) versions.push(version);
    return versions;
  };

  it('MV5 stay while a snapshot sees them, and go when it has ended', async () => {
    const mvcc = new MVCCController<number>();
    for (let n = 1; n <= 3; n++) await mvcc.writeVersion('a', n);
    for (const end of ['commit', 'rollback'] as const) {
      const reader = mvcc.begin({ isolationLevel: 'repeatable_read' });
      const seen = (await reader.read('a'))!.version;
      await mvcc.writeVersion('a', 8);
      await mvcc.writeVersion('a', 9);
      await mvcc.vacuum({ versions: 1 });
      expect(await kept(mvcc)).toEqual([seen, seen + 1, seen + 2]);
      await reader[end]();
      expect(await mvcc.vacuum({ versions: 1 })).toBe(2);
      expect(await kept(mvcc)).toEqual([seen + 2]);
    }
  });

  it('go whoever wrote them', async () => {
    const store = new MemoryVersionStore();
    const writer = new MVCCController<number>({ store });
    for (let n = 1; n <= 5; n++) await writer.writeVersion('a', n);
    const other = new MVCCController<number>({ store });
    expect(await other.vacuum({ versions: 2 })).toBe(3);
    expect(await kept(other)).toEqual([4, 5]);
  });

  it('MV5 are few under endless updates with a retention, once no snapshot is open', async () => {
    const mvcc = new MVCCController<number>({ retention: { versions: 3 } });
    const reader = mvcc.begin();
    await reader.read('a');
    for (let n = 1; n <= 2000; n++) await mvcc.writeVersion('a', n);
    expect((await kept(mvcc)).length).toBe(2000);
    await reader.rollback();
    for (let n = 1; n <= 2000; n++) {
      await mvcc.writeVersion('a', n);
      if (n % 500 === 0) expect(await kept(mvcc)).toHaveLength(3);
    }
    expect((await mvcc.readVersion('a'))?.version).toBe(4000);
  });
});
