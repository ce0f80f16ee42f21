import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMigrationError } from '../../src/core/errors.ts';
import type { Gate, GateReading } from '../../src/migration/gate.ts';
import type { MigrationEvent } from '../../src/migration/journal-event.ts';
import { MigrationRunner } from '../../src/migration/migration-runner.ts';
import type { MigrationStage, StageContext } from '../../src/migration/stage.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { type Boundary, Disk, Process, passTime } from '../migration/support.ts';
import { runs } from './runs.ts';

/** What a stage of a random migration does. Readings are what its gates measure, one a sweep; the last one stays. */
interface Plan {
  readonly prepare: number;
  readonly entry: GateReading | 'throws';
  readonly run: number;
  /** Steps run at once rather than one after the other. */
  readonly parallel: boolean;
  /** Bake times in the middle of the stage. */
  readonly bakes: ReadonlyArray<readonly (GateReading | 'throws')[]>;
  /** Whether the rollback throws until a person removes the cause. */
  readonly rollbackFails: boolean;
}

const bound = 10;
const passes = (reading: GateReading | 'throws' | undefined) => typeof reading === 'number' && reading <= bound;
const fails = (reading: GateReading | 'throws') => typeof reading === 'number' && reading > bound;
/** What three sweeps of a bake come to: a bad figure at any time, or no good one at the last. */
const bakes = (readings: Plan['bakes'][number]) =>
  !readings.slice(0, 3).some(fails) && passes(readings[Math.min(2, readings.length - 1)]);

/** The world outside: what the steps leave behind. It outlives every process, as the disk does. */
class World {
  readonly disk = new Disk();
  readonly clock = new FakeClock(1_000);
  readonly effects = new Set<string>();
  readonly log: string[] = [];
  causeRemoved = false;
  /** How many places every process together came to where it could have been killed. */
  boundaries = 0;

  get journal(): MigrationEvent[] {
    return (this.disk.streams.get('migration-m') ?? []) as unknown as MigrationEvent[];
  }

  /** The program: built anew in every process. */
  program(plans: readonly Plan[], boundary: Boundary): MigrationRunner {
    const stages = plans.map((plan, i) => this.stage(`s${i}`, plan, boundary));
    return new MigrationRunner({ name: 'm', stages, store: this.disk.open(boundary), clock: this.clock });
  }

  stage(name: string, plan: Plan, boundary: Boundary): MigrationStage {
    const { effects, log } = this;
    const doStep = ({ step }: StageContext, phase: 'forward' | 'rollback', what: string) =>
      step(what, async () => {
        await boundary();
        log.push(`${phase} ${name} ${what}${this.isRecorded(name, phase, what) ? ' AGAIN' : ''}`);
        if (phase === 'forward') effects.add(`${name}/${what}`);
        else effects.delete(`${name}/${what.slice('undo '.length)}`);
        await boundary();
        return { what };
      });
    const steps = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
    const gateOf = (readings: readonly (GateReading | 'throws')[]): Gate => {
      let sweep = 0;
      return {
        name: 'figure',
        max: bound,
        measure: async () => {
          await boundary();
          const reading = readings[Math.min(sweep++, readings.length - 1)]!;
          if (reading === 'throws') throw new Error('no figure today');
          return reading;
        },
      };
    };
    return {
      name,
      prepare: async (context) => {
        for (const what of steps('prepare', plan.prepare)) await doStep(context, 'forward', what);
      },
      gates: [gateOf([plan.entry])],
      run: async (context) => {
        log.push(`run ${name}${this.isRollingBack() ? ' WHILE ROLLING BACK' : ''}`);
        const whats = steps('step', plan.run);
        if (plan.parallel) await Promise.all(whats.map((what) => doStep(context, 'forward', what)));
        else for (const what of whats) await doStep(context, 'forward', what);
        for (const [i, readings] of plan.bakes.entries()) {
          await context.bake(`bake${i}`, { gates: [gateOf(readings)], durationMs: 30, intervalMs: 10 });
          await doStep(context, 'forward', `after${i}`);
        }
      },
      rollback: async (context) => {
        const undo = [
          ...steps('prepare', plan.prepare),
          ...steps('step', plan.run),
          ...steps('after', plan.bakes.length),
        ];
        for (const [i, what] of undo.reverse().entries()) {
          if (i === 1 && plan.rollbackFails && !this.causeRemoved) throw new Error('cannot undo');
          await doStep(context, 'rollback', `undo ${what}`);
        }
      },
    };
  }

