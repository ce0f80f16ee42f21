import { describe, expect, it } from 'vitest';
import { ClosedError, ConcurrencyConflictError, InvalidArgumentError } from '../../src/core/errors.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

describe('MVCCController', () => {
  it('writes versions from 1 on and reads each of them', async () => {
    const mvcc = new MVCCController({ clock: new FakeClock(1000.7) });
    const one = await mvcc.writeVersion('a', { n: 1 }, 0);
    expect([one.aggregateId, one.version, one.timestamp.getTime()]).toEqual(['a', 1, 1000]);
    expect(one.checksum).toMatch(/^[0-9a-f]{64}$/);
    await mvcc.writeVersion('a', { n: 2 });
    expect((await mvcc.readVersion('a'))?.state).toEqual({ n: 2 });
    expect((await mvcc.readVersion('a', 1))?.state).toEqual({ n: 1 });
    expect(await mvcc.latestVersion('a')).toBe(2);
  });

  it('has nothing for what does not exist, and version 0 is not the newest', async () => {
    const mvcc = new MVCCController();
    await mvcc.writeVersion('a', 1);
    expect(await mvcc.readVersion('none')).toBeNull();
    expect(await mvcc.latestVersion('none')).toBe(0);
    expect(await mvcc.readVersion('a', 2)).toBeNull();
    expect(await mvcc.readVersion('a', 0)).toBeNull();
  });

  it('MV3 says what was expected and what was found', async () => {
    const mvcc = new MVCCController();
    await mvcc.writeVersion('a', 1);
    const conflict = await mvcc.writeVersion('a', 2, 0).catch((error: unknown) => error);
    expect(conflict).toBeInstanceOf(ConcurrencyConflictError);
    expect(conflict).toMatchObject({ aggregateId: 'a', expectedVersion: 0, actualVersion: 1 });
    await expect(mvcc.writeVersion('new', 1, 1)).rejects.toMatchObject({ expectedVersion: 1, actualVersion: 0 });
  });

  it('MV2 gives out nothing that a caller could change', async () => {
    const mvcc = new MVCCController<{ list: number[] }>();
    const state = { list: [1] };
    const written = await mvcc.writeVersion('a', state);
    state.list.push(2);
    expect(() => written.state.list.push(3)).toThrow(TypeError);
    written.timestamp.setTime(0);
    expect(await mvcc.readVersion('a')).toEqual(written);
    expect((await mvcc.readVersion('a'))?.state).toEqual({ list: [1] });
    expect(written.timestamp.getTime()).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(written))).toMatchObject({ version: 1, checksum: written.checksum });
  });

  it('reads a history batch by batch', async () => {
    const mvcc = new MVCCController<number>();
    for (let n = 1; n <= 7; n++) await mvcc.writeVersion('a', n * 10);
    const read = async (options: Parameters<typeof mvcc.history>[1]) => {
      const states: number[] = [];
      for await (const { state } of mvcc.history('a', options)) states.push(state!);
      return states;
    };
    expect(await read({ batchSize: 3 })).toEqual([10, 20, 30, 40, 50, 60, 70]);
    expect(await read({ fromVersion: 6 })).toEqual([60, 70]);
    expect(await read({ fromVersion: 8 })).toEqual([]);
    await mvcc.vacuum({ versions: 2 });
    expect(await read({})).toEqual([60, 70]);
    await expect(read({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  it('refuses what it can not keep', async () => {
    const mvcc = new MVCCController<unknown>();
    for (const id of ['', 'x'.repeat(256), 'a\0', '\ud800', 7 as never]) {
      await expect(mvcc.writeVersion(id, 1)).rejects.toThrow(InvalidArgumentError);
      await expect(mvcc.readVersion(id)).rejects.toThrow(InvalidArgumentError);
    }
    for (const state of [undefined, () => 1, new Date(), Number.NaN]) {
      await expect(mvcc.writeVersion('a', state)).rejects.toThrow(InvalidArgumentError);
    }
    for (const version of [-1, 1.5, Number.NaN]) {
      await expect(mvcc.writeVersion('a', 1, version)).rejects.toThrow(InvalidArgumentError);
      await expect(mvcc.readVersion('a', version)).rejects.toThrow(InvalidArgumentError);
    }
    await expect(mvcc.vacuum({ versions: 0 })).rejects.toThrow(InvalidArgumentError);
    expect(() => mvcc.begin({ isolationLevel: 'chaos' as never })).toThrow(InvalidArgumentError);
    expect(() => new MVCCController({ retention: { versions: 0 } })).toThrow(InvalidArgumentError);
    expect(await mvcc.latestVersion('a')).toBe(0);
  });

  it('takes __proto__ for a name like any other', async () => {
    const mvcc = new MVCCController<unknown>();
    const state = JSON.parse('{"__proto__":{"polluted":true}}');
    await mvcc.writeVersion('__proto__', state);
    expect(JSON.stringify((await mvcc.readVersion('__proto__'))?.state)).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('writes nothing more if it is closed while its store is initialized', async () => {
    const store = new MemoryVersionStore();
    let initialize = () => {};
    store.init = () =>
      new Promise<void>((resolve) => {
        initialize = resolve;
      });
    const mvcc = new MVCCController({ store });
    const writing = expect(mvcc.writeVersion('a', 1)).rejects.toBeInstanceOf(ClosedError);
    await mvcc.close();
    initialize();
    await writing;
    expect(await store.latestVersion('a')).toBe(0);
  });

  it('ends its transactions when it is closed, and refuses what comes after', async () => {
    const mvcc = new MVCCController();
    const transaction = mvcc.begin();
    await transaction.write('a', 1);
    await mvcc.close();
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
    await expect(mvcc.readVersion('a')).rejects.toThrow(ClosedError);
    expect(() => mvcc.begin()).toThrow(ClosedError);
    await mvcc.close();
  });
});
