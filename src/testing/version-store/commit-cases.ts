import assert from 'node:assert/strict';
import { committed, conflict, type DefineCase, historyOf, request, write } from './case.ts';

export function commitCases(define: DefineCase): void {
  define('MV3 a check decides: 0 for what does not exist, else the newest version', async ({ store, other, id }) => {
    const tryAt = async (version: number) =>
      other.commit(request({ writes: [write(id('a'), version)], checks: [{ aggregateId: id('a'), version }] }));
    assert.deepEqual(await tryAt(1), conflict(id('a'), 1, 0));
    assert.equal((await tryAt(0)).status, 'committed');
    assert.deepEqual(await tryAt(0), conflict(id('a'), 0, 1));
    assert.equal((await tryAt(1)).status, 'committed');
    assert.deepEqual(await tryAt(1), conflict(id('a'), 1, 2));
    assert.deepEqual(await tryAt(3), conflict(id('a'), 3, 2));
    assert.deepEqual(
      (await historyOf(store, id('a'))).map(({ state }) => state),
      [0, 1],
    );
  });

  define('MV6 of a commit all is written or nothing, and every failed check is named', async ({ store, other, id }) => {
    const writes = [write(id('b'), 1), write(id('a'), 2), write(id('c'), 3)];
    await committed(store, { writes: [write(id('a'), 0)] });
    const before = await store.lastSequence();
    const outcome = await store.commit(
      request({
        writes,
        checks: [
          { aggregateId: id('b'), version: 0 },
          { aggregateId: id('a'), version: 7 },
          { aggregateId: id('unwritten'), version: 2 },
        ],
      }),
    );
    assert.equal(outcome.status, 'conflict');
    assert.ok(outcome.status === 'conflict');
    const failed = outcome.failed.map(({ check, aggregateId, actualVersion }) => [
      aggregateId,
      'version' in check && check.version,
      actualVersion,
    ]);
    assert.deepEqual(
      failed.toSorted(),
      [
        [id('a'), 7, 1],
        [id('unwritten'), 2, 0],
      ].toSorted(),
    );
    for (const { aggregateId } of writes) {
      assert.equal(await other.latestVersion(aggregateId), aggregateId === id('a') ? 1 : 0);
    }
    if (store === other) assert.equal(await store.lastSequence(), before);
    const { sequence, versions } = await committed(store, {
      writes,
      checks: [{ aggregateId: id('unwritten'), version: 0 }],
    });
    assert.deepEqual(versions, [1, 2, 1]);
    for (const [index, { aggregateId, state }] of writes.entries()) {
      const found = await other.read(aggregateId);
      assert.deepEqual([found?.state, found?.version, found?.sequence], [state, versions[index], sequence]);
    }
  });

  define('sequences grow, and reading as of one shows the world as it was', async ({ store, other, id }) => {
    const sequences: number[] = [await store.lastSequence()];
    for (let n = 1; n <= 4; n++) {
      const writes = n % 2 === 0 ? [write(id('a'), n)] : [write(id('a'), n), write(id('b'), n)];
      const { sequence } = await committed(store, { writes });
      assert.ok(sequence > sequences.at(-1)!, `${sequence} comes after ${sequences.at(-1)}`);
      assert.ok((await other.lastSequence()) >= sequence, 'the last sequence is at least that of a finished commit');
      sequences.push(sequence);
    }
    const asOf = async (what: string) => {
      const found = await Promise.all(sequences.map((sequence) => other.read(id(what), { sequence })));
      return found.map((version) => version?.state);
    };
    assert.deepEqual(await asOf('a'), [undefined, 1, 2, 3, 4]);
    assert.deepEqual(await asOf('b'), [undefined, 1, 1, 3, 3]);
  });

  define('MV3 of racing commits that check the same version exactly one wins', async ({ store, other, id }) => {
    for (let version = 0; version < 5; version++) {
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          (n % 2 ? store : other).commit(
            request({ writes: [write(id('a'), [version, n])], checks: [{ aggregateId: id('a'), version }] }),
          ),
        ),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'committed').length, 1);
      for (const outcome of outcomes) {
        if (outcome.status === 'conflict') assert.deepEqual(outcome, conflict(id('a'), version, version + 1));
      }
    }
    assert.equal((await historyOf(store, id('a'))).length, 5);
  });

  define('MV6 of racing commits that read crosswise, one must see the other', async ({ store, other, id }) => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = [id(`a${round}`), id(`b${round}`)];
      const outcomes = await Promise.all([
        store.commit(request({ writes: [write(a, 1)], checks: [{ aggregateId: b, version: 0 }] })),
        other.commit(request({ writes: [write(b, 1)], checks: [{ aggregateId: a, version: 0 }] })),
      ]);
      assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['committed', 'conflict']);
    }
  });

  define('MV1 racing writes without a check all get a version of their own', async ({ store, other, id }) => {
    const commits = Array.from({ length: 12 }, (_, n) =>
      committed(n % 2 ? store : other, {
        writes: [write(id('b'), n), write(id('a'), n)].toSorted(() => (n % 3) - 1),
      }),
    );
    await Promise.all(commits);
    for (const what of ['a', 'b']) {
      const history = await historyOf(store, id(what));
      assert.deepEqual(
        history.map(({ version }) => version),
        Array.from({ length: 12 }, (_, n) => n + 1),
      );
      const sequences = history.map(({ sequence }) => sequence);
      assert.deepEqual(
        sequences,
        sequences.toSorted((x, y) => x - y),
      );
    }
    const states = async (what: string) => (await historyOf(store, id(what))).map(({ state }) => state);
    assert.deepEqual(await states('a'), await states('b'));
  });

  define('a snapshot never changes while others commit', async ({ store, other, id }) => {
    const [a, b] = [id('a'), id('b')];
    let writing = true;
    const writer = async () => {
      for (let n = 1; n <= 40; n++) await committed(other, { writes: [write(a, n), write(b, n)] });
      writing = false;
    };
    const reader = async () => {
      while (writing) {
        const sequence = await store.lastSequence();
        const first = await store.read(a, { sequence });
        const second = await store.read(b, { sequence });
        assert.equal(first?.state, second?.state);
        await new Promise((resolve) => setImmediate(resolve));
        assert.deepEqual(await store.read(a, { sequence }), first);
      }
    };
    await Promise.all([writer(), reader()]);
  });
}
