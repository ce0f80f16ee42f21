import { describe, expect, it } from 'vitest';
import { MemoryCacheProvider } from '../../src/cache/memory-cache-provider.ts';
import { ClosedError, ConcurrencyConflictError, InvalidArgumentError } from '../../src/core/errors.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import type { StateVersion } from '../../src/state/versioned-state.ts';

interface Task {
  readonly title: string;
  readonly done: boolean;
}
const task = (title: string): Task => ({ title, done: false });

/** Counts what it is asked. */
class CountingStore extends MemoryVersionStore {
  reads = 0;
  override read(...values: Parameters<MemoryVersionStore['read']>) {
    this.reads++;
    return super.read(...values);
  }
}

describe('StateManager', () => {
  it('sets, gets and updates', async () => {
    const manager = new StateManager<Task>();
    expect(await manager.get('a')).toBeNull();
    expect((await manager.set('a', task('one'), { expectedVersion: 0 })).version).toBe(1);
    await expect(manager.set('a', task('two'), { expectedVersion: 0 })).rejects.toThrow(ConcurrencyConflictError);
    const updated = await manager.update('a', (state) => ({ ...state!, done: true }));
    expect([updated.version, updated.state]).toEqual([2, { title: 'one', done: true }]);
    expect((await manager.get('a', { version: 1 }))?.state.done).toBe(false);
    expect((await manager.update('new', (state) => state ?? task('first'))).version).toBe(1);
  });

  it('MV3 loses no update of many at once', async () => {
    const manager = new StateManager<number>({ retry: { maxAttempts: 100, backoff: { initialMs: 1, maxMs: 4 } } });
    await Promise.all(Array.from({ length: 20 }, () => manager.update('n', async (n = 0) => n + 1)));
    expect(await manager.get('n')).toMatchObject({ state: 20, version: 20 });
  });

  it('gives an update up after the last try, or when told to', async () => {
    const store = new MemoryVersionStore();
    const other = new StateManager<number>({ store });
    const manager = new StateManager<number>({ store, retry: { maxAttempts: 3, backoff: { initialMs: 0 } } });
    let tries = 0;
    const interrupted = async () => {
      await other.set('n', ++tries);
      return -1;
    };
    await expect(manager.update('n', interrupted)).rejects.toThrow(ConcurrencyConflictError);
    expect(tries).toBe(3);
    const fails = () => {
      throw new Error('stop');
    };
    await expect(manager.update('n', fails)).rejects.toThrow('stop');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(manager.update('n', () => 1, { signal })).rejects.toThrow('enough');
  });

  it('MV6 runs transactions at its level, again after a conflict', async () => {
    const manager = new StateManager<number>({ isolationLevel: 'repeatable_read' });
    let tries = 0;
    const result = await manager.transaction(async (transaction) => {
      expect(transaction.isolationLevel).toBe('repeatable_read');
      const before = (await transaction.read('a'))?.state ?? 0;
      if (tries++ === 0) await manager.set('a', 10);
      await transaction.write('a', before + 1);
      await transaction.write('b', before + 1);
      return before;
    });
    expect([result, (await manager.get('a'))?.state, (await manager.get('b'))?.state]).toEqual([10, 11, 11]);
  });

  it('tells its listeners of every version it has committed, and of nothing else', async () => {
    const failures: unknown[] = [];
    const manager = new StateManager<number>({ onError: (error) => failures.push(error) });
    const told: StateVersion<number>[] = [];
    manager.subscribe(() => {
      throw new Error('deaf');
    });
    const off = manager.subscribe((written) => told.push(written));
    const one = await manager.set('a', 1);
    await expect(manager.set('a', 2, { expectedVersion: 7 })).rejects.toThrow(ConcurrencyConflictError);
    await manager.update('a', (n = 0) => n + 1);
    await manager.transaction(async (transaction) => {
      await transaction.write('b', 1);
      await transaction.write('c', 1);
    });
    off();
    await manager.set('a', 9);
    expect(told[0]).toBe(one);
    expect(told.map(({ aggregateId, version }) => `${aggregateId}${version}`)).toEqual(['a1', 'a2', 'b1', 'c1']);
    expect(failures).toHaveLength(5);
  });

  it('reads a version once from the store and then from the cache', async () => {
    const store = new CountingStore();
    const manager = new StateManager<Task>({ store, cacheProvider: new MemoryCacheProvider() });
    await manager.set('a', task('one'));
    const first = await manager.get('a');
    expect(await manager.get('a')).toEqual(first);
    expect(await manager.get('a', { version: 1 })).toEqual(first);
    expect(store.reads).toBe(1);
    expect((await manager.get('a'))?.checksum).toBe(first?.checksum);
    await manager.set('a', task('two'));
    expect((await manager.get('a'))?.state.title).toBe('two');
    expect((await manager.get('a', { version: 1 }))?.state.title).toBe('one');
    expect(await manager.get('a', { version: 3 })).toBeNull();
    expect(await manager.get('none')).toBeNull();
    await expect(manager.get('', { version: 1 })).rejects.toThrow(InvalidArgumentError);
    await expect(manager.get('a', { version: -1 })).rejects.toThrow(InvalidArgumentError);
  });

  it('never takes a cached version for one of another store, nor an id with a colon for another', async () => {
    const cacheProvider = new MemoryCacheProvider();
    for (const title of ['one life', 'the next']) {
      const manager = new StateManager<Task>({ cacheProvider });
      await manager.set('a', task(title));
      await manager.set('1:a', task(`${title}, with a colon`));
      expect((await manager.get('a'))?.state.title).toBe(title);
      expect((await manager.get('1:a'))?.state.title).toBe(`${title}, with a colon`);
    }
  });

  it('sees at once what another process wrote, whatever is cached', async () => {
    const store = new MemoryVersionStore();
    const cacheProvider = new MemoryCacheProvider();
    const [one, two] = [1, 2].map(() => new StateManager<number>({ store, cacheProvider })) as [
      StateManager<number>,
      StateManager<number>,
    ];
    for (let n = 1; n <= 5; n++) {
      await one.set('a', n);
      expect((await two.get('a'))?.state).toBe(n);
      expect((await one.get('a'))?.state).toBe(n);
    }
  });

  it('gives the newest state even where the version it looked for is removed meanwhile', async () => {
    const mvcc = new MVCCController<number>();
    const cacheProvider = new MemoryCacheProvider();
    const manager = new StateManager<number>({ mvcc, cacheProvider });
    await mvcc.writeVersion('a', 1);
    const getEntry = cacheProvider.get.bind(cacheProvider);
    cacheProvider.get = async (key) => {
      await mvcc.writeVersion('a', 2);
      await mvcc.vacuum({ versions: 1 });
      return getEntry(key);
    };
    expect((await manager.get('a'))?.state).toBe(2);
  });

  it('answers from the store when the cache is dead or holds what is not ours', async () => {
    const failures: unknown[] = [];
    const cacheProvider = new MemoryCacheProvider();
    const manager = new StateManager<number>({ cacheProvider, onError: (error) => failures.push(error) });
    await manager.set('a', 1);
    cacheProvider.get = async () => ['stray'];
    expect((await manager.get('a'))?.state).toBe(1);
    cacheProvider.get = cacheProvider.set = async () => {
      throw new Error('cache is down');
    };
    expect((await manager.get('a'))?.state).toBe(1);
    expect(failures).toHaveLength(2);
  });

  it('closes what it made and leaves open what it was given', async () => {
    const mvcc = new MVCCController<number>();
    const manager = new StateManager<number>({ mvcc });
    await manager.close();
    await expect(manager.set('a', 1)).rejects.toThrow(ClosedError);
    await expect(manager.get('a')).rejects.toThrow(ClosedError);
    await expect(manager.update('a', () => 1)).rejects.toThrow(ClosedError);
    expect(() => manager.subscribe(() => {})).toThrow(ClosedError);
    await mvcc.writeVersion('a', 1);
    await manager.close();
  });

  it('refuses options that make no sense', () => {
    const store = new MemoryVersionStore();
    expect(() => new StateManager({ concurrencyControl: 'hope' as never })).toThrow(InvalidArgumentError);
    expect(() => new StateManager({ isolationLevel: 'chaos' as never })).toThrow(InvalidArgumentError);
    expect(() => new StateManager({ store, mvcc: new MVCCController() })).toThrow(InvalidArgumentError);
  });

  it('refuses at once what is no function, and calls nothing that is none later', async () => {
    const manager = new StateManager<number>();
    for (const wrong of [undefined, null, {}, 'tell'] as never[]) {
      expect(() => manager.subscribe(wrong)).toThrow(InvalidArgumentError);
      expect(() => manager.subscribe(wrong, { others: true })).toThrow(InvalidArgumentError);
      await expect(manager.update('a', wrong)).rejects.toThrow(InvalidArgumentError);
      await expect(manager.transaction(wrong)).rejects.toThrow(InvalidArgumentError);
    }
    expect((await manager.set('a', 1)).version).toBe(1);
  });
});
