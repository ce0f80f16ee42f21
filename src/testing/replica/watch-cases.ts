import assert from 'node:assert/strict';
import { type DefineReplicaCase, put } from './case.ts';

/** Being told of records that change. */
export function watchCases<S>(define: DefineReplicaCase<S>): void {
  define('a watch is told of a record that is made, changed and removed, by whomever', async (context) => {
    const { replica, other, id, state, watch } = context;
    const told = await watch(replica);
    for (const next of [state(1), state(2), undefined, state(3)]) {
      for (const [name, write] of [
        ['a', () => put(other, id('a'), next)],
        ['b', () => context.edit(id('b'), next)],
      ] as const) {
        const since = told.ids.length;
        await write();
        await told.until([id(name)], since);
      }
    }
  });

  define('a watch misses nothing from the moment that it has begun', async ({ replica, other, id, state, watch }) => {
    for (let round = 0; round < 5; round++) {
      const each = id(`${round}`);
      if (round % 2) await put(other, each, state(0));
      const told = await watch(replica);
      await put(other, each, state(round + 1));
      await told.until([each]);
    }
  });

  define('a watch is told of each of many', async ({ replica, other, id, state, watch }) => {
    const told = await watch(replica);
    const ids = Array.from({ length: 40 }, (_, n) => id(`n${n}`));
    await Promise.all(ids.map((each, n) => put(n % 2 ? replica : other, each, state(n))).slice(20));
    await Promise.all(ids.slice(0, 20).map((each, n) => put(other, each, state(n))));
    await told.until(ids.slice(0, 20));
  });

  define('a watch is told of an edit that takes back what was read before', async (context) => {
    const { replica, id, state, edit, watch } = context;
    await put(replica, id('a'), state(1));
    const told = await watch(replica);
    for (let round = 0; round < 3; round++) {
      await edit(id('a'), state(2));
      assert.deepEqual((await replica.read(id('a'))).state, state(2));
      const since = told.ids.length;
      await edit(id('a'), state(1));
      await told.until([id('a')], since);
      await put(replica, id('a'), state(3));
      const written = told.ids.length;
      await edit(id('a'), state(1));
      await told.until([id('a')], written);
    }
  });

  define(
    'a watch that was ended is told nothing, and the others go on',
    async ({ replica, other, id, state, watch }) => {
      const [ended, going] = [await watch(replica), await watch(replica)];
      await put(other, id('a'), state(1));
      await Promise.all([ended.until([id('a')]), going.until([id('a')])]);
      await ended.end();
      const { length } = ended.ids;
      for (const name of ['b', 'c']) {
        await put(other, id(name), state(1));
        await going.until([id(name)]);
      }
      assert.equal(ended.ids.length, length);
      const anew = await watch(replica);
      await put(other, id('d'), state(1));
      await Promise.all([anew.until([id('d')]), going.until([id('d')])]);
      assert.equal(ended.ids.length, length);
    },
  );
}
