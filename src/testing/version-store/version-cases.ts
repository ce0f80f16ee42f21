import assert from 'node:assert/strict';
import type { JsonValue } from '../../core/json-value.ts';
import { committed, type DefineCase, deletion, historyOf, laterTime, statesOf, versionsOf, write } from './case.ts';

const states: readonly JsonValue[] = [
  null,
  false,
  0,
  '',
  'a\u0000b 가 😀 \' " \\',
  -1.5e300,
  Number.MAX_SAFE_INTEGER,
  [],
  {},
  { nested: [{ a: null }, 'x', [true]], '': 1 },
  JSON.parse('{"__proto__":{"x":1},"constructor":2}') as JsonValue,
];

export function versionCases(define: DefineCase): void {
  define('an aggregate that was never written has no version', async ({ store, id }) => {
    assert.equal(await store.read(id('a')), undefined);
    assert.equal(await store.read(id('a'), { version: 1 }), undefined);
    assert.equal(await store.read(id('a'), { sequence: Number.MAX_SAFE_INTEGER }), undefined);
    assert.equal(await store.latestVersion(id('a')), 0);
    assert.deepEqual(await historyOf(store, id('a')), []);
  });

  define('MV1 MV2 versions count from 1, and every JSON value comes back, frozen', async (context) => {
    const { store, other, id } = context;
    const timestamp = (await laterTime(context)) + 2 ** 32;
    for (const [index, state] of states.entries()) {
      const { versions } = await committed(store, { writes: [write(id('a'), state)], timestamp });
      assert.deepEqual(versions, [index + 1]);
    }
    for (const [index, state] of states.entries()) {
      const found = await other.read(id('a'), { version: index + 1 });
      assert.ok(found);
      assert.equal(JSON.stringify(found.state), JSON.stringify(state));
      assert.ok(Object.isFrozen(found.state));
      assert.deepEqual([found.aggregateId, found.version, found.timestamp], [id('a'), index + 1, timestamp]);
    }
    assert.equal(await other.latestVersion(id('a')), states.length);
    assert.equal((await other.read(id('a')))?.version, states.length);
    assert.equal(await other.read(id('a'), { version: 0 }), undefined);
    assert.equal(await other.read(id('a'), { version: states.length + 1 }), undefined);
  });

  define('a history is read page by page', async ({ store, other, id }) => {
    for (let n = 1; n <= 5; n++) await committed(store, { writes: [write(id('a'), n), write(id('b'), -n)] });
    assert.deepEqual(
      (await historyOf(other, id('a'))).map(({ state }) => state),
      [1, 2, 3, 4, 5],
    );
    const page = async (fromVersion: number, limit: number) =>
      (await other.history(id('a'), { fromVersion, limit })).map(({ version }) => version);
    assert.deepEqual(
      [await page(1, 2), await page(4, 2), await page(5, 9), await page(6, 1)],
      [[1, 2], [4, 5], [5], []],
    );
  });

  define('ids are told apart to the letter', async ({ store, other, id }) => {
    const ids = ['a', 'A', 'a ', 'a%', 'a_', "a'; --", '가', 'é', 'e\u0301', '__proto__', '😀'].map(id);
    for (const [index, each] of ids.entries()) await committed(store, { writes: [write(each, index)] });
    for (const [index, each] of ids.entries()) {
      assert.deepEqual(
        (await historyOf(other, each)).map(({ state }) => state),
        [index],
      );
    }
  });

  define('a checksum comes back as it was given, and only where it was', async ({ store, other, id }) => {
    await committed(store, { writes: [write(id('a'), 1, 'c1'), write(id('b'), 1)] });
    await committed(store, { writes: [write(id('a'), 2)] });
    assert.deepEqual(
      (await historyOf(other, id('a'))).map(({ checksum }) => checksum),
      ['c1', undefined],
    );
    assert.equal((await other.read(id('a'), { version: 1 }))?.checksum, 'c1');
    assert.equal((await other.read(id('b')))?.checksum, undefined);
  });

  define('times never go back, and what was at a time is found', async (context) => {
    const { store, other, id } = context;
    const start = await laterTime(context);
    const at = async (state: number, timestamp: number) =>
      (await committed(store, { writes: [write(id('a'), state)], timestamp })).timestamp;
    assert.deepEqual(
      [await at(1, start), await at(2, start + 10), await at(3, start + 5), await at(4, start + 20)],
      [start, start + 10, start + 10, start + 20],
    );
    const history = await historyOf(other, id('a'));
    assert.deepEqual(
      history.map(({ timestamp }) => timestamp),
      [start, start + 10, start + 10, start + 20],
    );
    const read = async (time: number) => (await other.read(id('a'), { time }))?.state;
    assert.deepEqual(
      [await read(start - 1), await read(start), await read(start + 9), await read(start + 10), await read(start + 99)],
      [undefined, 1, 1, 3, 4],
    );
  });

  define('MV2 long states come back from any version, however they are kept', async ({ store, other, id }) => {
    const items = Array.from({ length: 150 }, (_, n) => ({ id: n, title: `Number ${n * 7919} 가😀`, done: false }));
    const stateAt = (n: number): JsonValue => ({
      changed: n,
      items: items.map((item) => (item.id % 70 === n ? { ...item, done: true, title: '😀'.repeat(n) } : item)),
      // Twice it becomes another text altogether, and short ones.
      ...(n % 30 === 29 && { items: Array.from({ length: 600 }, (_, k) => `${(k * n) % 1009}`) }),
      ...(n % 40 === 39 && { items: [] }),
    });
    const sequences: number[] = [];
    for (let n = 1; n <= 80; n++) {
      const gone = n === 45 || n === 77;
      const writes = [gone ? deletion(id('a')) : write(id('a'), stateAt(n), `sum-${n}`), write(id('b'), n)];
      sequences.push((await committed(store, { writes })).sequence);
    }
    await store.vacuum({ horizon: 0 });
    const expected = (n: number) => (n === 45 || n === 77 ? undefined : stateAt(n));
    for (const version of [1, 2, 15, 16, 17, 29, 30, 39, 44, 45, 46, 63, 64, 65, 76, 77, 79, 80]) {
      const found = await other.read(id('a'), { version });
      assert.deepEqual([found?.version, found?.state], [version, expected(version)]);
      const sequence = sequences[version - 1]!;
      assert.deepEqual(await other.read(id('a'), { sequence }), found);
      const [scanned] = await other.scan({ prefix: id('a'), sequence, limit: 5 });
      assert.deepEqual(scanned, expected(version) === undefined ? undefined : found);
    }
    const all = Array.from({ length: 80 }, (_, index) => index + 1);
    const history = await historyOf(other, id('a'));
    assert.deepEqual(versionsOf(history), all);
    assert.deepEqual(statesOf(history), all.map(expected));
    assert.ok(history.every(({ state }) => Object.isFrozen(state)));
    assert.deepEqual(await other.history(id('a'), { fromVersion: 20, limit: 30 }), history.slice(19, 49));
    const changes = await other.changes({ after: sequences[9]!, prefix: id('a'), limit: 21 });
    assert.deepEqual(changes, history.slice(10, 31));
  });
}
