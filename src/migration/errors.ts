import { MigrationError, messageOf } from '../core/errors.ts';
import type { GateVerdict } from './gate.ts';

/** `run()` found a journal of this name: `resume()` goes on with it; a new migration needs a new name. */
export class MigrationExistsError extends MigrationError {
  override readonly name = 'MigrationExistsError';
  readonly code = 'MIGRATION_EXISTS';
  readonly migration: string;

  constructor(migration: string, options?: ErrorOptions) {
    super(`migration "${migration}" was started before: call resume() to go on, or choose a new name`, options);
    this.migration = migration;
  }
}

/** Another runner has this migration. Wait until its lease is over, or take over if it is known to be dead. */
export class MigrationRunningError extends MigrationError {
  override readonly name = 'MigrationRunningError';
  readonly code = 'MIGRATION_RUNNING';
  readonly migration: string;
  /** The id of the other runner; null if it claimed the migration at the very same moment. */
  readonly runner: string | null;
  /** Until when the other runner is believed alive, unless it shows life again. */
  readonly leaseExpiresAt: Date | null;

  constructor(
    fields: { migration: string; runner: string | null; leaseExpiresAt: Date | null },
    options?: ErrorOptions,
  ) {
    const who = fields.runner === null ? 'claimed it at the same moment' : `(${fields.runner}) has it`;
    const until = fields.leaseExpiresAt === null ? '' : ` until ${fields.leaseExpiresAt.toISOString()}`;
    super(
      `migration "${fields.migration}" is running: another runner ${who}${until}. Try again later, or pass takeOver: true if that runner is surely dead`,
      options,
    );
    this.migration = fields.migration;
    this.runner = fields.runner;
    this.leaseExpiresAt = fields.leaseExpiresAt;
  }
}

/** Another runner took this migration over; this one stopped. Nothing to do here: look at the other runner. */
export class MigrationTakenOverError extends MigrationError {
  override readonly name = 'MigrationTakenOverError';
  readonly code = 'MIGRATION_TAKEN_OVER';
  readonly migration: string;

  constructor(migration: string, options?: ErrorOptions) {
    super(
      `migration "${migration}" was taken over by another runner, this one stopped: see that runner's outcome`,
      options,
    );
    this.migration = migration;
  }
}

/** The journal does not fit this runner: other stages, an unknown event, an order that can't be. Nothing was changed. */
export class JournalMismatchError extends MigrationError {
  override readonly name = 'JournalMismatchError';
  readonly code = 'JOURNAL_MISMATCH';
  readonly migration: string;

  constructor(migration: string, detail: string, options?: ErrorOptions) {
    super(`the journal of migration "${migration}" does not fit: ${detail}`, options);
    this.migration = migration;
  }
}

/** A stage's `prepare` or `run` threw (`cause`). `resume()` tries again from the step that failed; `rollback(stage)` undoes. */
export class StageFailedError extends MigrationError {
  override readonly name = 'StageFailedError';
  readonly code = 'STAGE_FAILED';
  readonly stage: string;

  constructor(stage: string, cause: unknown) {
    super(`stage "${stage}" failed: ${messageOf(cause)}. resume() tries it again, rollback("${stage}") undoes it`, {
      cause,
    });
    this.stage = stage;
  }
}

/** Gates were not passed. Before a stage: it was not started. While it was watched: it is rolled back. */
export class GateNotPassedError extends MigrationError {
  override readonly name = 'GateNotPassedError';
  readonly code = 'GATE_NOT_PASSED';
  readonly stage: string;
  /** Which bake time; null for the gates before the stage. */
  readonly bake: string | null;
  /** Every gate measured, those that passed too. */
  readonly verdicts: readonly GateVerdict[];

  constructor(stage: string, bake: string | null, verdicts: readonly GateVerdict[]) {
    const failed = verdicts.filter((verdict) => verdict.outcome !== 'passed');
    const why = failed.map((verdict) => `${verdict.gate}: ${verdict.reason}`).join('; ');
    super(
      bake === null
        ? `stage "${stage}" was not started, its gates are not passed (${why}): call resume() once they can be`
        : `stage "${stage}" did not pass its gates during "${bake}" (${why}): the runner rolls it back`,
    );
    this.stage = stage;
    this.bake = bake;
    this.verdicts = verdicts;
  }
}

/** Rolling a stage back failed (`cause`). The journal says so; `resume()` tries again. */
export class StageRollbackFailedError extends MigrationError {
  override readonly name = 'StageRollbackFailedError';
  readonly code = 'STAGE_ROLLBACK_FAILED';
  readonly stage: string;
  /** The gates that made the rollback necessary; null if somebody asked for it. */
  readonly trigger: GateNotPassedError | null;

  constructor(stage: string, cause: unknown, trigger: GateNotPassedError | null) {
    const why = trigger === null ? '' : ` (it began because ${trigger.message})`;
    super(`rolling back stage "${stage}" failed: ${messageOf(cause)}${why}. Remove the cause, then call resume()`, {
      cause,
    });
    this.stage = stage;
    this.trigger = trigger;
  }
}

/** A stage that would have to be rolled back has no `rollback`. Nothing was changed. */
export class StageNotReversibleError extends MigrationError {
  override readonly name = 'StageNotReversibleError';
  readonly code = 'STAGE_NOT_REVERSIBLE';
  readonly stage: string;

  constructor(stage: string) {
    super(`stage "${stage}" has no rollback: give it one, or go forward`);
    this.stage = stage;
  }
}

/** A check that a ready-made stage makes of its own did not succeed. */
export class StageCheckFailedError extends MigrationError {
  override readonly name = 'StageCheckFailedError';
  readonly code = 'STAGE_CHECK_FAILED';
  readonly subject: string;

  constructor(subject: string, detail: string, options?: ErrorOptions) {
    super(`${subject} ${detail}: remove the cause, then resume() or roll back`, options);
    this.subject = subject;
  }
}

/** Stages could not be deactivated when the runner was closed; the others were. */
export class DeactivationFailedError extends MigrationError {
  override readonly name = 'DeactivationFailedError';
  readonly code = 'DEACTIVATION_FAILED';
  /** What each of them threw; the first is the cause. */
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    super(`${errors.length} stages could not be deactivated: ${errors.map(messageOf).join('; ')}`, {
      cause: errors[0],
    });
    this.errors = Object.freeze([...errors]);
  }
}
