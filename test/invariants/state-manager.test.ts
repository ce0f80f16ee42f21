import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CacheProvider } from '../../src/cache/cache-provider.ts';
import { MemoryCacheProvider } from '../../src/cache/memory-cache-provider.ts';
import { type IsolationLevel, isolationLevels } from '../../src/state/isolation-level.ts';
import { MemoryLockManager } from '../../src/state/memory-lock-manager.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { TransactionManager } from '../../src/state/transaction-manager.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { runs } from './runs.ts';

const names = ['a', 'b'] as const;

/** A cache that is slow, forgets, fails, and gives back nonsense, as the schedule and the dice have it. */
function faulty(scheduler: fc.Scheduler, dice: () => number): CacheProvider {
  const cache = new MemoryCacheProvider({ max: 100 });
  const fault = async (what: string) => {
    await scheduler.schedule(Promise.resolve(), what);
    if (dice() === 0) throw new Error('the cache is down');
  };
  return {
    getEntry: (key) => cache.getEntry(key),
    async get(key) {
      await fault(`get ${key}`);
      const roll = dice();
      if (roll === 1) return null;
      if (roll === 2) return { nonsense: true };
      return cache.get(key);
    },
    async set(key, value, options) {
      await fault(`set ${key}`);
      await cache.set(key, value, options);
    },
    delete: (key) => cache.delete(key),
    close: () => cache.close(),
  };
}