  /** Whether the journal has the step as done, in the stage's present attempt. */
  isRecorded(stage: string, phase: string, step: string): boolean {
    const from = this.journal.findLastIndex((e) => e.type === 'migration.stage.rolled_back' && e.data.stage === stage);
    return this.journal
      .slice(from + 1)
      .some(
        (e) =>
          e.type === 'migration.step.completed' &&
          e.data.stage === stage &&
          e.data.phase === phase &&
          e.data.step === step,
      );
  }

  isRollingBack(): boolean {
    const last = this.journal.findLast(({ type }) => type.startsWith('migration.rollback.'));
    return last?.type === 'migration.rollback.started';
  }

  /** Runs processes, each killed after so many boundaries, the last one left alone, until one comes to an end. */
  async live(
    plans: readonly Plan[],
    lives: readonly number[],
    call: (runner: MigrationRunner) => Promise<unknown>,
  ): Promise<unknown> {
    for (const boundariesToLive of [...lives, Number.POSITIVE_INFINITY]) {
      const process = new Process(boundariesToLive);
      const boundary = () => {
        this.boundaries += 1;
        return process.boundary();
      };
      const outcome = call(this.program(plans, boundary)).then(
        () => 'done',
        (error) => this.describe(error),
      );
      const end = await passTime(this.clock, Promise.race([outcome, process.killed]));
      if (end !== 'killed') return end;
    }
    throw new Error('the last process can not be killed');
  }

  describe(error: unknown): unknown {
    if (!isMigrationError(error)) throw error;
    const { code, message } = error;
    return { code, message };
  }

