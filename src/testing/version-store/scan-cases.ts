import assert from 'node:assert/strict';
import type { StoredVersion } from '../../state/version-store.ts';
import { assertTooOld, committed, type DefineCase, deletion, statesOf, write } from './case.ts';

const idsOf = (versions: readonly StoredVersion[]) => versions.map(({ aggregateId }) => aggregateId);

export function scanCases(define: DefineCase): void {
  define('a scan gives what begins so, in the order of the UTF-8 bytes, page by page', async ({ store, other, id }) => {
    const prefix = id('s');
    // In this order; by the units of JavaScript the emoji would come before U+FFEE.
    const ends = [
      '',
      '\u0001',
      ' ',
      '%',
      '1',
      '10',
      '2',
      'A',
      'Z',
      '_',
      'a',
      'z',
      'é',
      '가',
      '\uffee',
      '😀',
      '😀a',
      '\u{10ffff}',
    ];
    const ids = ends.map((end) => prefix + end);
    for (const aggregateId of ids.toReversed()) await committed(store, { writes: [write(aggregateId, aggregateId)] });
    await committed(store, { writes: [write(id('t'), 0), write(id('r'), 0)] });
    const sequence = await store.lastSequence();
    const whole = await other.scan({ prefix, sequence, limit: 100 });
    assert.deepEqual(idsOf(whole), ids);
    assert.deepEqual(statesOf(whole), ids);
    assert.ok(whole.every(({ version, state }) => version === 1 && Object.isFrozen(state)));
    for (const limit of [1, 3, ids.length]) {
      const found: string[] = [];
      for (let after: string | undefined; ; after = found.at(-1)) {
        const page = await other.scan({ prefix, sequence, limit, ...(after !== undefined && { after }) });
        assert.ok(page.length <= limit && found.length <= ids.length, 'pages end');
        found.push(...idsOf(page));
        if (page.length < limit) break;
      }
      assert.deepEqual(found, ids);
    }
    const within = await other.scan({ prefix: `${prefix}1`, sequence, limit: 100, after: `${prefix}0` });
    assert.deepEqual(idsOf(within), [`${prefix}1`, `${prefix}10`]);
    assert.deepEqual(idsOf(await other.scan({ prefix, sequence, limit: 2, after: `${prefix}b` })), [
      `${prefix}z`,
      `${prefix}é`,
    ]);
    assert.deepEqual(await other.scan({ prefix, sequence, limit: 5, after: `${prefix}\u{10ffff}` }), []);
  });

  define('a scan shows the world as of its sequence', async ({ store, other, id }) => {
    const prefix = id('s');
    const steps = [
      [write(`${prefix}a`, 1), write(`${prefix}b`, 1)],
      [deletion(`${prefix}a`), write(`${prefix}c`, 2)],
      [write(`${prefix}b`, 3), deletion(`${prefix}c`), deletion(`${prefix}never`)],
      [write(`${prefix}a`, 4)],
    ];
    const sequences = [await store.lastSequence()];
    for (const writes of steps) sequences.push((await committed(store, { writes })).sequence);
    const worlds = await Promise.all(sequences.map((sequence) => other.scan({ prefix, sequence, limit: 10 })));
    assert.deepEqual(
      worlds.map((world) => world.map(({ aggregateId, state }) => [aggregateId.slice(prefix.length), state])),
      [
        [],
        [
          ['a', 1],
          ['b', 1],
        ],
        [
          ['b', 1],
          ['c', 2],
        ],
        [['b', 3]],
        [
          ['a', 4],
          ['b', 3],
        ],
      ],
    );
    assert.equal((await other.scan({ prefix, sequence: sequences[1]!, limit: 1 }))[0]?.version, 1);
    // What is deleted does not use up the page.
    assert.deepEqual(idsOf(await other.scan({ prefix, sequence: sequences[3]!, limit: 1 })), [`${prefix}b`]);
  });

  define('MV5 what a snapshot sees and was removed is told, never skipped', async ({ store, other, id }) => {
    const [a, b] = [id('sa'), id('sb')];
    const { sequence } = await committed(store, { writes: [write(a, 1), write(b, 1)] });
    const start = (await store.read(a))!.timestamp;
    await committed(store, { writes: [write(b, 2)], timestamp: start + 10 });
    const last = await committed(store, { writes: [write(b, 3)], timestamp: start + 20 });
    await store.vacuum({ keepVersions: 1, horizon: last.sequence });
    await assertTooOld(other.read(b, { sequence }));
    await assertTooOld(other.read(b, { time: start }));
    await assertTooOld(other.scan({ prefix: b, sequence, limit: 5 }));
    assert.equal((await other.read(a, { sequence }))?.state, 1);
    assert.equal((await other.read(b, { sequence: last.sequence }))?.state, 3);
    assert.equal((await other.read(b, { time: start + 20 }))?.state, 3);
    assert.deepEqual(statesOf(await other.scan({ prefix: b, sequence: last.sequence, limit: 5 })), [3]);
    // Numbers are no snapshots: a version that was removed is simply not there.
    assert.equal(await other.read(b, { version: 1 }), undefined);
    assert.equal(await other.read(id('sc'), { sequence }), undefined);
  });

  define('changes come in the order of their commits, whole commits a page', async ({ store, other, id }) => {
    const prefix = id('c');
    const after = await store.lastSequence();
    const sizes = [1, 3, 1, 2, 5, 1];
    for (const [index, size] of sizes.entries()) {
      const writes = Array.from({ length: size }, (_, n) => write(`${prefix}${n}`, index));
      await committed(store, { writes: [write(id('other'), 0), ...writes.toReversed()] });
    }
    await committed(store, { writes: [deletion(`${prefix}0`)] });
    const page = async (from: number, limit: number, within = prefix) =>
      other.changes({ after: from, prefix: within, limit });
    const all = await page(after, 100);
    assert.deepEqual(statesOf(all), [0, 1, 1, 1, 2, 3, 3, 4, 4, 4, 4, 4, 5, undefined]);
    assert.deepEqual(
      all.map(({ sequence }) => sequence),
      all.map(({ sequence }) => sequence).toSorted((x, y) => x - y),
    );
    assert.deepEqual(
      all.filter(({ aggregateId }) => aggregateId === `${prefix}0`).map(({ version }) => version),
      [1, 2, 3, 4, 5, 6, 7],
    );
    const lengths = async (limit: number) => {
      const found: number[] = [];
      for (let from = after; ; ) {
        const next = await page(from, limit);
        if (next.length === 0) return found;
        found.push(next.length);
        assert.ok(next.at(-1)!.sequence > from, 'pages go on');
        from = next.at(-1)!.sequence;
      }
    };
    assert.deepEqual(await lengths(1), [1, 3, 1, 2, 5, 1, 1]);
    assert.deepEqual(await lengths(4), [4, 3, 5, 2]);
    assert.deepEqual(await lengths(5), [5, 2, 5, 2]);
    assert.deepEqual(await lengths(6), [5, 2, 6, 1]);
    assert.deepEqual(statesOf(await page(after, 100, `${prefix}4`)), [4]);
    assert.equal((await page(after, 7, '')).length, 6, 'with those of the other aggregate, whole commits up to 7');
    assert.deepEqual(await page(all.at(-1)!.sequence, 10), []);
  });

  define('changes leave out what was removed', async ({ store, other, id }) => {
    const prefix = id('c');
    const after = await store.lastSequence();
    for (let n = 1; n <= 4; n++) await committed(store, { writes: [write(`${prefix}a`, n), write(id('x'), n)] });
    await committed(store, { writes: [write(`${prefix}b`, 9)] });
    await store.vacuum({ keepVersions: 2, horizon: await store.lastSequence() });
    assert.deepEqual(statesOf(await other.changes({ after, prefix, limit: 100 })), [3, 4, 9]);
    assert.deepEqual(statesOf(await other.changes({ after, prefix, limit: 1 })), [3]);
  });
}
