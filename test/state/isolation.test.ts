// MV4: what a level must prevent never happens, and what it allows is possible.
import { describe, expect, it } from 'vitest';
import { ConcurrencyConflictError } from '../../src/core/errors.ts';
import { type IsolationLevel, isolationLevels } from '../../src/state/isolation-level.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { Transaction } from '../../src/state/transaction.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { collect } from './collect.ts';
import { isolationCases } from './isolation-cases.ts';
import { levels, stateSubject } from './isolation-subject.ts';
import { freshIds, testStores } from './stores.ts';

const value = async (transaction: Transaction<number>, id: string) => (await transaction.read(id))?.state;
const outcome = (transaction: Transaction<number>) =>
  transaction.commit().then(
    () => 'committed',
    (error: unknown) => {
      expect(error).toBeInstanceOf(ConcurrencyConflictError);
      return 'aborted';
    },
  );

async function begin(store: VersionStore, isolationLevel: IsolationLevel) {
  const of = freshIds();
  const mvcc = new MVCCController<number>({ store });
  await mvcc.writeVersion(of('1'), 10);
  await mvcc.writeVersion(of('2'), 20);
  const [t1, t2] = [mvcc.begin({ isolationLevel }), mvcc.begin({ isolationLevel })];
  await Promise.all([t1.snapshot(), t2.snapshot()]);
  const final = async (...ids: string[]) =>
    Promise.all(ids.map(async (id) => (await mvcc.readVersion(of(id)))?.state ?? null));
  return { of, mvcc, t1, t2, final };
}