  async ending() {
    const status = await this.program(this.#plans, async () => {}).status();
    const stages = status.stages.map(({ name, state, steps, verdicts, error }) => ({
      name,
      state,
      steps: [...steps].sort(),
      verdicts,
      error,
    }));
    return { state: status.state, stages, effects: [...this.effects].sort() };
  }

  readonly #plans: readonly Plan[];
  constructor(plans: readonly Plan[]) {
    this.#plans = plans;
  }
}

const reading = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: bound }) },
  { weight: 2, arbitrary: fc.constantFrom<GateReading | 'throws'>(bound + 1, null, Number.NaN, 'throws') },
);
const mostlyGood = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: reading });
const plan: fc.Arbitrary<Plan> = fc.record({
  prepare: fc.nat(2),
  entry: mostlyGood,
  run: fc.nat(3),
  parallel: fc.boolean(),
  bakes: fc.array(fc.array(reading, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
  rollbackFails: fc.constantFrom(false, false, false, true),
});
const plans = fc.array(plan, { minLength: 1, maxLength: 4 });
const lives = fc.array(fc.nat(40), { maxLength: 4 });

const resume = (runner: MigrationRunner) => runner.resume({ takeOver: true });

/** Forward, then back to a stage, as a person would: if a rollback fails, its cause is removed and it is tried again. */
async function journey(
  world: World,
  all: readonly Plan[],
  deaths: readonly number[],
  target: string | null,
): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  const calls =
    target === null ? [resume] : [resume, (runner: MigrationRunner) => runner.rollback(target, { takeOver: true })];
  for (const call of calls) {
    outcomes.push(await world.live(all, deaths, call));
    if (!isCode(outcomes.at(-1), 'STAGE_ROLLBACK_FAILED')) continue;
    world.causeRemoved = true;
    outcomes.push(await world.live(all, deaths, call));
  }
  return outcomes;
}

const isCode = (outcome: unknown, code: string) => (outcome as { code?: string }).code === code;

describe('MR1', () => {
  test('MR1 RB2 a migration killed at random boundaries and resumed ends where an undisturbed one ends', async () => {
    await fc.assert(
      fc.asyncProperty(plans, lives, fc.option(fc.nat(3)), async (all, deaths, back) => {
        const target = back === null ? null : `s${back % all.length}`;
        const calm = new World(all);
        const calmOutcomes = await journey(calm, all, [], target);
        const killed = new World(all);
        const outcomes = await journey(killed, all, deaths, target);
        expect(outcomes).toEqual(calmOutcomes);
        expect(await killed.ending()).toEqual(await calm.ending());
        expect(killed.log.filter((line) => /AGAIN|WHILE ROLLING BACK/.test(line))).toEqual([]);
      }),
      runs(60),
    );
  });

  const everything: Plan[] = [
    { prepare: 1, entry: 1, run: 2, parallel: true, bakes: [[1]], rollbackFails: false },
    { prepare: 1, entry: 1, run: 1, parallel: false, bakes: [[1], [null, 2, 11]], rollbackFails: true },
  ];

  test('MR1 MR3 RB2 every single boundary of a migration with a failing bake and a failing rollback can be the last', async () => {
    const calm = new World(everything);
    const calmOutcomes = await journey(calm, everything, [], 's0');
    expect(calmOutcomes.map((outcome) => (outcome as { code?: string }).code ?? outcome)).toEqual([
      'STAGE_ROLLBACK_FAILED',
      'GATE_NOT_PASSED',
      'done',
    ]);
    const ending = await calm.ending();
    const boundaries = calm.boundaries;
    expect(boundaries).toBeGreaterThan(60);
    for (let boundary = 0; boundary < boundaries; boundary++) {
      const killed = new World(everything);
      expect(await journey(killed, everything, [boundary], 's0'), `killed at boundary ${boundary}`).toEqual(
        calmOutcomes,
      );
      expect(await killed.ending(), `killed at boundary ${boundary}`).toEqual(ending);
      expect(killed.log.filter((line) => /AGAIN|WHILE ROLLING BACK/.test(line))).toEqual([]);
    }
  });
});

describe('MR2', () => {
  test('MR2 no stage runs before its gates passed on measured values, and what they measured is in the journal', async () => {
    const anyEntry = fc.array(
      fc.tuple(plan, reading).map(([each, entry]) => ({ ...each, entry, bakes: [] })),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(anyEntry, lives, async (all, deaths) => {
        const world = new World(all);
        const outcome = await world.live(all, deaths, resume);
        const blocked = all.findIndex((each) => !passes(each.entry));
        const ran = all.slice(0, blocked < 0 ? all.length : blocked).map((_, i) => `run s${i}`);
        expect([...new Set(world.log.filter((line) => line.startsWith('run ')))]).toEqual(ran);
        if (blocked < 0) {
          expect(outcome).toBe('done');
          return;
        }
        expect(outcome).toMatchObject({ code: 'GATE_NOT_PASSED' });
        const last = world.journal.findLast((event) => event.type === 'migration.gates.measured')!;
        const { entry } = all[blocked]!;
        const value = typeof entry === 'number' && Number.isFinite(entry) ? entry : null;
        expect(last.data).toMatchObject({
          stage: `s${blocked}`,
          verdicts: [
            { gate: 'figure', outcome: value === null ? 'unmeasured' : 'failed', value, max: bound, min: null },
          ],
        });
      }),
      runs(60),
    );
  });
});

describe('MR3', () => {
  test('MR3 a bake whose gate fails rolls the stage back by itself, and only that stage', async () => {
    const sound = plans.map((all) => all.map((each) => ({ ...each, entry: 1, rollbackFails: false })));
    await fc.assert(
      fc.asyncProperty(sound, lives, async (all, deaths) => {
        const world = new World(all);
        const outcome = await world.live(all, deaths, resume);
        const failing = all.findIndex((each) => !each.bakes.every(bakes));
        const { stages, effects } = await world.ending();
        if (failing < 0) {
          expect(outcome).toBe('done');
          expect(stages.map((stage) => stage.state)).toEqual(all.map(() => 'completed'));
          return;
        }
        expect(outcome).toMatchObject({ code: 'GATE_NOT_PASSED' });
        expect(stages.map((stage) => stage.state)).toEqual(
          all.map((_, i) => (i < failing ? 'completed' : i === failing ? 'rolled_back' : 'pending')),
        );
        const perStage = all.map((_, i) => effects.filter((effect) => effect.startsWith(`s${i}/`)).length);
        expect(perStage).toEqual(all.map((each, i) => (i < failing ? each.prepare + each.run + each.bakes.length : 0)));
        const verdicts = stages[failing]!.verdicts;
        expect(verdicts.some((verdict) => verdict.outcome !== 'passed')).toBe(true);
      }),
      runs(60),
    );
  });
});

describe('RB3', () => {
  test('RB3 rolling back a stage first rolls back the later ones, the last first, and leaves the earlier ones', async () => {
    const sound = plans.map((all) => all.map((each) => ({ ...each, entry: 1, bakes: [], rollbackFails: false })));
    await fc.assert(
      fc.asyncProperty(sound, fc.nat(3), lives, async (all, back, deaths) => {
        const target = back % all.length;
        const world = new World(all);
        expect(await world.live(all, [], resume)).toBe('done');
        expect(await world.live(all, deaths, (runner) => runner.rollback(`s${target}`, { takeOver: true }))).toBe(
          'done',
        );
        const { stages, effects } = await world.ending();
        expect(stages.map((stage) => stage.state)).toEqual(
          all.map((_, i) => (i < target ? 'completed' : 'rolled_back')),
        );
        expect(effects.filter((effect) => Number(effect[1]) >= target)).toEqual([]);
        const undone = world.log
          .filter((line) => line.startsWith('rollback'))
          .map((line) => Number(line.split(' ')[1]![1]));
        expect(undone).toEqual(undone.toSorted((a, b) => b - a));
        expect(await world.live(all, [], resume)).toBe('done');
        expect((await world.ending()).state).toBe('completed');
      }),
      runs(60),
    );
  });
});

describe('two runners', () => {
  const simple: Plan[] = [
    { prepare: 1, entry: 1, run: 2, parallel: false, bakes: [], rollbackFails: false },
    { prepare: 0, entry: 1, run: 1, parallel: false, bakes: [], rollbackFails: false },
  ];
  const steps = ['forward s0 prepare0', 'forward s0 step0', 'forward s0 step1', 'forward s1 step0'];

  /** Runs one runner for each way of claiming, all at once, in the order that the scheduler picks. */
  async function race(s: fc.Scheduler, claims: readonly boolean[]) {
    const world = new World(simple);
    const all = claims.map((takeOver, i) => {
      const boundary = s.scheduleFunction(async function boundary(_runner: number) {});
      return world.program(simple, () => boundary(i)).resume({ takeOver });
    });
    const settled = Promise.allSettled(all);
    await s.waitFor(settled);
    const codes = (await settled).map((end) => (end.status === 'fulfilled' ? end.value.state : codeOf(end.reason)));
    return { world, codes };
  }

  const codeOf = (error: unknown) => (isMigrationError(error) ? error.code : String(error));

  test('MR1 of N runners at once one has the migration, does each step once, and the others are told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (s, runners) => {
        const { world, codes } = await race(s, Array<boolean>(runners).fill(false));
        expect(codes.filter((code) => code !== 'completed' && code !== 'MIGRATION_RUNNING')).toEqual([]);
        expect(codes).toContain('completed');
        expect(world.log.filter((line) => line.startsWith('forward'))).toEqual(steps);
        expect(world.journal.filter((event) => event.type === 'migration.claimed')).toHaveLength(1);
      }),
      runs(60),
    );
  });

  test('MR1 a runner that is taken over stops before its next step, and the other ends as if it were alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.boolean(), { minLength: 2, maxLength: 4 }), async (s, claims) => {
        const { world, codes } = await race(s, claims);
        const told = ['completed', 'MIGRATION_RUNNING', 'MIGRATION_TAKEN_OVER'];
        expect(codes.filter((code) => !told.includes(code))).toEqual([]);
        expect(codes).toContain('completed');
        const calm = new World(simple);
        await calm.live(simple, [], resume);
        expect(await world.ending()).toEqual(await calm.ending());
        // A step is in the journal once; done once more than that only by a runner that was in it when it was taken over.
        const claimed = world.journal.filter((event) => event.type === 'migration.claimed').length;
        const recorded = world.journal.flatMap((event) =>
          event.type === 'migration.step.completed' ? [event.data.step] : [],
        );
        expect(recorded).toEqual(['prepare0', 'step0', 'step1', 'step0']);
        expect(world.log.filter((line) => line.startsWith('forward')).length).toBeLessThan(steps.length + claimed);
      }),
      runs(60),
    );
  });
});
