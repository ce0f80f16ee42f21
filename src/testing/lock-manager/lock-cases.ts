import assert from 'node:assert/strict';
import { difficultNames } from '../event-adapter/difficult-names.ts';
import { assertFree, type DefineLockCase, failure, isFree, longMs, shortMs } from './case.ts';

/** Who may hold what. */
export function lockCases(define: DefineLockCase): void {
  define('a lock is held by one owner at a time, until he releases it', async ({ locks, other, id }) => {
    const release = await locks.acquire([id('a')], { owner: id('one') });
    assert.equal(await isFree(other, id('a')), false);
    assert.equal(await isFree(other, id('a'), 'shared'), false);
    await assertFree(other, id('b'));
    await release();
    await assertFree(other, id('a'));
  });

  define('a shared lock is held by many, and by nobody exclusively', async ({ locks, other, id }) => {
    const one = await locks.acquire([id('a')], { owner: id('one'), mode: 'shared' });
    const two = await other.acquire([id('a')], { owner: id('two'), mode: 'shared', timeoutMs: longMs });
    assert.equal(await isFree(locks, id('a')), false);
    await one();
    assert.equal(await isFree(locks, id('a')), false);
    await assertFree(locks, id('a'), 'shared');
    await two();
    await assertFree(locks, id('a'));
  });

  define('an owner does not wait for himself', async ({ locks, other, id }) => {
    const owner = id('one');
    const releases = [
      await locks.acquire([id('a'), id('a')], { owner }),
      await locks.acquire([id('a'), id('b')], { owner }),
      await locks.acquire([id('a')], { owner, mode: 'shared' }),
    ];
    for (const release of releases) {
      assert.equal(await isFree(other, id('a')), false);
      await release();
    }
    await assertFree(other, id('a'));
    await assertFree(other, id('b'));
  });

  define('what is held shared can be made exclusive', async ({ locks, other, id }) => {
    const owner = id('one');
    const shared = await locks.acquire([id('a')], { owner, mode: 'shared' });
    const exclusive = await locks.acquire([id('a')], { owner, timeoutMs: longMs });
    assert.equal(await isFree(other, id('a'), 'shared'), false);
    await exclusive();
    await shared();
    await assertFree(other, id('a'));
  });

  define('several are locked together or not at all', async ({ locks, other, id }) => {
    const held = await locks.acquire([id('b')], { owner: id('one') });
    const all = [id('a'), id('b'), id('c')];
    await failure(other.acquire(all, { owner: id('two'), timeoutMs: shortMs }), 'LOCK_TIMEOUT');
    await assertFree(locks, id('a'));
    await assertFree(locks, id('c'));
    await held();
    const release = await other.acquire(all, { owner: id('two'), timeoutMs: longMs });
    for (const each of all) assert.equal(await isFree(locks, each), false);
    await release();
    for (const each of all) await assertFree(locks, each);
  });

  define('a failed call takes nothing from what its owner holds', async ({ locks, other, id }) => {
    const mine = await locks.acquire([id('a')], { owner: id('one') });
    const theirs = await other.acquire([id('b')], { owner: id('two') });
    await failure(locks.acquire([id('a'), id('b')], { owner: id('one'), timeoutMs: shortMs }), 'LOCK_TIMEOUT');
    assert.equal(await isFree(other, id('a')), false);
    const again = await locks.acquire([id('c')], { owner: id('one'), timeoutMs: longMs });
    assert.equal(await isFree(other, id('c')), false);
    await Promise.all([mine(), theirs(), again()]);
    for (const each of ['a', 'b', 'c']) await assertFree(other, id(each));
  });

  define('releasing twice frees nobody else’s lock', async ({ locks, other, id }) => {
    const release = await locks.acquire([id('a')], { owner: id('one') });
    await release();
    const next = await other.acquire([id('a')], { owner: id('one'), timeoutMs: longMs });
    await release();
    assert.equal(await isFree(locks, id('a')), false);
    await next();
    await assertFree(locks, id('a'));
  });

  define('names are told apart to the letter', async ({ locks, other, id }) => {
    const base = id('a');
    const names = difficultNames.flatMap((name) => [base + name, name + base]);
    const others = [...names, base.toUpperCase(), base.slice(0, -1), `${base}a`];
    const release = await locks.acquire([base], { owner: `*/ ${base}` });
    for (const name of others) await assertFree(other, name);
    const all = await locks.acquire(names, { owner: `*/ ${base}` });
    for (const name of [base, names[0]!, names.at(-1)!]) assert.equal(await isFree(other, name), false);
    await Promise.all([release(), all()]);
    for (const name of [base, ...names]) await assertFree(other, name);
  });

  define('nothing to lock is no wait', async ({ locks, id }) => {
    const release = await locks.acquire([], { owner: id('one') });
    await release();
  });

  define('what makes no sense is refused', async ({ locks, id }) => {
    const owner = id('one');
    for (const call of [
      () => locks.acquire('a' as never, { owner }),
      () => locks.acquire([''], { owner }),
      () => locks.acquire(['a\0'], { owner }),
      () => locks.acquire([id('a')], { owner: '' }),
      () => locks.acquire([id('a')], { owner, mode: 'other' as never }),
      () => locks.acquire([id('a')], { owner, timeoutMs: 0 }),
    ]) {
      await failure(call(), 'INVALID_ARGUMENT');
    }
    await assertFree(locks, id('a'));
  });
}
