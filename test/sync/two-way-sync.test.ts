import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { ConflictResolution } from '../../src/conflicts/conflict-resolution.ts';
import { RecoveryManager } from '../../src/resilience/recovery-manager.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import type { Replica } from '../../src/sync/replica.ts';
import type { StateMerger } from '../../src/sync/state-merger.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import type { SyncCoordinatorOptions } from '../../src/sync/sync-coordinator-options.ts';
import type { SyncJournal } from '../../src/sync/sync-journal.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { openSqlite } from '../sqlite-driver.ts';
import { eventually } from './watched-folder.ts';

interface Card {
  readonly title: string;
  readonly done: boolean;
}

const card: Card = { title: 'a', done: false };
const note = { strategy: 'ana', reason: 'she owns it' };

function setUp(options: SyncCoordinatorOptions<Card> = {}) {
  const spec = new MemoryReplica<Card>([['c1', card]]);
  const runtime = new MemoryReplica<Card>();
  const coordinator = new SyncCoordinator<Card>({ spec, runtime, ...options });
  return { spec, runtime, coordinator };
}

describe('two-way sync', () => {
  it('brings additions, edits and removals over, either way', async () => {
    const { spec, runtime, coordinator } = setUp();
    expect(await coordinator.sync('c1')).toEqual({
      id: 'c1',
      state: card,
      writes: [{ side: 'runtime', before: undefined, after: card }],
      conflicts: [],
      resolutions: [],
      dryRun: false,
    });
    spec.set('c1', { ...card, title: 'b' });
    runtime.set('c1', { ...card, done: true });
    expect((await coordinator.sync('c1')).writes.map(({ side }) => side)).toEqual(['spec', 'runtime']);
    expect([spec.get('c1'), runtime.get('c1')]).toEqual([
      { title: 'b', done: true },
      { title: 'b', done: true },
    ]);
    runtime.set('c1', undefined);
    expect((await coordinator.sync('c1')).writes).toMatchObject([{ side: 'spec', after: undefined }]);
    expect(spec.get('c1')).toBeUndefined();
  });

  it('says in a dry run what it would write, and writes nothing', async () => {
    const { spec, runtime, coordinator } = setUp();
    const dry = await coordinator.sync('c1', { dryRun: true });
    expect(dry).toMatchObject({ dryRun: true, state: card, writes: [{ side: 'runtime', after: card }] });
    expect(runtime.get('c1')).toBeUndefined();
    expect((await coordinator.syncAll({ dryRun: true })).results).toEqual([dry]);
    // The base was not moved either: what was removed since was never on the other side.
    spec.set('c1', undefined);
    expect((await coordinator.sync('c1')).writes).toEqual([]);
  });

  it('brings over one way only the changes of that side, and the others later', async () => {
    for (const [method, from, to] of [
      ['syncSpecToRuntime', 'spec', 'runtime'],
      ['syncRuntimeToSpec', 'runtime', 'spec'],
    ] as const) {
      const { coordinator, ...sides } = setUp();
      await coordinator.sync('c1');
      sides[from].set('c1', { ...card, title: 'b' });
      sides[to].set('c1', { ...card, done: true });
      const { writes } = await coordinator[method]('c1');
      expect(writes.map(({ side }) => side)).toEqual([to]);
      expect(sides[from].get('c1')).toEqual({ title: 'b', done: false });
      expect(sides[to].get('c1')).toEqual({ title: 'b', done: true });
      await coordinator.sync('c1');
      expect(sides[from].get('c1')).toEqual({ title: 'b', done: true });
    }
  });

  it('keeps what nobody has decided, names it until somebody does, and applies the decision on both sides', async () => {
    const { spec, runtime, coordinator } = setUp();
    await coordinator.sync('c1');
    spec.set('c1', { ...card, title: 'b' });
    runtime.set('c1', { ...card, title: 'c' });
    expect(await coordinator.detectConflicts('c1')).toMatchObject([
      { path: '/title', localValue: 'b', remoteValue: 'c' },
    ]);
    const { conflicts } = await coordinator.sync('c1');
    expect(conflicts).toMatchObject([{ path: '/title', baseValue: 'a', localValue: 'b', remoteValue: 'c' }]);
    expect([spec.get('c1'), runtime.get('c1')]).toEqual([card, card]);
    expect((await coordinator.sync('c1')).conflicts).toEqual(conflicts);
    expect(await coordinator.detectConflicts('c1')).toEqual(conflicts);

    const decided = ConflictResolution.choose(conflicts[0]!, 'remote', note);
    expect(await coordinator.resolveConflicts('c1', [decided])).toMatchObject({
      conflicts: [],
      resolutions: [{ value: 'c' }],
    });
    expect([spec.get('c1')?.title, runtime.get('c1')?.title]).toEqual(['c', 'c']);
    expect(await coordinator.detectConflicts('c1')).toEqual([]);
  });

  it('refuses a decision about what has changed since, and writes nothing', async () => {
    const { spec, runtime, coordinator } = setUp();
    await coordinator.sync('c1');
    spec.set('c1', { ...card, title: 'b' });
    runtime.set('c1', { ...card, title: 'c' });
    const { conflicts } = await coordinator.sync('c1');
    spec.set('c1', { ...card, title: 'd' });
    const decided = ConflictResolution.choose(conflicts[0]!, 'remote', note);
    await expect(coordinator.resolveConflicts('c1', [decided])).rejects.toMatchObject({ code: 'RESOLUTION_OUTDATED' });
    expect(runtime.get('c1')).toEqual(card);
    expect(await coordinator.detectConflicts('c1')).toEqual(conflicts);
  });

  it('takes two additions that do not fit for one conflict about the whole, which can be decided', async () => {
    const { spec, runtime, coordinator } = setUp();
    runtime.set('c1', { title: 'b', done: false });
    const { conflicts, state } = await coordinator.sync('c1');
    expect(state).toBeUndefined();
    expect(conflicts).toMatchObject([{ path: '', localValue: card, remoteValue: { title: 'b' } }]);
    await coordinator.resolveConflicts('c1', [ConflictResolution.choose(conflicts[0]!, 'local', note)]);
    expect([spec.get('c1'), runtime.get('c1')]).toEqual([card, card]);
  });

  it('SY3 takes a write that comes late, of a sync that another coordinator took over, for no edit', async () => {
    const journal = new MVCCController();
    const { spec, runtime, coordinator } = setUp({ journal });
    const network = new EventEmitter();
    const [asked, late] = [once(network, 'asked'), once(network, 'late')];
    const slow: Replica<Card> = {
      read: (id) => runtime.read(id),
      ids: () => runtime.ids(),
      async write(id, state, options) {
        network.emit('asked');
        await late;
        return runtime.write(id, state, options);
      },
    };
    await using first = new SyncCoordinator<Card>({ spec, runtime: slow, journal });
    const overtaken = first.sync('c1');
    await asked;
    spec.set('c1', undefined);
    await coordinator.sync('c1');
    network.emit('late');
    expect(await overtaken).toMatchObject({ state: undefined });
    await coordinator.sync('c1');
    expect([spec.get('c1'), runtime.get('c1')]).toEqual([undefined, undefined]);
  });

  it('tells of a write that an earlier try was about to make', async () => {
    const { runtime, coordinator } = setUp();
    const { write } = runtime;
    runtime.write = async () => {
      runtime.write = write;
      throw new Error('the connection is lost');
    };
    expect((await coordinator.sync('c1')).writes).toEqual([{ side: 'runtime', before: undefined, after: card }]);
  });

  it('names each difference between the sides', async () => {
    const { spec, runtime, coordinator } = setUp();
    for (const id of ['c1', 'c2']) runtime.set(id, { title: 'b', done: false });
    spec.set('c3', card);
    runtime.set('c3', card);
    expect(await coordinator.validateConsistency()).toEqual([
      { id: 'c1', differences: [{ path: '/title', spec: 'a', runtime: 'b' }] },
      { id: 'c2', differences: [{ path: '', spec: undefined, runtime: { title: 'b', done: false } }] },
    ]);
    expect(await coordinator.validateConsistency()).toHaveLength(2);
  });

  it('syncs all but those that fail, and names them', async () => {
    const { spec, runtime, coordinator } = setUp({ recoveryManager: new RecoveryManager({ maxAttempts: 1 }) });
    spec.set('c2', card);
    const { read } = spec;
    spec.read = async (id) => {
      if (id === 'c1') throw new Error('the disk is broken');
      return read.call(spec, id);
    };
    const { results, failures } = await coordinator.syncAll({ concurrency: 1 });
    expect(results.map(({ id }) => id)).toEqual(['c2']);
    expect(failures).toMatchObject([{ id: 'c1', error: { code: 'RETRIES_EXHAUSTED' } }]);
    expect([runtime.get('c1'), runtime.get('c2')]).toEqual([undefined, card]);
  });

  it('takes everything back where all must be synced, and tells a person with the history', async () => {
    const told: unknown[] = [];
    const recoveryManager = new RecoveryManager({
      maxAttempts: 2,
      backoff: { maxMs: 0 },
      onEscalation: (what, { attempts }) => void told.push([what, attempts.map(({ detail }) => detail)]),
    });
    const { spec, runtime, coordinator } = setUp({ recoveryManager });
    spec.set('c2', card);
    const { write } = runtime;
    runtime.write = async (id, state, options) => {
      if (id === 'c2') throw new Error('the disk is full');
      return write.call(runtime, id, state, options);
    };
    const failed = coordinator.syncAll({ rollBackOnFailure: true });
    await expect(failed).rejects.toMatchObject({ code: 'RETRIES_EXHAUSTED', cause: { failures: [{ id: 'c2' }] } });
    expect([spec.get('c1'), runtime.get('c1'), runtime.get('c2')]).toEqual([card, undefined, undefined]);
    expect(told.at(-1)).toMatchObject([
      'syncing all records',
      [/c2/, /c2/].map(() => expect.stringMatching(/disk is full/)),
    ]);
  });

  it('never runs more at once than it may, nor two syncs of one record', async () => {
    const { spec, runtime, coordinator } = setUp({ concurrency: 2 });
    for (let n = 0; n < 9; n++) spec.set(`n${n}`, card);
    const running = new Map<string, number>();
    let most = 0;
    const { write } = runtime;
    runtime.write = async (id, state, options) => {
      running.set(id, (running.get(id) ?? 0) + 1);
      most = Math.max(
        most,
        [...running.values()].reduce((sum, each) => sum + each),
      );
      expect(running.get(id)).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running.set(id, running.get(id)! - 1);
      return write.call(runtime, id, state, options);
    };
    await Promise.all([coordinator.syncAll(), coordinator.sync('n0'), coordinator.sync('n0')]);
    expect(most).toBeLessThanOrEqual(3);
    await coordinator.syncAll();
    expect(await coordinator.validateConsistency()).toEqual([]);
  });

  it('goes on from the base it had, in another process too', async () => {
    const db = openSqlite(':memory:');
    const journal = () =>
      new MVCCController({ store: new SqliteVersionStore(db), retention: { versions: 1 } }) satisfies SyncJournal;
    const { spec, runtime, coordinator } = setUp({ journal: journal() });
    await coordinator.sync('c1');
    await coordinator.close();
    spec.set('c1', { ...card, title: 'b' });
    runtime.set('c1', { ...card, done: true });
    await using next = new SyncCoordinator<Card>({ spec, runtime, journal: journal() });
    expect(await next.sync('c1')).toMatchObject({ state: { title: 'b', done: true }, conflicts: [] });
    // Other pairs have a journal of their own in the same store.
    await using other = new SyncCoordinator<Card>({
      spec,
      runtime: new MemoryReplica(),
      journal: journal(),
      name: 'other',
    });
    expect((await other.sync('c1')).writes).toMatchObject([{ side: 'runtime', before: undefined }]);
    db.close();
  });

  it('refuses one replica alone, and calls that need two', async () => {
    const spec = new MemoryReplica();
    expect(() => new SyncCoordinator({ spec })).toThrow(/options.runtime: expected a Replica/);
    const merger = (() => undefined) as unknown as StateMerger<unknown>;
    expect(() => new SyncCoordinator({ spec, runtime: spec, merger })).toThrow(
      /options.merger: expected a StateMerger/,
    );
    await expect(new SyncCoordinator().sync('c1')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(new SyncCoordinator().start()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('continuous sync', () => {
  it('brings over what is there at the start and each edit after it, and its own writes do not echo', async () => {
    const { spec, runtime, coordinator } = setUp({ debounceMs: 1 });
    let reads = 0;
    const { read } = spec;
    spec.read = async (id) => {
      reads++;
      return read.call(spec, id);
    };
    await coordinator.start();
    expect(runtime.get('c1')).toEqual(card);
    spec.set('c1', { ...card, title: 'b' });
    await eventually(() => expect(runtime.get('c1')?.title).toBe('b'));
    runtime.set('c2', card);
    await eventually(() => expect(spec.get('c2')).toEqual(card));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const before = reads;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(reads).toBe(before);
    await coordinator.close();
    spec.set('c1', undefined);
    expect(runtime.get('c1')).toBeDefined();
  });

  it('takes many edits of a record in one sync, and never keeps one waiting longer than said', async () => {
    const clock = new FakeClock();
    const { spec, runtime, coordinator } = setUp({ clock, debounceMs: 10 });
    await coordinator.start();
    await clock.advance(100);
    let writes = 0;
    const { write } = runtime;
    runtime.write = async (...call) => {
      writes++;
      return write.apply(runtime, call);
    };
    for (let n = 1; n <= 20; n++) {
      spec.set('c1', { ...card, title: String(n) });
      await clock.advance(1);
    }
    expect(writes).toBe(2);
    await clock.advance(10);
    expect(runtime.get('c1')?.title).toBe('20');
    await coordinator.close();
    expect(clock.pending).toBe(0);
  });

  it('tells of a record that can not be synced, and tries it again', async () => {
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const { spec, runtime, coordinator } = setUp({
      clock,
      recoveryManager: new RecoveryManager({ maxAttempts: 1, clock }),
      onError: (error, id) => void errors.push([id, (error as Error).message]),
    });
    await coordinator.start();
    let broken = true;
    const { write } = runtime;
    runtime.write = async (...call) => {
      if (broken) throw new Error('the disk is full');
      return write.apply(runtime, call);
    };
    spec.set('c1', { ...card, done: true });
    await clock.advance(400);
    expect(errors).toContainEqual(['c1', expect.stringMatching(/disk is full/)]);
    broken = false;
    await clock.advance(60_000);
    expect(runtime.get('c1')?.done).toBe(true);
    await coordinator.close();
  });

  it('looks from time to time at a side that can not be watched', async () => {
    const clock = new FakeClock();
    const runtime = new MemoryReplica<Card>();
    const unwatched = {
      read: (id: string) => runtime.read(id),
      write: (...call: Parameters<typeof runtime.write>) => runtime.write(...call),
      ids: () => runtime.ids(),
    };
    const spec = new MemoryReplica<Card>();
    const coordinator = new SyncCoordinator<Card>({ spec, runtime: unwatched, clock, pollIntervalMs: 1000 });
    await coordinator.start();
    runtime.set('c1', card);
    await clock.advance(990);
    expect(spec.get('c1')).toBeUndefined();
    await clock.advance(50);
    expect(spec.get('c1')).toEqual(card);
    await coordinator.close();
    expect(clock.pending).toBe(0);
  });

  it('ends while it starts', async () => {
    const { spec, coordinator } = setUp();
    spec.read = () => new Promise(() => {});
    spec.ids = async function* () {};
    const started = coordinator.start();
    const closed = coordinator.close();
    await Promise.allSettled([started, closed]);
    await expect(coordinator.start()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
