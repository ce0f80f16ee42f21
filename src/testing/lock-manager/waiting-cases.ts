import assert from 'node:assert/strict';
import type { LockTimeoutError } from '../../core/lock-errors.ts';
import type { LockMode } from '../../state/lock-manager.ts';
import { assertFree, type DefineLockCase, failure, later, longMs, shortMs } from './case.ts';

/** In which order locks are given out, and how waiting ends. */
export function waitingCases(define: DefineLockCase): void {
  define('who asked first gets it first', async ({ locks, other, id, untilWaiting }) => {
    const release = await locks.acquire([id('a')], { owner: id('holder') });
    const got: number[] = [];
    const waiting: Promise<void>[] = [];
    for (let n = 0; n < 5; n++) {
      const call = (n % 2 ? locks : other).acquire([id('a')], { owner: id(`${n}`), timeoutMs: longMs });
      waiting.push(
        later(
          call.then((done) => {
            got.push(n);
            return done();
          }),
        ),
      );
      await untilWaiting(n + 1);
    }
    assert.deepEqual(got, []);
    await release();
    await Promise.all(waiting);
    assert.deepEqual(got, [0, 1, 2, 3, 4]);
  });

  define('who wants to share does not overtake who waits to have it alone', async (context) => {
    const { locks, other, id, untilWaiting } = context;
    const order: string[] = [];
    const enter = async (name: string, mode: LockMode) => {
      const release = await (mode === 'shared' ? locks : other).acquire([id('a')], {
        owner: id(name),
        mode,
        timeoutMs: longMs,
      });
      order.push(name);
      await release();
    };
    const release = await locks.acquire([id('a')], { owner: id('reader'), mode: 'shared' });
    const writer = later(enter('writer', 'exclusive'));
    await untilWaiting(1);
    const late = later(enter('late reader', 'shared'));
    await untilWaiting(2);
    assert.deepEqual(order, []);
    await release();
    await Promise.all([writer, late]);
    assert.deepEqual(order, ['writer', 'late reader']);
  });

  define('who shares it already gets it alone before those who wait', async ({ locks, other, id, untilWaiting }) => {
    const order: string[] = [];
    const owner = id('one');
    const mine = await locks.acquire([id('a')], { owner, mode: 'shared' });
    const theirs = await other.acquire([id('a')], { owner: id('two'), mode: 'shared' });
    const strangers = other.acquire([id('a')], { owner: id('three'), timeoutMs: longMs });
    const stranger = later(
      strangers.then((release) => {
        order.push('stranger');
        return release();
      }),
    );
    await untilWaiting(1);
    const alone = locks.acquire([id('a')], { owner, timeoutMs: longMs });
    const upgrade = later(
      alone.then(async (release) => {
        order.push('upgrade');
        await release();
        await mine();
      }),
    );
    await untilWaiting(2);
    await theirs();
    await Promise.all([upgrade, stranger]);
    assert.deepEqual(order, ['upgrade', 'stranger']);
  });

  define('many calls for many locks, in any order, all come to their turn and never together', async (context) => {
    const { locks, other, id } = context;
    const inside = new Map<string, number>();
    const names = ['a', 'b', 'c'].map(id);
    let turns = 0;
    const calls = Array.from({ length: 24 }, async (_, n) => {
      const own = [names[n % 3]!, names[(n + 1 + (n % 2)) % 3]!];
      const release = await (n % 2 ? locks : other).acquire(own, { owner: id(`${n}`), timeoutMs: longMs });
      for (const name of own) {
        inside.set(name, (inside.get(name) ?? 0) + 1);
        assert.equal(inside.get(name), 1);
      }
      await new Promise((resolve) => setImmediate(resolve));
      for (const name of own) inside.set(name, inside.get(name)! - 1);
      turns++;
      await release();
    });
    await Promise.all(calls);
    assert.equal(turns, 24);
    for (const name of names) await assertFree(locks, name);
  });

  define('waiting ends with the time given, and says for what', async ({ locks, other, id }) => {
    const release = await locks.acquire([id('a')], { owner: id('one') });
    const call = other.acquire([id('a')], { owner: id('two'), timeoutMs: shortMs });
    const error = await failure<LockTimeoutError>(call, 'LOCK_TIMEOUT');
    assert.equal(error.owner, id('two'));
    assert.deepEqual(error.aggregateIds, [id('a')]);
    assert.equal(error.timeoutMs, shortMs);
    await release();
    await assertFree(other, id('a'));
  });

  define('waiting ends with the signal, and lets those behind come up', async ({ locks, other, id, untilWaiting }) => {
    const reader = await locks.acquire([id('a')], { owner: id('reader'), mode: 'shared' });
    const abort = new AbortController();
    const reason = new Error('enough');
    const writer = locks.acquire([id('a')], { owner: id('writer'), timeoutMs: longMs, signal: abort.signal });
    const outcome = later(assert.rejects(writer, (error) => error === reason));
    await untilWaiting(1);
    const late = later(other.acquire([id('a')], { owner: id('late'), mode: 'shared', timeoutMs: longMs }));
    await untilWaiting(2);
    abort.abort(reason);
    await outcome;
    await (await late)();
    await reader();
    await assertFree(other, id('a'));
  });

  define('a signal that has aborted locks nothing', async ({ locks, other, id }) => {
    const reason = new Error('never mind');
    const call = locks.acquire([id('a')], { owner: id('one'), signal: AbortSignal.abort(reason) });
    await assert.rejects(call, (error) => error === reason);
    await assertFree(other, id('a'));
  });
}
