import type { Clock } from '../core/clock.ts';
import type { ActiveStages } from './active-stages.ts';
import { GateNotPassedError, StageFailedError, StageNotReversibleError, StageRollbackFailedError } from './errors.ts';
import { measureGates } from './gate.ts';
import type { Journal } from './journal.ts';
import { journaledError, type StepPhase } from './journal-event.ts';
import type { JournalState } from './journal-state.ts';
import type { MigrationProgress } from './migration-runner-options.ts';
import type { MigrationStage } from './stage.ts';
import { StageRun } from './stage-run.ts';

/** What a pass is made with. */
export interface MigrationPassOptions {
  readonly stages: readonly MigrationStage[];
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly active: ActiveStages;
  readonly onProgress: (progress: MigrationProgress) => void;
}

/** One way through the stages under one claim. It ends by releasing the journal, unless it is stopped from outside. */
export class MigrationPass {
  readonly #stages: readonly MigrationStage[];
  readonly #journal: Journal;
  readonly #signal: AbortSignal;
  readonly #options: MigrationPassOptions;

  constructor(options: MigrationPassOptions) {
    this.#stages = options.stages;
    this.#journal = options.journal;
    this.#signal = options.signal;
    this.#options = options;
  }

  /** Forward through the stages; back, once a rollback is under way. */
  async goOn(): Promise<void> {
    for (const stage of this.#stages) if (!this.#journal.state.rollback) await this.#run(stage);
    if (this.#journal.state.rollback) await this.#backward();
    else await this.#journal.release({ type: 'migration.completed', data: {} });
  }

  /** Back to before a stage, because somebody asked for it. */
  async rollBack(stage: string): Promise<void> {
    const data = { stage, trigger: { kind: 'requested' } } as const;
    await this.#journal.append({ type: 'migration.rollback.started', data });
    await this.#backward();
  }

  async #run(stage: MigrationStage): Promise<void> {
    const journal = this.#journal;
    const data = { stage: stage.name };
    const completed = journal.state.stage(stage.name).state === 'completed';
    const run = this.#stageRun(stage, 'forward');
    try {
      if (!completed) await this.#start(stage, run);
      await this.#options.active.activate(stage, { signal: this.#signal, recorded: run.recorded });
      if (completed) return;
      await stage.run(run);
      if (stage.bake) await run.bake('bake', stage.bake);
      await run.close();
    } catch (error) {
      await run.stop(error);
      if (this.#signal.aborted || !journal.state.claim) throw error;
      if (!journal.state.rollback) {
        await journal.release({ type: 'migration.stage.failed', data: { ...data, error: journaledError(error) } });
        throw new StageFailedError(stage.name, error);
      }
    }
    if (!journal.state.rollback) await journal.append({ type: 'migration.stage.completed', data });
  }

  /** Everything before `run`: a stage starts only if its gates pass (MR2). */
  async #start(stage: MigrationStage, run: StageRun): Promise<void> {
    const journal = this.#journal;
    const data = { stage: stage.name };
    const { state } = journal.state.stage(stage.name);
    if (state === 'running') return;
    if (state !== 'preparing') await journal.append({ type: 'migration.stage.preparing', data });
    await stage.prepare?.(run);
    await run.settled();
    const verdicts = await measureGates(stage.gates ?? [], { clock: this.#options.clock, signal: this.#signal });
    const measured = { type: 'migration.gates.measured', data: { ...data, bake: null, verdicts } } as const;
    if (verdicts.some((verdict) => verdict.outcome !== 'passed')) {
      await journal.release(measured);
      throw new GateNotPassedError(stage.name, null, verdicts);
    }
    await journal.append(measured, { type: 'migration.stage.started', data });
  }

  /** Undoes what the journal says is to be undone, the last stage first (RB3). */
  async #backward(): Promise<void> {
    const { state } = this.#journal;
    const { stage: target, trigger } = state.rollback!;
    const gateError =
      trigger.kind === 'gate' ? new GateNotPassedError(trigger.stage, trigger.bake, trigger.verdicts) : null;
    const place = this.#stages.findIndex((stage) => stage.name === target);
    for (const stage of begunFrom(place, this.#stages, state).reverse()) await this.#undo(stage, gateError);
    await this.#journal.release({ type: 'migration.rollback.completed', data: { stage: target } });
    await this.#options.active.activateCompleted(this.#stages, state, this.#signal);
    if (gateError) throw gateError;
  }

  async #undo(stage: MigrationStage, gateError: GateNotPassedError | null): Promise<void> {
    const data = { stage: stage.name };
    const run = this.#stageRun(stage, 'rollback');
    try {
      if (!stage.rollback) throw new StageNotReversibleError(stage.name);
      await this.#options.active.deactivate(stage);
      await stage.rollback(run);
      await run.close();
    } catch (error) {
      await run.stop(error);
      this.#signal.throwIfAborted();
      const failed = {
        type: 'migration.stage.rollback_failed',
        data: { ...data, error: journaledError(error) },
      } as const;
      await this.#journal.release(failed);
      throw new StageRollbackFailedError(stage.name, error, gateError);
    }
    await this.#journal.append({ type: 'migration.stage.rolled_back', data });
  }

  #stageRun(stage: MigrationStage, phase: StepPhase): StageRun {
    const { journal, clock, signal, onProgress } = this.#options;
    const { migration } = journal.state;
    const report = (percent: number, detail: string | undefined) =>
      onProgress({ migration, stage: stage.name, percent, ...(detail !== undefined && { detail }) });
    return new StageRun({ stage, phase, journal, clock, signal, onProgress: report });
  }
}

/** The stages from this place on that may have had effects. */
export function begunFrom(place: number, stages: readonly MigrationStage[], state: JournalState): MigrationStage[] {
  return stages.slice(place).filter(({ name }) => !['pending', 'rolled_back'].includes(state.stage(name).state));
}
