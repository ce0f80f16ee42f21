import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMigrationError } from '../../src/core/errors.ts';
import type { DeadlockError } from '../../src/core/lock-errors.ts';
import type { LockMode, ReleaseLocks } from '../../src/state/lock-manager.ts';
import { MemoryLockManager } from '../../src/state/memory-lock-manager.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { LockWitness } from './models/lock-witness.ts';
import { runs } from './runs.ts';

const names = ['a', 'b', 'c'] as const;

const step = fc.record({
  id: fc.constantFrom(...names),
  mode: fc.constantFrom<LockMode>('exclusive', 'exclusive', 'shared'),
  /** Gives it back before the next step, as two-phase locking does not. */
  releasesEarly: fc.boolean(),
  givesUp: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
const programs = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 6 });
type Program = readonly { id: string; mode: LockMode; releasesEarly: boolean; givesUp: boolean }[];

describe('locks of one process', () => {
  it('LK1 LK2 LK3 nobody holds what another holds, all wait in turn, every ring of waiting is found and no other', async () => {
    let deadlocks = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), programs, async (scheduler, all) => {
        const clock = new FakeClock();
        const locks = new MemoryLockManager({ clock });
        const witness = new LockWitness();

        const run = async (owner: string, program: Program) => {
          const held: { id: string; mode: LockMode; release: ReleaseLocks }[] = [];
          const giveBack = async ({ id, mode, release }: (typeof held)[number]) => {
            witness.releases(owner, id, mode);
            await release();
          };
          for (const { id, mode, releasesEarly, givesUp } of program) {
            await scheduler.schedule(Promise.resolve(), `${owner} asks for ${id} ${mode}`);
            const abort = new AbortController();
            let isWaiting = true;
            witness.asks(owner, id, mode);
            const asking = locks.acquire([id], { owner, mode, timeoutMs: 1000, signal: abort.signal });
            if (givesUp) {
              void scheduler.schedule(Promise.resolve(), `${owner} gives up`).then(() => {
                if (isWaiting) witness.givesUp(owner);
                abort.abort(new Error('gave up'));
              });
            }
            try {
              const release = await asking;
              witness.gets(owner, id, mode);
              if (releasesEarly) await giveBack({ id, mode, release });
              else held.push({ id, mode, release });
            } catch (error) {
              if (isMigrationError(error, 'DEADLOCK')) {
                witness.confirms(owner, (error as DeadlockError).cycle);
                witness.givesUp(owner);
                deadlocks++;
              } else expect((error as Error).message).toBe('gave up');
              break;
            } finally {
              isWaiting = false;
            }
          }
          await scheduler.schedule(Promise.resolve(), `${owner} ends`);
          for (const each of held) await giveBack(each);
        };

        const done = Promise.all(all.map((program, n) => run(`owner-${n}`, program)));
        // Resolves only if everybody came to his end: what waits for ever is waited for here.
        await scheduler.waitFor(done);
        expect(clock.pending).toBe(0);
        for (const id of names) await (await locks.acquire([id], { owner: 'last', timeoutMs: 1 }))();
      }),
      runs(400),
    );
    expect(deadlocks).toBeGreaterThan(0);
  });

  it('LK4 whoever waits, waits no longer than he said, and then holds nothing of what he asked for', async () => {
    const waits = fc.array(
      fc.record({ ids: fc.subarray([...names], { minLength: 1 }), timeoutMs: fc.integer({ min: 1, max: 50 }) }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(waits, fc.integer({ min: 0, max: 60 }), async (all, heldMs) => {
        const clock = new FakeClock();
        const locks = new MemoryLockManager({ clock });
        const release = await locks.acquire(names, { owner: 'holder' });
        const waiting = all.map(async ({ ids, timeoutMs }, n) => {
          try {
            const done = await locks.acquire(ids, { owner: `${n}`, timeoutMs });
            await done();
            return { after: clock.now(), timeoutMs, got: true };
          } catch (error) {
            expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', owner: `${n}`, timeoutMs });
            return { after: clock.now(), timeoutMs, got: false };
          }
        });
        await clock.advance(heldMs);
        await release();
        const outcomes = await Promise.all(waiting);
        for (const { after, timeoutMs, got } of outcomes) {
          expect(got).toBe(timeoutMs > heldMs);
          expect(after).toBe(Math.min(timeoutMs, heldMs));
        }
        expect(clock.pending).toBe(0);
        await (await locks.acquire(names, { owner: 'last', timeoutMs: 1 }))();
      }),
      runs(100),
    );
  });
});
