// A sync that runs for months: what fails on the way may stop one record, never the rest, and never the process.
import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { RecoveryManager } from '../../src/resilience/recovery-manager.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import type { Replica } from '../../src/sync/replica.ts';
import { StateReplica } from '../../src/sync/state-replica.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import type { SyncCoordinatorOptions } from '../../src/sync/sync-coordinator-options.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

type Card = Readonly<Record<string, string>>;
const card: Card = { title: 'a' };
const changed: Card = { title: 'b' };

function setUp(options: SyncCoordinatorOptions<Card> = {}) {
  const clock = new FakeClock();
  const errors: [id: string | null, message: string][] = [];
  const spec = new MemoryReplica<Card>([['c1', card]]);
  const runtime = new MemoryReplica<Card>();
  const coordinator = new SyncCoordinator<Card>({
    spec,
    runtime,
    clock,
    recoveryManager: new RecoveryManager({ maxAttempts: 1, clock }),
    onError: (error, id) => void errors.push([id, (error as Error).message]),
    ...options,
  });
  return { clock, errors, spec, runtime, coordinator };
}

/** A replica with some of its methods replaced. */
function changing(replica: MemoryReplica<Card>, methods: Partial<Replica<Card>>): Replica<Card> {
  const bound: Replica<Card> = {
    read: (id) => replica.read(id),
    write: (id, state, options) => replica.write(id, state, options),
    ids: () => replica.ids(),
    watch: (listener) => replica.watch(listener),
  };
  return { ...bound, ...methods };
}

/** A watch that can end by itself, and can't begin as long as `broken`. */
function endingWatch(replica: MemoryReplica<Card>) {
  const state = { broken: false, begun: 0, ended: 0, lose: (_error: unknown) => {} };
  const watch: Replica<Card>['watch'] = async (listener, onEnd) => {
    if (state.broken) throw new Error('no more watches');
    state.begun++;
    let isDeaf = false;
    const end = await replica.watch((id) => isDeaf || listener(id));
    state.lose = (error) => {
      isDeaf = true;
      onEnd?.(error);
    };
    return async () => {
      state.ended++;
      await end();
    };
  };
  return { state, watched: changing(replica, { watch }) };
}

