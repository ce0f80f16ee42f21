import { sleep } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';
import { ClosedError, InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { assertBake } from './assert-stages.ts';
import { GateNotPassedError, StageNotReversibleError } from './errors.ts';
import { measureGates } from './gate.ts';
import type { Journal } from './journal.ts';
import type { StepPhase } from './journal-event.ts';
import type { StageRecord } from './journal-state.ts';
import type { Bake, MigrationStage, StageCheckpoint, StageRunContext } from './stage.ts';

/** What a stage is run with. */
export interface StageRunOptions {
  readonly stage: MigrationStage;
  readonly phase: StepPhase;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (percent: number, detail: string | undefined) => void;
}

/** One pass through one half of a stage, in this process: what is recorded is given back, the rest is done and recorded. */
export class StageRun implements StageRunContext {
  readonly signal: AbortSignal;
  readonly #options: StageRunOptions;
  readonly #ended = new AbortController();
  readonly #used = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();
  #gateError: GateNotPassedError | null = null;

  constructor(options: StageRunOptions) {
    this.#options = options;
    this.signal = AbortSignal.any([options.signal, this.#ended.signal]);
  }

  // Fields rather than methods, so that a stage may take them apart: `run({ step })`.
  readonly step = <T>(name: string, work: (signal: AbortSignal) => T | Promise<T>): Promise<T> => {
    const done = this.#step(name, work);
    this.#underWay.add(done);
    // A promise of its own, so that the failure of a step nobody awaits stays an unhandled rejection.
    return done.finally(() => this.#underWay.delete(done));
  };

  readonly recorded = (step: string): unknown => this.#record.steps.forward.get(step);

  readonly checkpoint = <T>(name: string): StageCheckpoint<T> => {
    const { stage, journal } = this.#options;
    return {
      load: async () => (this.#record.checkpoints.get(name) ?? null) as T | null,
      save: (value) =>
        journal.append({
          type: 'migration.checkpoint.saved',
          data: { stage: stage.name, checkpoint: name, value: frozenJson(value, `checkpoint "${name}"`) as JsonValue },
        }),
    };
  };

  readonly progress = (percent: number, detail?: string): void => this.#options.onProgress(percent, detail);

  readonly bake = async (name: string, bake: Bake): Promise<void> => {
    assertBake(bake, `bake "${name}"`);
    const { stage } = this.#options;
    if (!stage.rollback) throw new StageNotReversibleError(stage.name);
    await this.step(name, () => this.#watch(name, bake));
  };

  /** Resolves once no step is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Waits for the steps under way; from then on there is no further one. */
  async close(): Promise<void> {
    await this.settled();
    this.#ended.abort(new ClosedError(`the run of stage "${this.#options.stage.name}"`));
  }

  /** Stops the steps under way, then waits for them. */
  async stop(reason: unknown): Promise<void> {
    this.#ended.abort(reason);
    await this.settled();
  }

  async #step<T>(name: string, work: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
    const { stage, phase, journal } = this.#options;
    if (typeof name !== 'string' || name === '') throw new InvalidArgumentError('step', 'a name', name);
    if (this.#used.has(name)) throw new InvalidArgumentError('step', `a unique name in stage "${stage.name}"`, name);
    this.#used.add(name);
    if (this.#gateError) throw this.#gateError;
    this.signal.throwIfAborted();
    const done = this.#record.steps[phase];
    if (done.has(name)) return done.get(name) as T;
    const value = await work(this.signal);
    const result = value === undefined ? undefined : frozenJson(value, `the result of step "${name}"`);
    const data = { stage: stage.name, phase, step: name, ...(result !== undefined && { result: result as JsonValue }) };
    await journal.append({ type: 'migration.step.completed', data });
    return result as T;
  }

  async #watch(name: string, { gates, durationMs, intervalMs = durationMs / 10 }: Bake): Promise<void> {
    const { stage, clock, journal } = this.#options;
    const end = clock.now() + durationMs;
    for (let last = false; !last; ) {
      const left = end - clock.now();
      if (left > 0) await sleep(Math.min(intervalMs, left), { clock, signal: this.signal });
      last = clock.now() >= end;
      const verdicts = await measureGates(gates, { clock, signal: this.signal });
      const measured = { type: 'migration.gates.measured', data: { stage: stage.name, bake: name, verdicts } } as const;
      const bad = verdicts.some(({ outcome }) => outcome === 'failed' || (last && outcome === 'unmeasured'));
      if (!bad) {
        await journal.append(measured);
        continue;
      }
      this.#gateError = new GateNotPassedError(stage.name, name, verdicts);
      const trigger = { kind: 'gate', stage: stage.name, bake: name, verdicts } as const;
      await journal.append(measured, { type: 'migration.rollback.started', data: { stage: stage.name, trigger } });
      throw this.#gateError;
    }
  }

  get #record(): StageRecord {
    return this.#options.journal.state.stage(this.#options.stage.name);
  }
}
