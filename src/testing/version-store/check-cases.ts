import assert from 'node:assert/strict';
import { committed, type DefineCase, deletion, request, write } from './case.ts';

export function checkCases(define: DefineCase): void {
  define('MV3 an aggregate is unchanged as long as no later commit wrote it', async ({ store, other, id }) => {
    const [a, b] = [id('a'), id('b')];
    const start = await store.lastSequence();
    const attempt = (sequence: number) =>
      other.commit(request({ writes: [write(b, 0)], checks: [{ aggregateId: a, sequence }] }));
    assert.equal((await attempt(start)).status, 'committed');
    const first = await committed(store, { writes: [write(a, 1)] });
    const failed = (sequence: number, actualVersion: number) => ({
      status: 'conflict',
      failed: [{ check: { aggregateId: a, sequence }, aggregateId: a, actualVersion }],
    });
    assert.deepEqual(await attempt(first.sequence - 1), failed(first.sequence - 1, 1));
    assert.equal((await attempt(first.sequence)).status, 'committed');
    const second = await committed(store, { writes: [deletion(a)] });
    assert.deepEqual(await attempt(second.sequence - 1), failed(second.sequence - 1, 2));
    assert.equal((await attempt(second.sequence)).status, 'committed');
  });

  define('MV3 a prefix is unchanged as long as no later commit wrote below it', async ({ store, other, id }) => {
    const prefix = id('p');
    const ids = ['', '-1', '-😀', '-\uffee'].map((end) => prefix + end);
    const attempt = (sequence: number, checked = prefix) =>
      other.commit(request({ writes: [write(id('x'), 0)], checks: [{ prefix: checked, sequence }] }));
    for (const aggregateId of ids) {
      for (const next of [write(aggregateId, 1), write(aggregateId, 2), deletion(aggregateId)]) {
        const { sequence, versions } = await committed(store, { writes: [next] });
        const outcome = await attempt(sequence - 1);
        assert.deepEqual(outcome, {
          status: 'conflict',
          failed: [{ check: { prefix, sequence: sequence - 1 }, aggregateId, actualVersion: versions[0] }],
        });
        assert.equal((await attempt(sequence)).status, 'committed');
      }
    }
    const { sequence } = await committed(store, { writes: [write(id('q'), 1), write(prefix.slice(0, -1), 1)] });
    assert.equal((await attempt(sequence - 1)).status, 'committed', 'another id, and one that the prefix begins with');
    assert.equal((await attempt(sequence - 1, '')).status, 'conflict', 'no prefix covers all');
  });

  define('prefixes are taken to the letter', async ({ store, other, id }) => {
    const prefix = id('p');
    const { sequence } = await committed(store, {
      writes: ['aXb', 'A_b', 'a\\_b'].map((end) => write(prefix + end, 1)),
    });
    for (const end of ['a_', 'a%', '_', '%', 'a_b', 'é']) {
      const checks = [{ prefix: prefix + end, sequence: sequence - 1 }];
      assert.equal((await other.commit(request({ writes: [write(id('x'), 0)], checks }))).status, 'committed');
      assert.deepEqual(await other.scan({ prefix: prefix + end, sequence, limit: 9 }), []);
      assert.deepEqual(await other.changes({ after: sequence - 1, prefix: prefix + end, limit: 9 }), []);
    }
    for (const end of ['a', 'aX', 'A_', 'a\\']) {
      const outcome = await other.commit(
        request({ writes: [write(id('x'), 0)], checks: [{ prefix: prefix + end, sequence: sequence - 1 }] }),
      );
      assert.equal(outcome.status, 'conflict', `"${end}"`);
    }
  });

  define('MV6 checks of all kinds decide together, and all that fail are named', async ({ store, other, id }) => {
    const [a, b, c] = [id('a'), id('b'), id('c')];
    const { sequence } = await committed(store, { writes: [write(a, 1), write(b, 1), write(c, 1)] });
    const good = [
      { prefix: id('none'), sequence: 0 },
      { aggregateId: a, version: 1 },
      { aggregateId: b, sequence },
    ];
    const bad = [
      { aggregateId: a, sequence: sequence - 1 },
      { prefix: c, sequence: sequence - 1 },
      { aggregateId: id('none'), version: 3 },
    ];
    const refused = await other.commit(
      request({ writes: [write(a, 2)], checks: [bad[1]!, good[0]!, bad[0]!, bad[2]!, good[2]!] }),
    );
    assert.ok(refused.status === 'conflict');
    const named = refused.failed.map(({ check, aggregateId, actualVersion }) => [
      bad.findIndex((each) => JSON.stringify(each) === JSON.stringify(check)),
      aggregateId,
      actualVersion,
    ]);
    assert.deepEqual(named.toSorted(), [
      [0, a, 1],
      [1, c, 1],
      [2, id('none'), 0],
    ]);
    assert.equal(await store.latestVersion(a), 1);
    assert.equal((await other.commit(request({ writes: [write(a, 2)], checks: good }))).status, 'committed');
  });
}
