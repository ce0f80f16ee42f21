import assert from 'node:assert/strict';
import type { Committed } from '../../state/version-store.ts';
import { type DefineCase, historyOf, request, versionsOf, write } from './case.ts';

/** Work in the transaction of a commit. */
export function withinCases(define: DefineCase): void {
  define('MV6 what a commit does besides is told what it writes, and is not done if it is refused', async (context) => {
    const { store, other, id } = context;
    const told: Committed[] = [];
    const within = (committed: Committed) => void told.push(committed);
    const writes = [write(id('b'), 1), write(id('a'), 2)];
    await store.commit(request({ writes: writes.slice(0, 1) }));
    const outcome = await store.commit(request({ writes, timestamp: 5 }), { within });
    assert.deepEqual(told, [outcome]);
    assert.deepEqual(outcome.status === 'committed' && outcome.versions, [2, 1]);
    const refused = await other.commit(request({ writes, checks: [{ aggregateId: id('b'), version: 7 }] }), { within });
    assert.equal(refused.status, 'conflict');
    assert.equal(told.length, 1);
  });

  define('MV6 if what a commit does besides fails, nothing is written, and its error is told', async (context) => {
    const { store, other, id } = context;
    const failure = new Error('no');
    const before = await store.lastSequence();
    const within = () => {
      throw failure;
    };
    const writes = [write(id('a'), 1), write(id('b'), 1)];
    await assert.rejects(store.commit(request({ writes }), { within }), (error) => error === failure);
    assert.deepEqual(await historyOf(other, id('a')), []);
    assert.deepEqual(await historyOf(other, id('b')), []);
    assert.ok((await other.lastSequence()) >= before);
    await store.commit(request({ writes }), { within: () => undefined });
    assert.deepEqual(versionsOf(await historyOf(other, id('a'))), [1]);
  });

  define('MV6 of commits at once each does its own besides', async ({ store, other, id }) => {
    const told = new Map<string, readonly number[]>();
    await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) =>
        (n % 2 ? store : other).commit(request({ writes: [write(id(`${n}`), n)] }), {
          within: ({ versions }) => {
            if (n % 4 === 1) throw new Error('no');
            told.set(id(`${n}`), versions);
          },
        }),
      ),
    );
    for (let n = 0; n < 8; n++) {
      const expected = n % 4 === 1 ? [] : [1];
      assert.deepEqual(versionsOf(await historyOf(other, id(`${n}`))), expected);
      assert.deepEqual(told.get(id(`${n}`)) ?? [], expected);
    }
  });
}