describe('StateManager', () => {
  it('MV2 what a shared, faulty cache gives is never older than what the store had when it was asked', async () => {
    const operation = fc.record({
      kind: fc.constantFrom('set', 'update', 'delete', 'get', 'get', 'get', 'getVersion'),
      id: fc.constantFrom(...names),
      manager: fc.nat(1),
    });
    const programs = fc.array(fc.array(operation, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), programs, fc.infiniteStream(fc.nat(7)), async (scheduler, all, rolls) => {
        const store = new MemoryVersionStore();
        const cacheProvider = faulty(scheduler, () => rolls.next().value);
        const options = { store, cacheProvider, onError: () => {}, retry: { backoff: { initialMs: 0 } } };
        const managers = [0, 1].map(() => new StateManager<string>(options));
        /** Every version there ever was, as its writer got it. */
        const states = new Map<string, string | undefined>();
        let written = 0;

        const run = async (program: (typeof all)[number], who: number) => {
          /** The newest version that this reader has seen of each. */
          const seen = new Map<string, number>();
          for (const { kind, id, manager } of program) {
            await scheduler.schedule(Promise.resolve(), `${who}: ${kind} ${id}`);
            const at = managers[manager]!;
            const note = (version: number, state: string | undefined) => {
              states.set(`${id}@${version}`, state);
              expect(version).toBeGreaterThan(seen.get(id) ?? 0);
              seen.set(id, version);
            };
            if (kind === 'set') {
              const state = `state ${++written}`;
              note((await at.set(id, state)).version, state);
            } else if (kind === 'update') {
              const { version, state } = await at.update(id, (before = 'new') => `${before.slice(0, 20)} ${++written}`);
              note(version, state);
            } else if (kind === 'delete') {
              const deleted = await at.delete(id);
              if (deleted) note(deleted.version, undefined);
            } else {
              const least = await store.latestVersion(id);
              const found = await at.get(id, kind === 'getVersion' ? { version: least } : {});
              const most = kind === 'getVersion' ? least : await store.latestVersion(id);
              if (found) {
                expect(found.version).toBeGreaterThanOrEqual(least);
                expect(found.version).toBeLessThanOrEqual(most);
                expect(found.version).toBeGreaterThanOrEqual(kind === 'get' ? (seen.get(id) ?? 0) : 0);
                const [stored] = await store.history(id, { fromVersion: found.version, limit: 1 });
                expect(found.state).toBe(stored?.state);
                expect(found.deleted).toBe(false);
              } else if (least > 0) {
                const history = await store.history(id, { fromVersion: least, limit: most - least + 1 });
                expect(history.some(({ state }) => state === undefined)).toBe(true);
              }
            }
          }
        };
        await scheduler.waitFor(Promise.all(all.map(run)));
        for (const id of names) {
          for (const { version, state } of await store.history(id, { fromVersion: 1, limit: 1000 })) {
            if (states.has(`${id}@${version}`)) expect(states.get(`${id}@${version}`)).toBe(state);
          }
        }
      }),
      runs(150),
    );
  });

  it('MV3 pessimistic and optimistic updates and transactions together lose nothing, and all end', async () => {
    const increment = fc.record({
      kind: fc.constantFrom('update', 'transaction'),
      ids: fc.shuffledSubarray([...names], { minLength: 1 }),
      isPessimistic: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(increment, { minLength: 2, maxLength: 6 }), async (scheduler, all) => {
        const clock = new FakeClock();
        const store = new MemoryVersionStore();
        const locks = new MemoryLockManager({ clock });
        const retry = { maxAttempts: 1000, backoff: { initialMs: 0, maxMs: 0 } };
        const optimist = new StateManager<number>({ store, retry });
        const pessimist = new StateManager<number>({ store, locks, retry, concurrencyControl: 'pessimistic' });
        const expected = new Map<string, number>();
        const run = async ({ kind, ids, isPessimistic }: (typeof all)[number], n: number) => {
          const pause = (what: string) => scheduler.schedule(Promise.resolve(), `${n} ${what}`);
          const manager = isPessimistic ? pessimist : optimist;
          await pause('begins');
          for (const id of kind === 'update' ? ids.slice(0, 1) : ids) expected.set(id, (expected.get(id) ?? 0) + 1);
          if (kind === 'update') {
            await manager.update(ids[0]!, async (state = 0) => {
              await pause('changes');
              return state + 1;
            });
            return;
          }
          await manager.transaction(async (transaction) => {
            for (const id of ids) {
              const state = (await transaction.read(id))?.state ?? 0;
              await pause(`has read ${id}`);
              await transaction.write(id, state + 1);
            }
          });
        };
        await scheduler.waitFor(Promise.all(all.map(run)));
        for (const [id, count] of expected)
          expect(await optimist.get(id)).toMatchObject({ state: count, version: count });
        expect(clock.pending).toBe(0);
        await (await locks.acquire(names, { owner: 'last', timeoutMs: 1 }))();
      }),
      runs(150),
    );
  });
});

/** All of whose time passes at once: a schedule in which nothing else happens meanwhile. */
function suddenClock() {
  const timers = new Set<() => void>();
  return {
    now: () => 0,
    schedule(run: () => void) {
      timers.add(run);
      return () => void timers.delete(run);
    },
    passAll() {
      for (const run of [...timers]) run();
      timers.clear();
    },
    get pending() {
      return timers.size;
    },
  };
}

