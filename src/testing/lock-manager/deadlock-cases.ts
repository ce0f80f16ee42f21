import assert from 'node:assert/strict';
import { isMigrationError } from '../../core/errors.ts';
import type { DeadlockError } from '../../core/lock-errors.ts';
import type { ReleaseLocks } from '../../state/lock-manager.ts';
import { assertFree, type DefineLockCase, type LockCaseContext, later, longMs } from './case.ts';

/** That nobody waits for ever. */
export function deadlockCases(define: DefineLockCase): void {
  for (const size of [2, 3, 5]) {
    define(`of ${size} owners who wait in a ring one is told, with all of their names`, async (context) => {
      const errors = await ring(context, size);
      assert.equal(errors.length, 1);
      const { id } = context;
      const [{ cycle }] = errors as [DeadlockError];
      assert.equal(cycle.length, size);
      // Whoever it begins with, each is followed by the one he waits for.
      const first = Number(/^\d+/.exec(cycle[0]!.owner)![0]);
      const expected = Array.from({ length: size }, (_, n) => ({
        owner: id(`${(first + n) % size}`),
        aggregateId: id(`aggregate ${(first + n + 1) % size}`),
      }));
      assert.deepEqual(cycle, expected);
      for (let n = 0; n < size; n++) await assertFree(context.other, id(`aggregate ${n}`));
    });
  }

  define('two who share and both want it alone wait in a ring', async ({ locks, other, id }) => {
    const managers = { one: locks, two: other };
    const outcomes = await Promise.allSettled(
      Object.entries(managers).map(async ([name, manager]) => {
        const owner = id(name);
        const shared = await manager.acquire([id('a')], { owner, mode: 'shared', timeoutMs: longMs });
        try {
          await (await manager.acquire([id('gate')], { owner: id(`gate ${name}`), mode: 'shared' }))();
          const alone = await manager.acquire([id('a')], { owner, timeoutMs: longMs });
          await alone();
        } finally {
          await shared();
        }
      }),
    );
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    // Where one was through before the other came, there was no ring.
    assert.ok(failed.length <= 1);
    for (const { reason } of failed) {
      assert.ok(isMigrationError(reason, 'DEADLOCK'));
      const { cycle } = reason as DeadlockError;
      assert.deepEqual(cycle.map(({ owner }) => owner).sort(), [id('one'), id('two')].sort());
      assert.deepEqual(new Set(cycle.map(({ aggregateId }) => aggregateId)), new Set([id('a')]));
    }
    await assertFree(locks, id('a'));
  });

  define('a queue is no ring', async ({ locks, other, id, untilWaiting }) => {
    const release = await locks.acquire([id('a'), id('b')], { owner: id('holder') });
    const waiting: Promise<void>[] = [];
    for (let n = 0; n < 4; n++) {
      const ids = n % 2 ? [id('a'), id('b')] : [id('b'), id('a')];
      const call = (n % 2 ? locks : other).acquire(ids, { owner: id(`${n}`), timeoutMs: longMs });
      waiting.push(later(call.then((done) => done())));
      await untilWaiting(n + 1);
    }
    await release();
    await Promise.all(waiting);
  });
}

/** Each owner holds one and asks for the next one's; whoever is told of a deadlock gives way. */
async function ring({ locks, other, id }: LockCaseContext, size: number): Promise<DeadlockError[]> {
  const errors: DeadlockError[] = [];
  const held: ReleaseLocks[] = [];
  for (let n = 0; n < size; n++) {
    held.push(await (n % 2 ? other : locks).acquire([id(`aggregate ${n}`)], { owner: id(`${n}`) }));
  }
  await Promise.all(
    held.map(async (release, n) => {
      const next = id(`aggregate ${(n + 1) % size}`);
      try {
        const done = await (n % 2 ? other : locks).acquire([next], { owner: id(`${n}`), timeoutMs: longMs });
        await done();
      } catch (error) {
        if (!isMigrationError(error, 'DEADLOCK')) throw error;
        errors.push(error as DeadlockError);
      }
      await release();
    }),
  );
  return errors;
}
