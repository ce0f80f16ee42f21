import assert from 'node:assert/strict';
import type { JsonValue } from '../../core/json-value.ts';
import { committed, type DefineCase, historyOf, write } from './case.ts';

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

  define('MV1 MV2 versions count from 1, and every JSON value comes back, frozen', async ({ store, other, id }) => {
    for (const [index, state] of states.entries()) {
      const { versions } = await committed(store, { writes: [write(id('a'), state)], timestamp: 1_000_000_000_000 });
      assert.deepEqual(versions, [index + 1]);
    }
    for (const [index, state] of states.entries()) {
      const found = await other.read(id('a'), { version: index + 1 });
      assert.ok(found);
      assert.equal(JSON.stringify(found.state), JSON.stringify(state));
      assert.ok(Object.isFrozen(found.state));
      assert.deepEqual([found.aggregateId, found.version, found.timestamp], [id('a'), index + 1, 1_000_000_000_000]);
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
}
