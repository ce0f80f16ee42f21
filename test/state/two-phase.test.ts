import { describe, expect, it } from 'vitest';
import { ConcurrencyConflictError, InvalidArgumentError } from '../../src/core/errors.ts';
import {
  isWorthRetrying,
  PreparedConflictError,
  TransactionEndedError,
  TwoPhaseUnsupportedError,
} from '../../src/state/errors.ts';
import { isolationLevels } from '../../src/state/isolation-level.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { collect } from './collect.ts';
import { freshIds, testStores } from './stores.ts';

describe.each(testStores('two_phase'))('two-phase commit on $kind', ({ create }) => {
  const begin = async () => {
    const of = freshIds();
    const mvcc = new MVCCController<number>({ store: create() });
    await mvcc.writeVersion(of('a'), 10);
    await mvcc.writeVersion(of('b'), 20);
    const states = async () => [(await mvcc.readVersion(of('a')))?.state, (await mvcc.readVersion(of('b')))?.state];
    return { of, mvcc, states, id: of('transfer') };
  };

  it.each(isolationLevels)(
    'at %s what is prepared shows when it is decided, and never where it is rolled back',
    async (isolationLevel) => {
      const { of, mvcc, states, id } = await begin();
      for (const [decision, expected] of [
        ['rollback', [10, 20]],
        ['commit', [11, undefined]],
      ] as const) {
        const transaction = mvcc.begin({ isolationLevel });
        await transaction.write(of('a'), 11);
        await transaction.delete(of('b'));
        await transaction.prepare(id);
        await expect(transaction.commit()).rejects.toThrow(TransactionEndedError);
        expect(await states()).toEqual([10, 20]);
        expect((await mvcc.prepared()).map((each) => each.id)).toContain(id);
        const committed = await mvcc.decide(id, decision);
        expect(committed?.versions).toEqual(decision === 'commit' ? [2, 2] : undefined);
        expect(await states()).toEqual(expected);
        expect(await mvcc.decide(id, 'commit')).toBeUndefined();
        expect((await mvcc.prepared()).map((each) => each.id)).not.toContain(id);
      }
    },
  );

  it('nobody else writes meanwhile what is held, and all read it', async () => {
    const { of, mvcc, id } = await begin();
    const transaction = mvcc.begin();
    await transaction.read(of('a'));
    await collect(transaction.scan(of('c')));
    await transaction.write(of('b'), 21);
    await transaction.prepare(id);
    for (const held of ['a', 'b', 'c1']) {
      const refused = await mvcc.writeVersion(of(held), 0).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(PreparedConflictError);
      expect(refused).toMatchObject({ aggregateId: of(held), preparedBy: id });
      expect(isWorthRetrying(refused)).toBe(true);
    }
    await mvcc.writeVersion(of('free'), 1);
    const reader = mvcc.begin();
    expect((await reader.read(of('b')))?.state).toBe(20);
    await reader.commit();
    await mvcc.decide(id, 'commit');
    for (const held of ['a', 'b', 'c1']) await mvcc.writeVersion(of(held), 0);
  });

  it('a transaction is not prepared if it would not commit', async () => {
    const { of, mvcc, id } = await begin();
    const transaction = mvcc.begin();
    await transaction.read(of('a'));
    await transaction.write(of('b'), 21);
    await mvcc.writeVersion(of('a'), 11);
    await expect(transaction.prepare(id)).rejects.toThrow(ConcurrencyConflictError);
    expect(await mvcc.decide(id, 'commit')).toBeUndefined();
    await mvcc.writeVersion(of('b'), 22);
  });

  it('what was only read is held, too, until it is decided', async () => {
    const { of, mvcc, id } = await begin();
    const transaction = mvcc.begin({ readOnly: true });
    await transaction.read(of('a'));
    await transaction.prepare(id);
    await expect(mvcc.writeVersion(of('a'), 0)).rejects.toThrow(PreparedConflictError);
    expect((await mvcc.decide(id, 'commit'))?.versions ?? []).toEqual([]);
    await mvcc.writeVersion(of('a'), 0);
  });

  it('MV8 two that read what the other writes are not both prepared', async () => {
    const { of, mvcc, id } = await begin();
    const [one, two] = [mvcc.begin(), mvcc.begin()];
    await one.read(of('a'));
    await one.write(of('b'), 21);
    await two.read(of('b'));
    await two.write(of('c'), 31);
    await one.prepare(id);
    // Before the first it could stand; but someone may see the first and not yet this one.
    await expect(two.prepare(`${id}-2`)).rejects.toThrow(PreparedConflictError);
    await mvcc.decide(id, 'commit');
  });

  it('a transaction that has lost and writes what is held, having scanned, is told that it has lost', async () => {
    const { of, mvcc, id } = await begin();
    const [holder, loser] = [mvcc.begin(), mvcc.begin()];
    await loser.read(of('a'));
    await collect(loser.scan(of('nothing')));
    await loser.write(of('b'), 21);
    await mvcc.writeVersion(of('a'), 11);
    await holder.write(of('b'), 22);
    await holder.prepare(id);
    await expect(loser.commit()).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT', aggregateId: of('a') });
    await mvcc.decide(id, 'rollback');
  });

  it('at read_committed statements over many are made of what is there when it is prepared', async () => {
    const { of, mvcc, states, id } = await begin();
    const transaction = mvcc.begin({ isolationLevel: 'read_committed' });
    await transaction.updateWhere(of.prefix, (state) => state + 1);
    await mvcc.writeVersion(of('a'), 100);
    await transaction.prepare(id);
    await mvcc.decide(id, 'commit');
    expect(await states()).toEqual([101, 21]);
  });
});

it('says so where the storage can not', async () => {
  const nothing = { prepare: undefined, decide: undefined, prepared: undefined };
  const store = Object.assign(new MemoryVersionStore(), nothing) as unknown as MemoryVersionStore;
  const mvcc = new MVCCController<number>({ store });
  const transaction = mvcc.begin();
  await transaction.write('a', 1);
  await expect(transaction.prepare('t')).rejects.toThrow(TwoPhaseUnsupportedError);
  await expect(mvcc.decide('t', 'commit')).rejects.toThrow(TwoPhaseUnsupportedError);
  await expect(mvcc.prepared()).rejects.toThrow(TwoPhaseUnsupportedError);
  await expect(new MVCCController().decide('t', 'perhaps' as never)).rejects.toThrow(InvalidArgumentError);
});
