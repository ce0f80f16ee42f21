import { describe, expect, it } from 'vitest';
import { applyResolutions } from '../../src/conflicts/apply-resolutions.ts';
import { AutoConflictResolver } from '../../src/conflicts/auto-conflict-resolver.ts';
import { Conflict } from '../../src/conflicts/conflict.ts';
import { MemoryConflictRecordStore } from '../../src/conflicts/conflict-record-store.ts';
import { ConflictResolution } from '../../src/conflicts/conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../../src/conflicts/conflict-resolver.ts';
import { ResolutionOutdatedError } from '../../src/conflicts/errors.ts';
import { ManualQueue } from '../../src/conflicts/manual-queue.ts';
import { RememberedDecisions } from '../../src/conflicts/remembered-decisions.ts';
import { ResolutionLog } from '../../src/conflicts/resolution-log.ts';
import { CustomStrategy } from '../../src/conflicts/strategies/custom-strategy.ts';
import { LocalWinsStrategy } from '../../src/conflicts/strategies/side-wins-strategies.ts';
import { ThreeWayConflictDetector } from '../../src/conflicts/three-way-conflict-detector.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';

const versions = { base: { status: 'open' }, local: { status: 'done' }, remote: { status: 'blocked' } };
const note = { by: 'ana', reason: 'she knows' };
const conflictOf = (subject?: string): Conflict => threeWayMerge({ ...versions, subject }).conflicts[0]!;

describe('conflicts of several records in one queue', () => {
  it('each waits, though they are alike', async () => {
    const queue = new ManualQueue();
    await queue.add([conflictOf('task-1'), conflictOf('task-2'), conflictOf('task-1'), conflictOf()]);
    expect((await queue.pending()).map(({ subject }) => subject)).toEqual(['task-1', 'task-2', undefined]);
  });

  it("one record's answer is no answer for another", async () => {
    const decisions = new RememberedDecisions();
    const queue = new ManualQueue({ decisions });
    const resolver = new AutoConflictResolver({ rules: [], decisions, queue });
    await resolver.resolve([conflictOf('task-1')]);
    await queue.decide(conflictOf('task-1').id, 'local', note);
    expect(await resolver.resolve([conflictOf('task-1'), conflictOf('task-2')])).toMatchObject([
      { strategy: 'ana', value: 'done' },
      { strategy: 'manual' },
    ]);
  });

  it('the subject is a part of the conflict, in JSON too', async () => {
    const conflict = conflictOf('task-1');
    expect(Conflict.fromJSON(JSON.parse(JSON.stringify(conflict)))).toEqual(conflict);
    expect(conflictOf().about('task-1')).toEqual(conflict);
    expect(conflict.id).not.toBe(conflictOf().id);
    const { base, local, remote } = versions;
    const found = await new ThreeWayConflictDetector().detectConflicts(local, remote, base, { subject: 'task-1' });
    expect(found).toEqual([conflict]);
    expect(() => conflictOf(1 as never)).toThrow(expect.objectContaining({ argument: 'subject' }));
  });

  it('a sync tells the conflicts of its records apart', async () => {
    const queue = new ManualQueue();
    const record = (status: string): [string, { status: string }][] => ['1', '2'].map((id) => [id, { status }]);
    const [spec, runtime] = [new MemoryReplica(record('open')), new MemoryReplica(record('open'))];
    const conflictResolver = new AutoConflictResolver({ rules: [], queue });
    const coordinator = new SyncCoordinator({ spec, runtime, conflictResolver });
    await coordinator.syncAll();
    for (const id of ['1', '2']) {
      await spec.write(id, { status: 'done' }, { expectedVersion: (await spec.read(id)).version });
      await runtime.write(id, { status: 'blocked' }, { expectedVersion: (await runtime.read(id)).version });
    }
    await coordinator.syncAll();
    const waiting = await queue.pending();
    expect(waiting.map(({ subject }) => subject).sort()).toEqual(['1', '2']);
    for (const { id, subject } of waiting) {
      await queue.decide(id, 'remote', note, (decision) => coordinator.resolveConflicts(subject!, [decision]));
    }
    for (const id of ['1', '2']) {
      expect((await spec.read(id)).state).toEqual({ status: 'blocked' });
      expect(await coordinator.detectConflicts(id)).toEqual([]);
    }
    await coordinator.close();
  });
});

