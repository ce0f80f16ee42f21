import assert from 'node:assert/strict';
import { committed, type DefineCase, historyOf, request, write } from './case.ts';

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

  define('its identity is that of the storage', async ({ store, other }) => {
    const identity = await store.identity();
    assert.ok(identity.length > 0);
    assert.equal(await other.identity(), identity);
    await store.init();
    assert.equal(await store.identity(), identity);
  });
}
