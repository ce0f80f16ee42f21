import assert from 'node:assert/strict';
import { committed, conflict, type DefineCase, deletion, historyOf, request, statesOf, write } from './case.ts';

export function deletionCases(define: DefineCase): void {
  define('MV1 a deletion is a version without a state, and versions go on', async ({ store, other, id }) => {
    const [a, b] = [id('a'), id('b')];
    const sequences: number[] = [];
    for (const next of [write(a, 1), deletion(a), write(a, null), deletion(a)]) {
      sequences.push((await committed(store, { writes: [next, write(b, 0)] })).sequence);
    }
    assert.equal(await other.latestVersion(a), 4);
    assert.deepEqual(statesOf(await historyOf(other, a)), [1, undefined, null, undefined]);
    const newest = await other.read(a);
    assert.deepEqual([newest?.version, newest?.state, newest?.sequence], [4, undefined, sequences[3]]);
    assert.equal((await other.read(a, { version: 2 }))?.state, undefined);
    const asOf = await Promise.all(sequences.map((sequence) => other.read(a, { sequence })));
    assert.deepEqual(
      asOf.map((found) => [found?.version, found?.state]),
      [
        [1, 1],
        [2, undefined],
        [3, null],
        [4, undefined],
      ],
    );
  });

  define('MV3 what is deleted does not exist: version 0 is as right as its own', async ({ store, other, id }) => {
    const a = id('a');
    const attempt = async (version: number, next = write(a, version)) =>
      other.commit(request({ writes: [next], checks: [{ aggregateId: a, version }] }));
    await committed(store, { writes: [write(a, 1)] });
    assert.deepEqual(await attempt(0), conflict(a, 0, 1));
    assert.equal((await attempt(1, deletion(a))).status, 'committed');
    assert.deepEqual(await attempt(1), conflict(a, 1, 2));
    assert.equal((await attempt(0)).status, 'committed');
    assert.deepEqual(await attempt(0), conflict(a, 0, 3));
    assert.equal((await attempt(3, deletion(a))).status, 'committed');
    assert.equal((await attempt(4)).status, 'committed');
    assert.deepEqual(statesOf(await historyOf(store, a)), [1, undefined, 0, undefined, 4]);
  });
}