describe('a sync that goes on', () => {
  it('can be started again after a start that failed, with a side that is not watched', async () => {
    let broken = true;
    const runtime = new MemoryReplica<Card>();
    const { watch: _none, ...unwatched } = changing(runtime, {
      async *ids() {
        if (broken) throw new Error('no connection');
        yield* runtime.ids();
      },
    });
    const { coordinator } = setUp({ runtime: unwatched });
    await expect(coordinator.start()).rejects.toThrow(/no connection/);
    broken = false;
    await coordinator.start();
    expect(runtime.get('c1')).toEqual(card);
    await coordinator.close();
  });

  it('watches anew when a watch ends by itself, and finds what was edited meanwhile', async () => {
    const runtime = new MemoryReplica<Card>();
    const { state, watched } = endingWatch(runtime);
    const { coordinator, clock, errors, spec } = setUp({ runtime: watched });
    await coordinator.start();
    state.broken = true;
    state.lose(new Error('the connection is lost'));
    state.lose(new Error('once more'));
    runtime.set('c1', changed);
    await clock.advance(30_000);
    // Not watched yet, but looked at.
    expect(spec.get('c1')).toEqual(changed);
    expect(errors[0]).toEqual([null, 'the connection is lost']);
    expect(errors[1]).toEqual([null, 'no more watches']);
    state.broken = false;
    await clock.advance(60_000);
    expect([state.begun, state.ended]).toEqual([2, 1]);
    runtime.set('c1', card);
    await clock.advance(5);
    expect(spec.get('c1')).toEqual(card);
    await coordinator.close();
    expect([state.ended, clock.pending]).toEqual([2, 0]);
  });

  it('does not watch anew all the time where each watch ends at once', async () => {
    const runtime = new MemoryReplica<Card>();
    let begun = 0;
    const watched = changing(runtime, {
      async watch(_listener, onEnd) {
        begun++;
        onEnd?.(new Error('not today'));
        return async () => {};
      },
    });
    const { coordinator, clock } = setUp({ runtime: watched, random: () => 0.5 });
    await coordinator.start();
    await clock.advance(3_600_000);
    expect(begun).toBeGreaterThan(30);
    expect(begun).toBeLessThan(150);
    await coordinator.close();
    expect(clock.pending).toBe(0);
  });

  it('finds in time what a watch missed', async () => {
    const runtime = new MemoryReplica<Card>();
    const deaf = changing(runtime, { watch: async () => async () => {} });
    const { coordinator, clock, spec } = setUp({ runtime: deaf, fullSyncIntervalMs: 60_000 });
    await coordinator.start();
    runtime.set('c1', changed);
    await clock.advance(59_000);
    expect(spec.get('c1')).toEqual(card);
    await clock.advance(2_000);
    expect(spec.get('c1')).toEqual(changed);
    await coordinator.close();
  });

  it('looks often at states that nobody tells of', async () => {
    const states = new StateManager<Card>();
    const silent = { get: states.get.bind(states), set: states.set.bind(states), delete: states.delete.bind(states) };
    const { coordinator, clock, spec } = setUp({ runtime: new StateReplica<Card>(silent, { ids: () => ['c1'] }) });
    await coordinator.start();
    await states.set('c1', changed);
    await clock.advance(5_100);
    expect(spec.get('c1')).toEqual(changed);
    await coordinator.close();
  });

  it('syncs a record that was mended as soon as it is told of, however long it would have waited', async () => {
    const runtime = new MemoryReplica<Card>();
    let broken = true;
    const { coordinator, clock, spec, errors } = setUp({
      runtime: changing(runtime, {
        async write(id, state, options) {
          if (broken) throw new Error('the disk is full');
          return runtime.write(id, state, options);
        },
      }),
    });
    await coordinator.start();
    await clock.advance(600_000);
    expect(errors.length).toBeGreaterThan(8);
    broken = false;
    spec.set('c1', changed);
    await clock.advance(5);
    expect(runtime.get('c1')).toEqual(changed);
    await coordinator.close();
  });

  it('does not try all the time where each write is lost', async () => {
    const runtime = new MemoryReplica<Card>();
    let writes = 0;
    const { clock, coordinator, errors } = setUp({
      recoveryManager: undefined as never,
      random: () => 0.5,
      runtime: changing(runtime, {
        async write() {
          writes++;
          return { status: 'conflict' };
        },
      }),
    });
    const started = coordinator.start();
    await clock.advance(3_600_000);
    await started;
    expect(errors[0]).toEqual(['c1', expect.stringMatching(/failed 20 times.*edited on the runtime side/)]);
    // 20 tries each time, and half a minute between, in the middle.
    expect(writes).toBeGreaterThan(20 * 100);
    expect(writes).toBeLessThan(20 * 150);
    await coordinator.close();
    expect(clock.pending).toBe(0);
  });

  it('goes on with a record when onError throws, which is told as an uncaught exception', async () => {
    let broken = true;
    const runtime = new MemoryReplica<Card>();
    const uncaught = vi.fn();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', uncaught);
    const { coordinator, clock, spec } = setUp({
      runtime: changing(runtime, {
        async write(id, state, options) {
          if (broken) throw new Error('the disk is full');
          return runtime.write(id, state, options);
        },
      }),
      onError: () => {
        throw new Error('the log is full, too');
      },
    });
    try {
      spec.set('c1', undefined);
      await coordinator.start();
      spec.set('c1', card);
      await clock.advance(100);
      broken = false;
      await clock.advance(60_000);
      expect(runtime.get('c1')).toEqual(card);
      await turn();
      expect(uncaught).toHaveBeenCalled();
      for (const [error] of uncaught.mock.calls) expect(error).toMatchObject({ message: 'the log is full, too' });
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
      await coordinator.close();
    }
  });

  it('keeps room for an edit while it looks at all records', async () => {
    const spec = new MemoryReplica<Card>(Array.from({ length: 1000 }, (_, n) => [`c${n}`, card]));
    const runtime = new MemoryReplica<Card>();
    const order: string[] = [];
    const slow = changing(spec, {
      async read(id) {
        order.push(id);
        await turn();
        return spec.read(id);
      },
    });
    const { coordinator, clock } = setUp({ spec: slow, runtime, concurrency: 4, fullSyncIntervalMs: 1000 });
    await coordinator.start();
    await clock.advance(10);
    await vi.waitFor(() => expect(order).toHaveLength(2000)); // its own writes were told of, too
    order.length = 0;
    await clock.advance(990);
    spec.set('c999', changed);
    await clock.advance(5);
    await vi.waitFor(() => expect(order).toContain('c999'));
    expect(order.indexOf('c999')).toBeLessThan(100);
    await coordinator.close();
    expect(clock.pending).toBe(0);
  });
});