describe('deciding', () => {
  /** A store that fails where it is told to, and keeps what it had. */
  class FailingStore extends MemoryConflictRecordStore {
    failing: 'put' | 'delete' | undefined;
    override async put(...args: Parameters<MemoryConflictRecordStore['put']>) {
      if (this.failing === 'put') throw new Error('the disk is full');
      return super.put(...args);
    }
    override async delete(key: string) {
      if (this.failing === 'delete') throw new Error('the disk is full');
      return super.delete(key);
    }
  }
  const conflict = conflictOf('task-1');
  const waiting = async (parts: { store?: FailingStore; memory?: FailingStore } = {}) => {
    const decisions = new RememberedDecisions(parts.memory);
    const queue = new ManualQueue({ store: parts.store, decisions });
    await queue.add([conflict]);
    return { queue, decisions };
  };

  it('a conflict waits until its decision is in the state: a state that has moved on loses neither side', async () => {
    const { queue, decisions } = await waiting();
    const state = { status: 'cancelled' };
    const apply = (decision: ConflictResolution) => void applyResolutions(state, [decision]);
    await expect(queue.decide(conflict.id, 'local', note, apply)).rejects.toThrow(ResolutionOutdatedError);
    expect(await queue.pending()).toEqual([conflict]);
    await queue.withdraw(conflict.id);
    expect(await queue.pending()).toEqual([]);
    expect(await decisions.recall(conflict)).toBeUndefined();
  });

  it('it is applied once, then remembered, and nobody is asked again', async () => {
    const { queue, decisions } = await waiting();
    let state = { ...versions.base };
    await queue.decide(conflict.id, 'remote', note, async (decision) => {
      expect(await queue.pending()).toEqual([conflict]);
      expect(await decisions.recall(conflict)).toBeUndefined();
      state = applyResolutions(state, [decision]);
    });
    expect([state, await queue.pending()]).toEqual([{ status: 'blocked' }, []]);
    expect(await decisions.recall(conflict)).toMatchObject({ value: 'blocked', strategy: 'ana' });
  });

  it.each(['put', 'delete'] as const)('where the store fails to %s, the conflict waits on', async (failing) => {
    const [store, memory] = [new FailingStore(), new FailingStore()];
    const { queue } = await waiting({ store, memory });
    let state = { ...versions.base };
    const apply = (decision: ConflictResolution) => {
      state = applyResolutions(state, [decision]);
    };
    const broken = failing === 'put' ? memory : store;
    broken.failing = failing;
    await expect(queue.decide(conflict.id, 'local', note, apply)).rejects.toThrow('the disk is full');
    expect(await queue.pending()).toEqual([conflict]);
    broken.failing = undefined;
    await queue.decide(conflict.id, 'local', note, apply);
    expect([state, await queue.pending()]).toEqual([{ status: 'done' }, []]);
  });

  it('two people at once: one decides, the other is told that nothing waits', async () => {
    const { queue, decisions } = await waiting();
    const [one, other] = await Promise.allSettled([
      queue.decide(conflict.id, 'local', note),
      queue.decide(conflict.id, 'remote', { by: 'ben', reason: 'so do I' }),
    ]);
    expect(one).toMatchObject({ status: 'fulfilled', value: { value: 'done' } });
    expect(other).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_ARGUMENT', argument: 'id' } });
    expect(await decisions.recall(conflict)).toMatchObject({ strategy: 'ana' });
  });

  it('two queues on one store: the state decides, and what it refused is not remembered', async () => {
    const store = new FailingStore();
    const { queue, decisions } = await waiting({ store });
    const other = new ManualQueue({ store, decisions });
    let state = { ...versions.base };
    const apply = (decision: ConflictResolution) => {
      state = applyResolutions(state, [decision]);
    };
    const outcomes = await Promise.allSettled([
      queue.decide(conflict.id, 'local', note, apply),
      other.decide(conflict.id, 'remote', { by: 'ben', reason: 'so do I' }, apply),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect([state.status, (await decisions.recall(conflict))?.value]).toEqual(['done', 'done']);
  });

  it.each([
    ['null', null],
    ['an object without a value', {}],
    ['a misspelt value', { valeu: 'x' }],
    ['a side that is none', 'theirs'],
  ])('%s is no choice, and no removal', async (_what, choice) => {
    const { queue } = await waiting();
    await expect(queue.decide(conflict.id, choice as never, note)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', argument: 'choice' }),
    );
    expect(await queue.pending()).toEqual([conflict]);
  });

  it('a decision of nobody is refused, rather than kept where nothing can read it', async () => {
    const { queue, decisions } = await waiting();
    await expect(queue.decide(conflict.id, 'local', {} as never)).rejects.toThrow(InvalidArgumentError);
    expect(await decisions.recall(conflict)).toBeUndefined();
    expect(await queue.pending()).toEqual([conflict]);
  });
});

describe('answers of strategies', () => {
  const other = conflictOf('task-2');
  const log = new ResolutionLog();
  const resolve = (strategy: unknown) =>
    new AutoConflictResolver({ rules: [{ strategy: strategy as ConflictResolutionStrategy }], log }).resolve([
      conflictOf('task-1'),
    ]);

  it.each<[string, unknown]>([
    ['nothing', { name: 'bad', resolve: () => undefined }],
    ['a decision about another conflict', { name: 'bad', resolve: () => new LocalWinsStrategy().resolve(other) }],
    [
      'something like a decision',
      { name: 'bad', resolve: (conflict: Conflict) => ({ conflict, value: 1, reason: '' }) },
    ],
    ['true', new CustomStrategy('bad', () => true as never)],
    ['a side', new CustomStrategy('bad', () => 'local' as never)],
    ['no value', new CustomStrategy('bad', () => ({ reason: 'gone' }) as never)],
    ['a function', new CustomStrategy('bad', () => ({ value: () => 1, reason: 'x' }) as never)],
    ['no number', new CustomStrategy('bad', () => ({ value: Number.NaN, reason: 'x' }))],
    ['no reason', new CustomStrategy('bad', () => ({ value: 1 }) as never)],
    [
      'a decision of nobody',
      {
        name: 'bad',
        resolve: (conflict: Conflict) =>
          ConflictResolution.decide(conflict, 1, { strategy: undefined as never, reason: 'x' }),
      },
    ],
  ])('%s: a typed error, and nothing is decided or logged', async (_what, strategy) => {
    await expect(resolve(strategy)).rejects.toThrow(InvalidArgumentError);
    expect(await log.entries()).toEqual([]);
  });

  it('a strategy cannot change the conflict it is asked about', async () => {
    const meddling = {
      name: 'meddling',
      resolve: (conflict: Conflict) => {
        Object.assign(conflict, { baseValue: 'cancelled', location: [] });
        return new LocalWinsStrategy().resolve(conflict);
      },
    };
    await expect(resolve(meddling)).rejects.toThrow(TypeError);
  });

  it('nothing is logged as decided if the queue fails', async () => {
    const store = new MemoryConflictRecordStore();
    store.put = () => Promise.reject(new Error('the disk is full'));
    const resolver = new AutoConflictResolver({
      rules: [{ path: '/status', strategy: new LocalWinsStrategy() }],
      queue: new ManualQueue({ store }),
      log,
    });
    const [left] = threeWayMerge({ base: { a: 1 }, local: { a: 2 }, remote: { a: 3 } }).conflicts;
    await expect(resolver.resolve([conflictOf(), left!])).rejects.toThrow('the disk is full');
    expect(await log.entries()).toEqual([]);
  });
});
