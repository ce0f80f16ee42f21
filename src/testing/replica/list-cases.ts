import assert from 'node:assert/strict';
import { difficultNames } from '../event-adapter/difficult-names.ts';
import { type DefineReplicaCase, listed, put } from './case.ts';

/** The ids of all records. */
export function listCases<S>(define: DefineReplicaCase<S>, count: number): void {
  define('every record is listed, once', async ({ replica, other, id, state, isId }) => {
    const names = ['a', 'B', 'Z', 'z', ...difficultNames, ...Array.from({ length: count }, (_, n) => `n${n}`)];
    const ids = names.map(id).filter(isId);
    for (const [n, each] of ids.entries()) await put(n % 2 ? other : replica, each, state(n));
    for (const each of [replica, other]) {
      assert.deepEqual((await listed(each, id(''))).toSorted(), ids.toSorted());
    }
  });

  define('a removed record is not listed, or found to be gone', async ({ replica, other, id, state }) => {
    for (const name of ['a', 'b', 'c']) await put(replica, id(name), state(1));
    await put(other, id('b'), undefined);
    const found: string[] = [];
    for (const each of await listed(replica, id(''))) {
      if ((await replica.read(each)).state !== undefined) found.push(each);
    }
    assert.deepEqual(found.toSorted(), [id('a'), id('c')]);
    await put(replica, id('b'), state(2));
    assert.ok((await listed(other, id(''))).includes(id('b')));
  });

  define('records that come and go while they are listed hide no other', async ({ replica, other, id, state }) => {
    const name = (n: number) => id(`n${String(n).padStart(4, '0')}`);
    for (let n = 0; n < count; n++) await put(replica, name(n), state(n));
    const found = new Set<string>();
    for await (const each of replica.ids()) {
      found.add(each);
      const n = found.size % 10;
      if (n === 0) await put(other, name(found.size - 10), undefined);
      if (n === 5 && found.size < count) await put(other, id(`before ${found.size}`), state(1));
    }
    for (let n = 0; n < count; n++)
      if (n % 10 !== 0) assert.ok(found.has(name(n)), `${name(n)} was there all the time`);
  });
}
