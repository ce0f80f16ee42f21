import assert from 'node:assert/strict';
import type { Retention } from '../../state/version-store.ts';
import { committed, type DefineCase, deletion, historyOf, laterTime, request, versionsOf, write } from './case.ts';

export function retentionCases(define: DefineCase): void {
  define('MV5 removal keeps the newest versions and what the horizon sees', async ({ store, other, id }) => {
    const [a, b] = [id('a'), id('b')];
    const sequences: number[] = [];
    for (let n = 1; n <= 6; n++) sequences.push((await committed(store, { writes: [write(a, n)] })).sequence);
    await committed(store, { writes: [write(b, 1)] });
    const kept = async () => (await historyOf(other, a)).map(({ version }) => version);
    const last = await store.lastSequence();
    await store.vacuum({ keepVersions: 2, horizon: sequences[0]! - 1 });
    assert.deepEqual(await kept(), [1, 2, 3, 4, 5, 6]);
    await store.vacuum({ keepVersions: 2, horizon: sequences[2]! });
    assert.deepEqual(await kept(), [3, 4, 5, 6]);
    assert.ok((await store.vacuum({ keepVersions: 2, horizon: last })) >= 2);
    assert.deepEqual(await kept(), [5, 6]);
    await store.vacuum({ keepVersions: 1, horizon: last });
    assert.deepEqual(await kept(), [6]);
    assert.equal((await other.read(a, { sequence: last }))?.version, 6);
    assert.equal(await other.read(a, { version: 5 }), undefined);
    assert.deepEqual((await committed(store, { writes: [write(a, 7)] })).versions, [7]);
    assert.deepEqual(await kept(), [6, 7]);
    assert.equal(await other.latestVersion(b), 1);
  });

  define('MV5 a commit with a retention removes in what it writes, and only there', async ({ store, other, id }) => {
    const [a, b] = [id('a'), id('b')];
    for (let n = 1; n <= 3; n++) await committed(store, { writes: [write(b, n)] });
    let sequence = 0;
    for (let n = 1; n <= 9; n++) {
      const retention = { keepVersions: 3, horizon: sequence };
      ({ sequence } = await committed(store, { writes: [write(a, n)], retention }));
    }
    assert.deepEqual(
      (await historyOf(other, a)).map(({ version }) => version),
      [7, 8, 9],
    );
    assert.equal((await historyOf(other, b)).length, 3);
    const refused = await store.commit(
      request({
        writes: [write(a, 0)],
        checks: [{ aggregateId: a, version: 1 }],
        retention: { keepVersions: 1, horizon: sequence },
      }),
    );
    assert.equal(refused.status, 'conflict');
    assert.equal((await historyOf(other, a)).length, 3);
  });

  const limits: readonly [string, (start: number) => Omit<Retention, 'horizon'>, readonly number[]][] = [
    ['no limit', () => ({}), [1, 2, 3, 4, 5]],
    ['a count', () => ({ keepVersions: 3 }), [3, 4, 5]],
    ['a count above what is there', () => ({ keepVersions: 9 }), [1, 2, 3, 4, 5]],
    ['bytes', () => ({ keepBytes: 350 }), [3, 4, 5]],
    ['bytes to the byte', () => ({ keepBytes: 204 }), [4, 5]],
    ['fewer bytes than the newest takes', () => ({ keepBytes: 1 }), [5]],
    ['an age, from when it was replaced', (start) => ({ keepSince: start + 20 }), [2, 3, 4, 5]],
    ['an age that all are beyond', (start) => ({ keepSince: start + 99 }), [5]],
    ['a time of grace', (start) => ({ keepVersions: 1, graceSince: start + 30 }), [3, 4, 5]],
    ['a time of grace that all are within', (start) => ({ keepBytes: 1, graceSince: start }), [1, 2, 3, 4, 5]],
    ['the strictest of several', (start) => ({ keepVersions: 4, keepBytes: 204, keepSince: start }), [4, 5]],
  ];
  for (const [what, limit, kept] of limits) {
    define(`MV5 versions stay by ${what}`, async (context) => {
      const { store, other, id } = context;
      const [start, a, b] = [await laterTime(context), id('a'), id('b')];
      for (let n = 0; n < 5; n++) {
        const writes = [write(a, `${n}`.repeat(100)), write(b, `${n}`.repeat(100))];
        await committed(store, { writes, timestamp: start + 10 * n });
      }
      const retention = { ...limit(start), horizon: await store.lastSequence() };
      assert.equal((await store.vacuum({ ...retention, horizon: 0 })) > 0, false, 'nothing is below the horizon');
      await store.vacuum(retention);
      assert.deepEqual(versionsOf(await historyOf(other, a)), kept);
      assert.deepEqual(versionsOf(await historyOf(other, b)), kept);
      assert.equal(await other.latestVersion(a), 5);
    });

    define(`MV5 a commit keeps versions by ${what}`, async (context) => {
      const { store, other, id } = context;
      const [start, a] = [await laterTime(context), id('a')];
      for (let n = 0; n < 5; n++) {
        const retention = { ...limit(start), horizon: (await store.lastSequence()) + 1 };
        const writes = [write(a, `${n}`.repeat(100))];
        await committed(store, { writes, timestamp: start + 10 * n, ...(n === 4 && { retention }) });
      }
      assert.deepEqual(versionsOf(await historyOf(other, a)), kept);
    });
  }

  define('MV5 deletions are removed as any version, the newest is not', async ({ store, other, id }) => {
    const a = id('a');
    for (const next of [write(a, 1), deletion(a), write(a, 2), deletion(a)]) await committed(store, { writes: [next] });
    const horizon = await store.lastSequence();
    await store.vacuum({ keepVersions: 2, horizon });
    assert.deepEqual(versionsOf(await historyOf(other, a)), [3, 4]);
    await store.vacuum({ keepVersions: 1, horizon });
    const [last] = await historyOf(other, a);
    assert.deepEqual([last?.version, last?.state], [4, undefined]);
    assert.deepEqual((await committed(other, { writes: [write(a, 3)] })).versions, [5]);
  });

  define('its identity is that of the storage', async ({ store, other }) => {
    const identity = await store.identity();
    assert.ok(identity.length > 0);
    assert.equal(await other.identity(), identity);
    await store.init();
    assert.equal(await store.identity(), identity);
  });
}