describe.each(testStores('isolation'))('MV4 on $kind', ({ create }) => {
  describe.each(isolationLevels)('at %s', (level) => {
    const isWeak = levels[level] === 'RC';

    it.each(isolationCases.map((each) => [each.name, each.sequence, each] as const))(
      '%s: %s',
      async (_name, _sequence, { run, expected }) => {
        expect(await run(await stateSubject(create(), level))).toEqual(expected[levels[level]]);
      },
    );

    it('reads and scans its own writes and deletions, which nobody else sees', async () => {
      const { of, t1, final } = await begin(create(), level);
      await t1.write(of('1'), 11);
      await t1.write(of('0'), 1);
      expect(await t1.delete(of('2'))).toBe(true);
      expect(await t1.delete(of('none'))).toBe(false);
      expect(await t1.read(of('1'))).toMatchObject({ state: 11, version: 2 });
      expect(await t1.read(of('0'))).toMatchObject({ state: 1, version: 1 });
      expect(await t1.read(of('2'))).toBeNull();
      const found = await collect(t1.scan(of.prefix), ({ aggregateId, version }) => [aggregateId, version]);
      expect(found).toEqual([
        [of('0'), 1],
        [of('1'), 2],
      ]);
      expect(await final('0', '1', '2')).toEqual([null, 10, 20]);
      const written = await t1.commit();
      expect(written.map(({ aggregateId, version, deleted }) => [aggregateId, version, deleted])).toEqual([
        [of('1'), 2, false],
        [of('0'), 1, false],
        [of('2'), 2, true],
      ]);
      expect(await final('0', '1', '2')).toEqual([1, 11, null]);
    });

    it('of two that create the same aggregate', async () => {
      const { of, t1, t2, final } = await begin(create(), level);
      await t1.write(of('new'), 1);
      await t2.write(of('new'), 2);
      expect(await outcome(t1)).toBe('committed');
      expect(await outcome(t2)).toBe(isWeak ? 'committed' : 'aborted');
      expect(await final('new')).toEqual([isWeak ? 2 : 1]);
    });

    it.each(['delete', 'write'] as const)(
      'of two of which one writes what the other deletes, and the %s is first',
      async (first) => {
        const { of, t1, t2, final } = await begin(create(), level);
        const [deleting, writing] = first === 'delete' ? [t1, t2] : [t2, t1];
        await deleting.delete(of('1'));
        await writing.write(of('1'), 11);
        expect(await outcome(t1)).toBe('committed');
        expect(await outcome(t2)).toBe(isWeak ? 'committed' : 'aborted');
        const isGone = (first === 'delete') !== isWeak;
        expect(await final('1')).toEqual([isGone ? null : 11]);
      },
    );

    it('of two that delete the same aggregate', async () => {
      const { of, t1, t2, mvcc } = await begin(create(), level);
      await t1.delete(of('1'));
      await t2.delete(of('1'));
      expect(await outcome(t1)).toBe('committed');
      expect(await outcome(t2)).toBe(isWeak ? 'committed' : 'aborted');
      // What is gone is not deleted once more.
      expect(await mvcc.latestVersion(of('1'))).toBe(2);
    });

    it('a transaction that only reads never aborts and makes no writer wait or abort', async () => {
      const store = create();
      const { of, mvcc, t2 } = await begin(store, level);
      const reader = mvcc.begin({ isolationLevel: level, readOnly: true });
      await reader.snapshot();
      expect(await value(reader, of('1'))).toBe(10);
      expect(await collect(reader.scan(of.prefix), ({ state }) => state)).toEqual([10, 20]);
      await t2.write(of('1'), 11);
      await t2.write(of('0'), 1);
      await t2.delete(of('2'));
      expect(await outcome(t2)).toBe('committed');
      expect(await value(reader, of('1'))).toBe(isWeak ? 11 : 10);
      expect(await collect(reader.scan(of.prefix), ({ state }) => state)).toEqual(isWeak ? [1, 11] : [10, 20]);
      expect(await outcome(reader)).toBe('committed');
    });

    it('a flush that fails in the storage leaves nothing behind', async () => {
      const { store, fail } = failing(create());
      const { of, t1, final, mvcc } = await begin(store, level);
      await t1.write(of('1'), 11);
      await t1.write(of('2'), 21);
      fail();
      await expect(t1.commit()).rejects.toThrow('no space left');
      expect(await final('1', '2')).toEqual([10, 20]);
      const again = mvcc.begin({ isolationLevel: level });
      await again.write(of('1'), 12);
      await again.write(of('2'), 22);
      expect(await outcome(again)).toBe('committed');
      expect(await final('1', '2')).toEqual([12, 22]);
    });

    it('savepoints undo what was written since, in any depth, and no more', async () => {
      const { of, t1, final } = await begin(create(), level);
      await t1.write(of('1'), 11);
      const outer = t1.savepoint();
      await t1.write(of('1'), 12);
      await t1.delete(of('2'));
      const inner = t1.savepoint();
      await t1.write(of('new'), 1);
      await t1.updateWhere(of.prefix, (state) => state * 100);
      expect([await value(t1, of('1')), await value(t1, of('new'))]).toEqual([1200, 100]);
      inner.rollback();
      expect([await value(t1, of('1')), await t1.read(of('2')), await t1.read(of('new'))]).toEqual([12, null, null]);
      await t1.write(of('new'), 2);
      inner.release();
      outer.rollback();
      expect([await value(t1, of('1')), await value(t1, of('2')), await t1.read(of('new'))]).toEqual([11, 20, null]);
      await t1.write(of('2'), 21);
      outer.release();
      expect(await outcome(t1)).toBe('committed');
      expect(await final('1', '2', 'new')).toEqual([11, 21, null]);
    });

    it('what was read before a savepoint was rolled back still counts', async () => {
      const { of, t1, t2 } = await begin(create(), level);
      const savepoint = t1.savepoint();
      await t1.read(of('1'));
      savepoint.rollback();
      await t1.write(of('2'), 21);
      await t2.write(of('1'), 11);
      expect(await outcome(t2)).toBe('committed');
      expect(await outcome(t1)).toBe(level === 'serializable' ? 'aborted' : 'committed');
    });

    it('an empty scan, too, is no longer true once something is created there', async () => {
      const { of, t1, t2 } = await begin(create(), level);
      expect(await collect(t1.scan(of('3')))).toEqual([]);
      await t1.write(of('2'), 0);
      await t2.write(of('31'), 1);
      expect(await outcome(t2)).toBe('committed');
      expect(await outcome(t1)).toBe(level === 'serializable' ? 'aborted' : 'committed');
    });

    it('what was written outside of what was scanned is no conflict', async () => {
      const { of, t1, t2 } = await begin(create(), level);
      await collect(t1.scan(of('1')));
      await t1.write(of('1'), 11);
      await t2.write(of('2'), 21);
      expect(await outcome(t2)).toBe('committed');
      expect(await outcome(t1)).toBe('committed');
    });
  });

  describe.each(['repeatable_read', 'serializable'] as const)('at %s', (level) => {
    it('no removal of old versions takes away what a long snapshot sees', async () => {
      const store = create();
      const { of, mvcc, t1 } = await begin(store, level);
      for (const id of ['1', '2']) for (let n = 1; n <= 5; n++) await mvcc.writeVersion(of(id), n);
      await mvcc.delete(of('2'));
      await mvcc.vacuum({ versions: 1 });
      expect([await value(t1, of('1')), await value(t1, of('2'))]).toEqual([10, 20]);
      expect(await collect(t1.scan(of.prefix), ({ state }) => state)).toEqual([10, 20]);
      await t1.rollback();
      const later = mvcc.begin({ isolationLevel: level });
      expect(await collect(later.scan(of.prefix), ({ state }) => state)).toEqual([5]);
      await later.rollback();
    });

    it('an aggregate that is not there stays so until the end', async () => {
      const { of, t1, t2 } = await begin(create(), level);
      expect(await t1.read(of('new'))).toBeNull();
      await t2.write(of('new'), 1);
      await t2.commit();
      expect(await t1.read(of('new'))).toBeNull();
    });
  });
});

/** The store, whose next commit fails. */
function failing(inner: VersionStore) {
  let fails = false;
  const store = new Proxy(inner, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function') return member;
      return async (...values: unknown[]) => {
        if (key === 'commit' && fails) {
          fails = false;
          throw new Error('no space left');
        }
        return member.apply(target, values) as unknown;
      };
    },
  });
  const fail = () => {
    fails = true;
  };
  return { store, fail };
}