describe('many syncs', () => {
  it('keep nothing in memory, with a signal that lives on neither', async () => {
    const program = fileURLToPath(new URL('../faults/sync-memory-program.ts', import.meta.url));
    const args = ['--expose-gc', '--import', 'tsx', program, '20000'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect(stderr).toBe('');
    expect(Number(stdout)).toBeLessThan(30); // a signal that is derived from another each time is some 100 bytes
  });

  it('do not warn of listeners on the signal of one that syncs many records', async () => {
    const warned = vi.spyOn(process, 'emitWarning');
    const spec = new MemoryReplica<Card>(Array.from({ length: 100 }, (_, n) => [`c${n}`, card]));
    const { coordinator } = setUp({ spec, concurrency: 50 });
    const { signal } = new AbortController();
    await coordinator.syncAll({ signal });
    await coordinator.createRollbackPoint({ signal });
    expect(warned).not.toHaveBeenCalled();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    warned.mockRestore();
    await coordinator.close();
  });
});

describe('the end of a sync', () => {
  it('tells of no failure that the end itself brought about', async () => {
    const runtime = new MemoryReplica<Card>();
    const { coordinator, clock, spec, errors } = setUp({
      recoveryManager: new RecoveryManager({ maxAttempts: 100, clock: new FakeClock() }),
      runtime: changing(runtime, {
        async write() {
          throw new Error('the disk is full');
        },
      }),
    });
    const started = coordinator.start();
    await clock.advance(1);
    spec.set('c2', card);
    await clock.advance(10);
    await coordinator.close();
    await expect(started).rejects.toMatchObject({ code: 'CLOSED' });
    expect(errors).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer where a watch can not be ended, says so, and ends each once', async () => {
    const spec = new MemoryReplica<Card>();
    let ends = 0;
    const stubborn = changing(spec, {
      async watch(listener) {
        await spec.watch(listener);
        return async () => {
          ends++;
          throw new Error('the watch does not end');
        };
      },
    });
    const { coordinator, clock, runtime } = setUp({ spec: stubborn });
    await coordinator.start();
    runtime.set('c1', card);
    expect(clock.pending).toBeGreaterThan(0);
    const both = await Promise.allSettled([coordinator.close(), coordinator.close()]);
    expect(both).toMatchObject([{ reason: { message: 'the watch does not end' } }, { status: 'rejected' }]);
    expect([ends, clock.pending]).toEqual([1, 0]);
  });

  it('is one however often it is started and closed', async () => {
    const { coordinator, clock, spec, runtime } = setUp();
    const reads = vi.spyOn(spec, 'watch');
    await Promise.all([coordinator.start(), coordinator.start()]);
    await coordinator.start();
    expect(reads).toHaveBeenCalledTimes(1);
    expect(runtime.get('c1')).toEqual(card);
    await Promise.all([coordinator.close(), coordinator.close()]);
    await coordinator.close();
    await expect(coordinator.start()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(clock.pending).toBe(0);
  });
});

describe('options of a sync', () => {
  it.each([
    ['debounceMs', [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]],
    ['pollIntervalMs', [0, -1, Number.NaN, 2 ** 31]],
    ['fullSyncIntervalMs', [0, Number.NaN, 2 ** 31]],
    ['concurrency', [0, 1.5, Number.NaN]],
    ['name', ['', 'a:b', 7]],
    ['spec', [{}, null, 'a folder']],
    ['runtime', [{ read() {}, write() {} }]],
    ['journal', [{}, { readVersion() {} }]],
  ])('that are wrong are refused by name: %s', (name, values) => {
    for (const value of values) expect(() => setUp({ [name]: value })).toThrow(`options.${name}`);
  });
});
