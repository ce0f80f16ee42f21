import { describe, expect, test, vi } from 'vitest';
import { ClosedError, InvalidArgumentError } from '../../src/core/errors.ts';
import {
  GateNotPassedError,
  JournalMismatchError,
  MigrationExistsError,
  MigrationRunningError,
  MigrationTakenOverError,
  StageFailedError,
  StageNotReversibleError,
  StageRollbackFailedError,
} from '../../src/migration/errors.ts';
import { gate } from '../../src/migration/gate.ts';
import { MigrationRunner } from '../../src/migration/migration-runner.ts';
import type { MigrationRunnerOptions } from '../../src/migration/migration-runner-options.ts';
import type { MigrationStage } from '../../src/migration/stage.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { Disk, passTime } from './support.ts';

const rollback = async () => {};

function setUp(stages: readonly MigrationStage[], options: Partial<MigrationRunnerOptions> = {}) {
  const disk = new Disk();
  const clock = new FakeClock(1_000);
  const another = (others: readonly MigrationStage[] = stages) =>
    new MigrationRunner({ name: 'm', stages: others, store: disk.open(), clock, ...options });
  return { disk, clock, runner: another(), another };
}

/** A promise and how to settle it. */
function latch() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('MigrationRunner', () => {
  test('runs the stages in order and journals what happens', async () => {
    const seen: string[] = [];
    const stage = (name: string): MigrationStage => ({
      name,
      prepare: async ({ step }) => step('capture', async () => void seen.push(`${name} prepare`)),
      activate: async () => void seen.push(`${name} activate`),
      run: async ({ step }) => step('do', async () => void seen.push(`${name} run`)),
    });
    const { disk, runner } = setUp([stage('a'), stage('b')]);
    expect((await runner.status()).state).toBe('new');
    const status = await runner.run();
    expect(seen).toEqual(['a prepare', 'a activate', 'a run', 'b prepare', 'b activate', 'b run']);
    expect(status).toMatchObject({ name: 'm', state: 'completed', runner: null });
    expect(status.stages.map(({ name, state, steps }) => [name, state, steps])).toEqual([
      ['a', 'completed', ['capture', 'do']],
      ['b', 'completed', ['capture', 'do']],
    ]);
    expect(await runner.status()).toEqual(status);
    expect(disk.types('migration-m').map((type) => type.slice('migration.'.length))).toEqual([
      'started',
      'claimed',
      ...['a', 'b'].flatMap(() => [
        'stage.preparing',
        'step.completed',
        'gates.measured',
        'stage.started',
        'step.completed',
        'stage.completed',
      ]),
      'completed',
      'released',
    ]);
  });

  test('run() starts only what is new; resume() of what is completed only activates', async () => {
    const activate = vi.fn();
    const run = vi.fn();
    const { disk, runner, another } = setUp([{ name: 'a', activate: async () => activate(), run: async () => run() }]);
    await runner.run();
    await expect(another().run()).rejects.toThrow(MigrationExistsError);
    const before = disk.types('migration-m').length;
    expect((await another().resume()).state).toBe('completed');
    await runner.resume();
    expect([activate.mock.calls.length, run.mock.calls.length]).toEqual([2, 1]);
    expect(disk.types('migration-m')).toHaveLength(before);
  });

  test('a recorded result comes back equal and frozen, also when it is undefined', async () => {
    const results: unknown[] = [];
    let fail = true;
    const work = vi.fn(async () => ({ rows: [1, null, { __proto__: null, x: 'y' }] }));
    const { runner } = setUp([
      {
        name: 'a',
        run: async ({ step, recorded }) => {
          expect(recorded('never')).toBeUndefined();
          results.push(await step('rows', work), await step('nothing', async () => {}), recorded('rows'));
          if (fail) throw new Error('later');
        },
      },
    ]);
    await expect(runner.run()).rejects.toThrow(StageFailedError);
    fail = false;
    await runner.resume();
    const rows = { rows: [1, null, { x: 'y' }] };
    expect(results).toEqual([rows, undefined, rows, rows, undefined, rows]);
    expect(results.map(Object.isFrozen)).not.toContain(false);
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('a failed stage says what failed; resume tries again from the failed step', async () => {
    const done = vi.fn();
    let broken = true;
    const { runner } = setUp([
      {
        name: 'a',
        run: async ({ step }) => {
          await step('one', async () => done('one'));
          await step('two', async () => {
            if (broken) throw Object.assign(new Error('no disk'), { code: 'ENOSPC' });
            done('two');
          });
        },
      },
    ]);
    const error = await runner.run().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StageFailedError);
    expect(error).toMatchObject({ stage: 'a', cause: { code: 'ENOSPC' } });
    const status = await runner.status();
    expect(status).toMatchObject({ state: 'failed', runner: null });
    expect(status.stages[0]).toMatchObject({
      state: 'running',
      steps: ['one'],
      error: { name: 'Error', message: 'no disk', code: 'ENOSPC' },
    });
    broken = false;
    expect((await runner.resume()).stages[0]!.error).toBeNull();
    expect(done.mock.calls.flat()).toEqual(['one', 'two']);
  });

  test('step names are unique, results are JSON', async () => {
    const misuse = (run: MigrationStage['run']) => setUp([{ name: 'a', run }]).runner.run();
    const cause = (message: RegExp) =>
      expect.objectContaining({ cause: expect.objectContaining({ message: expect.stringMatching(message) }) });
    const twice = misuse(async ({ step }) => {
      await step('x', async () => 1);
      await step('x', async () => 2);
    });
    await expect(twice).rejects.toEqual(cause(/a unique name in stage "a", got "x"/));
    await expect(misuse(async ({ step }) => void (await step('x', async () => new Map())))).rejects.toEqual(
      cause(/result of step "x"/),
    );
    await expect(misuse(async ({ step }) => void (await step('', async () => 1)))).rejects.toEqual(
      cause(/expected a name/),
    );
  });

  test('when one of several steps at once fails, the others are stopped and waited for before the failure is recorded', async () => {
    const { opened, open } = latch();
    const events: string[] = [];
    const { runner, disk } = setUp([
      {
        name: 'a',
        run: async ({ step }) => {
          await Promise.all([
            step('fails', async () => Promise.reject(new Error('no'))),
            step('slow', async (signal) => {
              signal.addEventListener('abort', open);
              await opened;
              events.push(`slow ends, journal at ${disk.types('migration-m').at(-1)}`);
            }),
          ]);
        },
      },
    ]);
    await expect(runner.run()).rejects.toThrow('no');
    expect(events).toEqual(['slow ends, journal at migration.stage.started']);
    expect(disk.types('migration-m').slice(-3)).toEqual([
      'migration.step.completed',
      'migration.stage.failed',
      'migration.released',
    ]);
  });

  test('a step that the stage forgot to await is done before the stage is completed', async () => {
    const { runner } = setUp([
      {
        name: 'a',
        run: async ({ step }) => {
          void step('forgotten', async () => new Promise<void>((resolve) => setImmediate(resolve)));
        },
      },
    ]);
    expect((await runner.run()).stages[0]).toMatchObject({ state: 'completed', steps: ['forgotten'] });
  });

  test('after the end of the stage there is no further step', async () => {
    let late: MigrationStage['run'] = rollback;
    const { runner } = setUp([
      {
        name: 'a',
        run: async ({ step }) => {
          late = async () => void (await step('late', async () => {}));
        },
      },
    ]);
    await runner.run();
    await expect(late({} as never)).rejects.toThrow(ClosedError);
    expect((await runner.status()).stages[0]!.steps).toEqual([]);
  });

  test('a checkpoint survives, and is empty after a rollback', async () => {
    const loaded: unknown[] = [];
    let fail = true;
    const { runner, another } = setUp([
      {
        name: 'a',
        run: async ({ checkpoint }) => {
          const rows = checkpoint<{ after: number }>('rows');
          loaded.push(await rows.load());
          await rows.save({ after: 7 });
          if (fail) throw new Error('stop');
        },
        rollback,
      },
    ]);
    await expect(runner.run()).rejects.toThrow('stop');
    fail = false;
    await another().resume();
    await another().rollback('a');
    await another().resume();
    expect(loaded).toEqual([null, { after: 7 }, null]);
  });

  test('an abort stops at the next chance, and resume goes on', async () => {
    const controller = new AbortController();
    const done = vi.fn();
    const { runner } = setUp([
      {
        name: 'a',
        run: async ({ step, signal }) => {
          await step('one', async () => {
            done('one');
            controller.abort(new Error('deploy'));
            expect(signal.aborted).toBe(true);
          });
          await step('two', async () => done('two'));
        },
      },
    ]);
    await expect(runner.run({ signal: controller.signal })).rejects.toThrow('deploy');
    expect(await runner.status()).toMatchObject({
      state: 'stopped',
      runner: null,
      stages: [{ state: 'running', steps: ['one'], error: null }],
    });
    await runner.resume();
    expect(done.mock.calls.flat()).toEqual(['one', 'two']);
    await expect(runner.resume({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
  });

  test('listeners hear of events and progress, and their failures disturb nothing', async () => {
    const events: string[] = [];
    const onError = vi.fn();
    const { runner, disk } = setUp([{ name: 'a', run: async ({ progress }) => progress(40, 'rows') }], {
      onEvent: ({ type }) => void events.push(type),
      onProgress: (progress) => {
        throw new Error(JSON.stringify(progress));
      },
      onError,
    });
    await runner.run();
    expect(events).toEqual(disk.types('migration-m'));
    expect(onError.mock.calls.map(([error]) => JSON.parse(error.message))).toEqual([
      { migration: 'm', stage: 'a', percent: 40, detail: 'rows' },
    ]);
  });

  test('refuses definitions that can not be run safely', () => {
    const run = async () => {};
    const bake = { durationMs: 1, gates: [gate.atMost('g', 1, () => 1)] };
    const refused: [string, readonly MigrationStage[]][] = [
      ['at least one stage', []],
      ['at least one stage', undefined as never],
      ['stages\\[0\\].run: expected a function', [{ name: 'a' } as never]],
      ['gates: expected at least one gate', [{ name: 'a', run, rollback: run, bake: { durationMs: 1 } as never }]],
      ['stages\\[0\\].name', [{ name: '', run }]],
      [
        'no other stage has',
        [
          { name: 'a', run },
          { name: 'a', run },
        ],
      ],
      ['since the stage has a bake time', [{ name: 'a', run, bake }]],
      ['at least one gate', [{ name: 'a', run, rollback, bake: { ...bake, gates: [] } }]],
      ['at least 0 ms', [{ name: 'a', run, rollback, bake: { ...bake, durationMs: Number.NaN } }]],
      ['more than 0 ms', [{ name: 'a', run, rollback, bake: { ...bake, intervalMs: 0 } }]],
      ['max, min or both', [{ name: 'a', run, gates: [{ name: 'g', measure: () => 1 }] }]],
    ];
    for (const [message, stages] of refused) expect(() => setUp(stages), message).toThrow(new RegExp(message));
    expect(() => setUp([{ name: 'a', run }], { leaseMs: 0 })).toThrow(InvalidArgumentError);
    expect(() => setUp([{ name: 'a', run }], { name: '' })).toThrow(InvalidArgumentError);
    const parts = { name: 'm', stages: [{ name: 'a', run }] };
    expect(() => new MigrationRunner(parts as never)).toThrow(/^store: expected an EventStore/);
  });

  test('a journal that was begun with other stages, or by a later version, is refused', async () => {
    const run = async () => {};
    const { runner, another, disk } = setUp([{ name: 'a', run }]);
    await runner.run();
    await expect(another([{ name: 'b', run }]).resume()).rejects.toThrow(JournalMismatchError);
    await expect(
      another([
        { name: 'a', run },
        { name: 'b', run },
      ]).status(),
    ).rejects.toThrow(/started with the stages a, this runner has a, b/);
    const expectedVersion = disk.types('migration-m').length;
    await disk.open().append('migration-m', [{ type: 'migration.stage.paused', data: {} }], { expectedVersion });
    await expect(another().resume()).rejects.toThrow(/unknown type "migration.stage.paused"/);
  });
});

describe('gates and bake times', () => {
  test('MR2 gates that are not passed leave the stage unstarted; resume measures again', async () => {
    let lag: number | null = null;
    const run = vi.fn(async () => {});
    const { runner, disk } = setUp([{ name: 'a', gates: [gate.atMost('lag', 5, () => lag)], run }]);
    const error = (await runner.run().catch((reason: unknown) => reason)) as GateNotPassedError;
    expect(error).toBeInstanceOf(GateNotPassedError);
    expect(error).toMatchObject({ stage: 'a', bake: null, verdicts: [{ outcome: 'unmeasured' }] });
    expect(await runner.status()).toMatchObject({
      state: 'stopped',
      stages: [{ state: 'preparing', verdicts: error.verdicts }],
    });
    lag = 6;
    await expect(runner.resume()).rejects.toThrow(/lag: 6 is above 5/);
    expect(run).not.toHaveBeenCalled();
    lag = 5;
    expect((await runner.resume()).state).toBe('completed');
    expect(disk.types('migration-m').filter((type) => type === 'migration.stage.preparing')).toHaveLength(1);
  });

  test('MR3 a bake waits for figures until its end, and fails at once on a bad one', async () => {
    const bake = (figures: (number | null)[]) => {
      const gates = [gate.atMost('errors', 1, () => figures.shift() ?? null)];
      return setUp([{ name: 'a', run: async () => {}, rollback, bake: { gates, durationMs: 30, intervalMs: 10 } }]);
    };
    const patient = bake([null, 1, 0]);
    expect((await passTime(patient.clock, patient.runner.run())).state).toBe('completed');
    expect(patient.clock.now()).toBe(1_030);
    const silent = bake([0, 0, null]);
    await expect(passTime(silent.clock, silent.runner.run())).rejects.toThrow(
      /during "bake" \(errors: there is no figure\)/,
    );
    const bad = bake([2]);
    await expect(passTime(bad.clock, bad.runner.run(), 1)).rejects.toThrow(/errors: 2 is above 1/);
    expect(bad.clock.now()).toBeLessThan(1_015);
    expect(await bad.runner.status()).toMatchObject({ state: 'rolled_back', stages: [{ state: 'rolled_back' }] });
  });

  test('MR3 a stage that swallows the error of its bake is rolled back all the same, and does no further step', async () => {
    const next = vi.fn();
    const undone = vi.fn();
    const { runner, disk } = setUp([
      {
        name: 'a',
        run: async ({ bake, step }) => {
          const refusals = [
            await bake('canary', { durationMs: 0, gates: [gate.atMost('errors', 1, () => 2)] }).catch((error) => error),
            await step('go on', async () => next()).catch((error) => error),
          ];
          expect(refusals.map((error) => error.code)).toEqual(['GATE_NOT_PASSED', 'GATE_NOT_PASSED']);
        },
        rollback: async () => undone(),
      },
    ]);
    await expect(runner.run()).rejects.toThrow(/during "canary"/);
    expect([next.mock.calls.length, undone.mock.calls.length]).toEqual([0, 1]);
    expect(disk.types('migration-m')).not.toContain('migration.stage.completed');
  });

  test('a stage without rollback can not be watched in the middle', async () => {
    const run: MigrationStage['run'] = async ({ bake }) =>
      bake('x', { durationMs: 0, gates: [gate.atMost('g', 1, () => 1)] });
    await expect(setUp([{ name: 'a', run }]).runner.run()).rejects.toMatchObject({
      cause: expect.any(StageNotReversibleError),
    });
  });
});

describe('rollback', () => {
  const stages = (log: string[]): MigrationStage[] =>
    ['a', 'b', 'c'].map((name) => ({
      name,
      run: async () => void log.push(`run ${name}`),
      rollback: async () => void log.push(`undo ${name}`),
    }));

  test('RB3 undoes the stage and all later ones, the last first; resume goes forward again', async () => {
    const log: string[] = [];
    const { runner, another } = setUp(stages(log));
    await runner.run();
    log.length = 0;
    const status = await another().rollback('b');
    expect(log).toEqual(['undo c', 'undo b']);
    expect(status).toMatchObject({
      state: 'rolled_back',
      stages: [{ state: 'completed' }, { state: 'rolled_back' }, { state: 'rolled_back' }],
    });
    expect((await another().resume()).state).toBe('completed');
    expect(log).toEqual(['undo c', 'undo b', 'run b', 'run c']);
  });

  test('RB1 a failing rollback is reported with the gates that began it, and resume finishes it', async () => {
    let stuck = true;
    const { runner } = setUp([
      {
        name: 'a',
        run: async () => {},
        bake: { durationMs: 0, gates: [gate.atMost('errors', 1, () => 2)] },
        rollback: async () => {
          if (stuck) throw new Error('locked');
        },
      },
    ]);
    const error = (await runner.run().catch((reason: unknown) => reason)) as StageRollbackFailedError;
    expect(error).toBeInstanceOf(StageRollbackFailedError);
    expect(error).toMatchObject({
      stage: 'a',
      cause: { message: 'locked' },
      trigger: { code: 'GATE_NOT_PASSED', verdicts: [{ value: 2 }] },
    });
    expect(await runner.status()).toMatchObject({
      state: 'rollback_failed',
      runner: null,
      stages: [{ error: { message: 'locked' } }],
    });
    stuck = false;
    await expect(runner.resume()).rejects.toThrow(GateNotPassedError);
    expect((await runner.status()).state).toBe('rolled_back');
  });

  test('changes nothing where a stage has no rollback, and nothing to do is nothing done', async () => {
    const log: string[] = [];
    const [a, b, c] = stages(log) as [MigrationStage, MigrationStage, MigrationStage];
    const { runner, disk } = setUp([a, { name: 'b', run: b.run }, c]);
    await runner.run();
    const before = disk.types('migration-m').length;
    await expect(runner.rollback('a')).rejects.toThrow(StageNotReversibleError);
    await expect(runner.rollback('d')).rejects.toThrow(InvalidArgumentError);
    expect(disk.types('migration-m')).toHaveLength(before);
    expect((await runner.rollback('c')).state).toBe('rolled_back');
    expect(log.filter((line) => line.startsWith('undo'))).toEqual(['undo c']);
  });

  test('RB2 stopped in the middle, it is finished by resume', async () => {
    const log: string[] = [];
    const controller = new AbortController();
    const { runner } = setUp([
      {
        name: 'a',
        run: async () => {},
        rollback: async ({ step }) => {
          await step('one', async () => {
            log.push('one');
            controller.abort(new Error('deploy'));
          });
          await step('two', async () => void log.push('two'));
        },
      },
    ]);
    await runner.run();
    await expect(runner.rollback('a', { signal: controller.signal })).rejects.toThrow('deploy');
    expect(await runner.status()).toMatchObject({ state: 'rolling_back', runner: null, stages: [{ error: null }] });
    expect((await runner.resume()).state).toBe('rolled_back');
    expect(log).toEqual(['one', 'two']);
  });

  test('asked for an earlier stage while a rollback is unfinished, it goes back further', async () => {
    const log: string[] = [];
    const all = stages(log);
    let stuck = true;
    const c: MigrationStage = {
      ...all[2]!,
      rollback: async () => (stuck ? Promise.reject(new Error('locked')) : undefined),
    };
    const { runner } = setUp([all[0]!, all[1]!, c]);
    await runner.run();
    await expect(runner.rollback('c')).rejects.toThrow(StageRollbackFailedError);
    await expect(runner.rollback('b')).rejects.toThrow(StageRollbackFailedError);
    stuck = false;
    // Asked for less than what is under way, it finishes that.
    expect((await runner.rollback('c')).stages.map((stage) => stage.state)).toEqual([
      'completed',
      'rolled_back',
      'rolled_back',
    ]);
  });

  test('after it, the completed stages are active in the process that did it, and the others no more', async () => {
    const active: string[] = [];
    const all = stages([]).map((stage) => ({ ...stage, activate: async () => void active.push(stage.name) }));
    const { runner, another } = setUp(all);
    await runner.run();
    active.length = 0;
    const other = another();
    await other.rollback('c');
    expect(active).toEqual(['a', 'b']);
    await other.resume();
    await other.rollback('c');
    await other.resume();
    expect(active).toEqual(['a', 'b', 'c', 'c']);
  });
});

describe('close', () => {
  test('stops what is under way, deactivates the last first, and leaves the migration to others', async () => {
    const log: string[] = [];
    const stage = (name: string, run: MigrationStage['run']): MigrationStage => ({
      name,
      activate: async () => void log.push(`activate ${name}`),
      run,
      deactivate: async () => void log.push(`deactivate ${name}`),
      rollback,
    });
    const wait: MigrationStage['run'] = ({ step }) =>
      step(
        'wait',
        (signal) => new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      );
    const { runner, another, clock } = setUp([stage('a', rollback), stage('b', wait)]);
    const run = runner.run();
    run.catch(() => log.push('stopped'));
    await clock.advance(1);
    await runner.close();
    expect(log).toEqual(['activate a', 'activate b', 'stopped', 'deactivate b', 'deactivate a']);
    await expect(run).rejects.toThrow(ClosedError);
    await expect(runner.resume()).rejects.toThrow(ClosedError);
    await runner.close();
    expect(log).toHaveLength(5);
    expect(clock.pending).toBe(0);
    await using other = another([stage('a', rollback), stage('b', rollback)]);
    expect((await other.resume()).state).toBe('completed');
    expect(log.slice(5)).toEqual(['activate a', 'activate b']);
    await other.rollback('b');
    expect(log.slice(7)).toEqual(['deactivate b']);
  });

  test('says what could not be deactivated, after the others were', async () => {
    const log: string[] = [];
    const stage = (name: string, deactivate: () => Promise<void>): MigrationStage => ({
      name,
      run: rollback,
      deactivate,
    });
    const { runner } = setUp([
      stage('a', async () => void log.push('a')),
      stage('b', async () => Promise.reject(new Error('port in use'))),
    ]);
    await runner.run();
    await expect(runner.close()).rejects.toThrow(/1 stages could not be deactivated: port in use/);
    expect(log).toEqual(['a']);
  });
});

describe('the lease', () => {
  function held() {
    const { opened, open } = latch();
    const next = vi.fn();
    const set = setUp([
      {
        name: 'a',
        run: async ({ step, signal }) => {
          await step('long', async () => opened);
          await step('after', async () => next());
          return signal.throwIfAborted();
        },
        rollback,
      },
    ]);
    return { ...set, open, next };
  }

  test('keeps others out while its runner lives, however long a step takes', async () => {
    const { runner, another, clock, disk, open } = held();
    const first = runner.run();
    await clock.advance(100_000);
    const refused = (await another()
      .resume()
      .catch((error: unknown) => error)) as MigrationRunningError;
    expect(refused).toBeInstanceOf(MigrationRunningError);
    expect(refused.runner).toBe((await runner.status()).runner!.id);
    expect(refused.leaseExpiresAt).toEqual(new Date(131_000));
    await expect(another().rollback('a')).rejects.toThrow(MigrationRunningError);
    expect(disk.types('migration-m').filter((type) => type === 'migration.heartbeat')).toHaveLength(10);
    open();
    expect((await first).state).toBe('completed');
    expect(clock.pending).toBe(0);
  });

  test('is over when its runner is dead; a runner that was only slow is stopped', async () => {
    const { runner, another, clock, open, next } = held();
    const slow = runner.run();
    await clock.advance(1);
    const second = another().resume({ takeOver: true });
    await clock.advance(15_000);
    open();
    await expect(slow).rejects.toThrow(MigrationTakenOverError);
    expect((await second).state).toBe('completed');
    expect(next).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
  });

  test('passes to anybody once no sign of life came for its length', async () => {
    const { another, disk, clock } = held();
    const store = disk.open();
    const claim = {
      type: 'migration.claimed',
      data: { runner: 'dead', leaseMs: 30_000 },
      timestamp: new Date(clock.now()),
    };
    await store.append('migration-m', [{ type: 'migration.started', data: { stages: ['a'] } }, claim], {
      expectedVersion: 0,
    });
    const at = async (ms: number) => {
      await clock.advance(ms);
      return another([{ name: 'a', run: async () => {} }]).resume();
    };
    await expect(at(29_999)).rejects.toThrow(MigrationRunningError);
    expect((await at(1)).state).toBe('completed');
  });

  test("a journal that can not be written stops the run with the store's own error, and records nothing after it", async () => {
    const { opened, open } = latch();
    const disk = new Disk();
    const store = disk.open();
    const next = vi.fn();
    let failures = 0;
    const runner = new MigrationRunner({
      name: 'm',
      clock: new FakeClock(),
      store: {
        read: store.read,
        append: async (...args) => (failures-- === 1 ? Promise.reject(new Error('disk full')) : store.append(...args)),
      },
      stages: [
        {
          name: 'a',
          run: async ({ step }) => {
            const slow = step('slow', async () => opened);
            failures = 1;
            await step('one', async () => {}).catch(() => open());
            await slow.catch(() => {});
            await step('two', async () => next());
          },
        },
      ],
    });
    await expect(runner.run()).rejects.toThrow('disk full');
    expect(next).not.toHaveBeenCalled();
    expect(disk.types('migration-m').at(-1)).toBe('migration.stage.started');
  });

  test('no sign of life is given after the end, even if what listens throws', async () => {
    const onEvent = ({ type }: { type: string }) => {
      if (type === 'migration.stage.started') throw new Error('listener');
    };
    const onError = (error: unknown) => {
      throw error;
    };
    const { runner, clock } = setUp([{ name: 'a', run: async () => {} }], { onEvent, onError });
    await expect(runner.run()).rejects.toThrow('listener');
    expect(clock.pending).toBe(0);
  });
});