describe('TransactionManager', () => {
  it('MV6 MV7 operations see the writes before them, and others all of them or none, whatever fails, aborts or takes too long', async () => {
    const step = fc.record({ kind: fc.constantFrom('write', 'delete', 'read'), id: fc.constantFrom(...names) });
    const program = fc.record({
      level: fc.constantFrom<IsolationLevel>(...isolationLevels),
      operations: fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      end: fc.constantFrom('commits', 'commits', 'throws', 'aborts', 'times out'),
    });
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(program, { minLength: 1, maxLength: 4 }), async (scheduler, all) => {
        const clock = suddenClock();
        const store = new MemoryVersionStore();
        const pause = (what: string) => scheduler.schedule(Promise.resolve(), what);
        const mvcc = new MVCCController<string>({
          clock,
          store: Object.assign(Object.create(store), {
            init: () => store.init(),
            lastSequence: async () => {
              await pause('last sequence');
              return store.lastSequence();
            },
            read: async (...values: Parameters<typeof store.read>) => {
              await pause('read');
              return store.read(...values);
            },
            commit: async (...values: Parameters<typeof store.commit>) => {
              await pause('to commit');
              const outcome = await store.commit(...values);
              await pause('from commit');
              return outcome;
            },
          }),
        });
        const manager = new TransactionManager<string>({ mvcc, clock });
        /** What each that committed has left, by the value that names it. */
        const wholes = new Map<string, Map<string, string | undefined>>();
        const inDoubt = new Set<string>();

        const run = async ({ level, operations, end }: (typeof all)[number], n: number) => {
          const own = new Map<string, string | undefined>();
          const value = `${n}`;
          const abort = new AbortController();
          await pause(`${n} begins`);
          const executed = manager.executeInTransaction(
            operations.map((steps, index) => ({
              async execute(transaction) {
                for (const { kind, id } of steps) {
                  if (kind === 'read') {
                    const found = await transaction.read(id);
                    if (own.has(id)) expect(found?.state).toBe(own.get(id));
                    continue;
                  }
                  own.set(id, kind === 'write' ? value : undefined);
                  if (kind === 'write') await transaction.write(id, value);
                  else await transaction.delete(id);
                }
                if (end === 'throws' && index === operations.length - 1) throw new Error('stop');
                return index;
              },
            })),
            level,
            { signal: abort.signal, ...(end === 'times out' && { timeoutMs: 10 }) },
          );
          if (end === 'aborts') void pause(`${n} aborts`).then(() => abort.abort(new Error('enough')));
          if (end === 'times out') void pause(`${n} is late`).then(() => clock.passAll());
          try {
            expect(await executed).toEqual(operations.map((_, index) => index));
            wholes.set(value, own);
            outcomes.add('committed');
          } catch (error) {
            const { code, message } = error as { code?: string; message: string };
            outcomes.add(code ?? message);
            expect([code ?? message]).toEqual(
              expect.arrayContaining([
                expect.stringMatching(
                  { commits: /^CONCURRENCY/, throws: /^(CONCURRENCY|stop)/, aborts: /^(CONCURRENCY|enough)/ }[
                    end as 'commits'
                  ] ?? /^(CONCURRENCY|TIMEOUT)/,
                ),
              ]),
            );
            if (end === 'aborts' || end === 'times out') {
              inDoubt.add(value);
              wholes.set(value, own);
            }
          }
        };
        await scheduler.waitFor(Promise.all(all.map(run)));
        await scheduler.waitIdle();

        const bySequence = new Map<number, Map<string, string | undefined>>();
        for (const { aggregateId, sequence, state } of await store.changes({ after: 0, prefix: '', limit: 1000 })) {
          const commit = bySequence.get(sequence) ?? new Map<string, string | undefined>();
          bySequence.set(sequence, commit.set(aggregateId, state as string | undefined));
        }
        for (const commit of bySequence.values()) {
          const value = [...commit.values()].find((state) => state !== undefined);
          if (value === undefined) continue;
          const whole = wholes.get(value);
          expect(whole).toBeDefined();
          // A deletion of what does not exist is none.
          for (const [id, state] of whole!)
            if (state !== undefined || commit.has(id)) expect(commit.get(id)).toBe(state);
          for (const id of commit.keys()) expect(whole!.has(id)).toBe(true);
        }
        const stored = new Set([...bySequence.values()].flatMap((commit) => [...commit.values()]));
        for (const [value, whole] of wholes) {
          if (!inDoubt.has(value) && [...whole.values()].includes(value)) expect(stored).toContain(value);
        }
        expect(clock.pending).toBe(0);
      }),
      runs(300),
    );
    for (const each of ['committed', 'CONCURRENCY_CONFLICT', 'TIMEOUT', 'enough', 'stop'])
      expect(outcomes).toContain(each);
  });
});
