import { DeactivationFailedError, StageFailedError } from './errors.ts';
import type { JournalState } from './journal-state.ts';
import type { MigrationStage, StageContext } from './stage.ts';

/** The stages that are active in this process, in the order they became so. */
export class ActiveStages {
  readonly #active = new Set<MigrationStage>();

  /** Activates a stage unless it is active. */
  async activate(stage: MigrationStage, context: Pick<StageContext, 'signal' | 'recorded'>): Promise<void> {
    if (this.#active.has(stage)) return;
    await stage.activate?.(context);
    this.#active.add(stage);
  }

  /**
   * Activates every stage that the journal has as completed.
   *
   * @throws {@link StageFailedError} if one can't be.
   */
  async activateCompleted(stages: readonly MigrationStage[], state: JournalState, signal: AbortSignal): Promise<void> {
    for (const stage of stages) {
      const record = state.stage(stage.name);
      if (record.state !== 'completed') continue;
      try {
        await this.activate(stage, { signal, recorded: (step) => record.steps.forward.get(step) });
      } catch (error) {
        signal.throwIfAborted();
        throw new StageFailedError(stage.name, error);
      }
    }
  }

  /** Deactivates a stage if it is active. */
  async deactivate(stage: MigrationStage): Promise<void> {
    if (!this.#active.has(stage)) return;
    await stage.deactivate?.();
    this.#active.delete(stage);
  }

  /**
   * Deactivates all, the last first, whatever becomes of one.
   *
   * @throws {@link DeactivationFailedError} with what failed.
   */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const stage of [...this.#active].reverse()) {
      await this.deactivate(stage).catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw new DeactivationFailedError(errors);
  }
}
