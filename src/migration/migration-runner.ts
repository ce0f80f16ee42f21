import { checkMethods, checkObject } from '../core/check-argument.ts';
import { systemClock } from '../core/clock.ts';
import { ClosedError, InvalidArgumentError } from '../core/errors.ts';
import { createId } from '../core/ids.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { ActiveStages } from './active-stages.ts';
import { assertStages } from './assert-stages.ts';
import { MigrationExistsError, MigrationRunningError, StageNotReversibleError } from './errors.ts';
import { Journal, type JournalOptions, readJournal } from './journal.ts';
import type { JournalState } from './journal-state.ts';
import { begunFrom, MigrationPass } from './migration-pass.ts';
import type { MigrationProgress, MigrationRunnerOptions, ResumeOptions } from './migration-runner-options.ts';
import type { MigrationStatus } from './migration-status.ts';
import type { MigrationStage } from './stage.ts';

/**
 * Takes a system through the stages of a migration, and back.
 *
 * The journal, an event stream, is the only state: after `kill -9` at any point `resume()` goes on in any process and
 * ends where an undisturbed run ends (MR1). No stage runs before its gates pass on measured values (MR2). Gates that fail
 * while a stage is watched roll it back (MR3). One runner at a time has a migration.
 *
 * @example
 * ```ts
 * const runner = new MigrationRunner({ name: 'tasks', stages: [foundation, cutover], store: eventStore });
 * await runner.resume(); // starts it, or goes on where the last process stopped
 * ```
 */
export class MigrationRunner {
  readonly #stages: readonly MigrationStage[];
  readonly #journal: JournalOptions;
  readonly #leaseMs: number;
  readonly #onProgress: (progress: MigrationProgress) => void;
  readonly #active = new ActiveStages();
  readonly #closed = new AbortController();
  #underWay: Promise<unknown> = Promise.resolve();

  /** @throws {@link InvalidArgumentError} if names are missing or not unique, or a gate or a bake time is not sound. */
  constructor(options: MigrationRunnerOptions) {
    checkObject(options);
    const { name, stages, leaseMs = 30_000, onError = throwLater } = options;
    if (typeof name !== 'string' || name === '') throw new InvalidArgumentError('name', 'a name', name);
    if (!(leaseMs > 0)) throw new InvalidArgumentError('leaseMs', 'more than 0 ms', leaseMs);
    assertStages(stages);
    checkMethods(options.store, 'store', 'an EventStore for the journal', 'append');
    this.#stages = [...stages];
    this.#leaseMs = leaseMs;
    this.#journal = {
      migration: name,
      stages: stages.map((stage) => stage.name),
      store: options.store,
      stream: options.stream ?? `migration-${name}`,
      clock: options.clock ?? systemClock,
      onEvent: guarded(options.onEvent, onError),
    };
    this.#onProgress = guarded(options.onProgress, onError);
  }

  /**
   * Starts the migration and runs every stage.
   *
   * @throws {@link MigrationExistsError} if it was started before; and whatever `resume()` throws.
   */
  run(options: { readonly signal?: AbortSignal } = {}): Promise<MigrationStatus> {
    return this.#tracked(options, async (stop) => {
      const state = await readJournal(this.#journal, stop);
      if (state.version > 0) throw new MigrationExistsError(state.migration);
      return this.#claimed(state, options, stop, (pass) => pass.goOn());
    });
  }

  /**
   * Goes on where the journal ends: starts the migration, finishes its stages, or finishes a rollback.
   *
   * Also the call to make when a process starts after the migration is completed: it activates the stages.
   *
   * @throws {@link GateNotPassedError} if gates were not passed: before a stage, which then was not started, or while it
   * was watched, in which case it is rolled back.
   * @throws {@link StageFailedError} if a stage threw: remove the cause and resume, or roll back.
   * @throws {@link StageRollbackFailedError} if rolling back failed: remove the cause and resume.
   * @throws {@link MigrationRunningError} if another runner has it; {@link MigrationTakenOverError} if one took it over.
   * @throws {@link JournalMismatchError} if the journal was begun with other stages.
   */
  resume(options: ResumeOptions = {}): Promise<MigrationStatus> {
    return this.#tracked(options, async (stop) => {
      const state = await readJournal(this.#journal, stop);
      if (!state.completed) return this.#claimed(state, options, stop, (pass) => pass.goOn());
      await this.#active.activateCompleted(this.#stages, state, stop);
      return state.status();
    });
  }

  /**
   * Rolls back a stage, and before it every later one that was begun, the last first (RB3).
   *
   * @returns The status after it; `resume()` then goes forward again.
   * @throws {@link StageNotReversibleError} if one of them has no `rollback`; nothing was changed.
   * @throws {@link StageRollbackFailedError} if one failed: remove the cause, then `resume()` or call this again.
   * @throws {@link MigrationRunningError} if another runner has it; {@link MigrationTakenOverError} if one took it over.
   */
  rollback(stage: string, options: ResumeOptions = {}): Promise<MigrationStatus> {
    return this.#tracked(options, async (stop) => {
      const { stages } = this.#journal;
      const asked = stages.indexOf(stage);
      if (asked < 0) throw new InvalidArgumentError('stage', `one of ${stages.join(', ')}`, stage);
      const state = await readJournal(this.#journal, stop);
      const target = Math.min(asked, state.rollback ? stages.indexOf(state.rollback.stage) : asked);
      const irreversible = begunFrom(target, this.#stages, state).find((each) => !each.rollback);
      if (irreversible) throw new StageNotReversibleError(irreversible.name);
      return this.#claimed(state, options, stop, (pass) => pass.rollBack(stages[target]!));
    });
  }

  /** Where the migration stands, from its journal alone. */
  async status(options: { readonly signal?: AbortSignal } = {}): Promise<MigrationStatus> {
    return (await readJournal(this.#journal, options.signal)).status();
  }

  /**
   * Stops what this runner has under way, which rejects with `ClosedError`, and deactivates its stages, the last first.
   *
   * The migration stays where it is: another runner's `resume()` goes on.
   *
   * @throws {@link DeactivationFailedError} if stages could not be deactivated; the others were.
   */
  async close(): Promise<void> {
    this.#closed.abort(new ClosedError('the migration runner'));
    await this.#underWay;
    await this.#active.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Runs what changes the migration or this process, so that `close()` can stop it and wait for it. */
  #tracked<T>(options: ResumeOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const closed = this.#closed.signal;
    const signal = options.signal ? AbortSignal.any([options.signal, closed]) : closed;
    const done = (async () => {
      signal.throwIfAborted();
      return work(signal);
    })();
    this.#underWay = Promise.allSettled([this.#underWay, done]).then(() => undefined);
    return done;
  }

  async #claimed(
    state: JournalState,
    options: ResumeOptions,
    stop: AbortSignal,
    work: (pass: MigrationPass) => Promise<void>,
  ): Promise<MigrationStatus> {
    if (state.claim && !options.takeOver && this.#journal.clock.now() < state.leaseExpiresAt) {
      const { migration, claim, leaseExpiresAt } = state;
      throw new MigrationRunningError({ migration, runner: claim.runner, leaseExpiresAt: new Date(leaseExpiresAt) });
    }
    const journal = await Journal.claim(this.#journal, state, { runner: createId(), leaseMs: this.#leaseMs });
    const signal = AbortSignal.any([stop, journal.lost]);
    const { clock } = this.#journal;
    const parts = { stages: this.#stages, journal, signal, clock, active: this.#active, onProgress: this.#onProgress };
    try {
      await work(new MigrationPass(parts));
      return journal.state.status();
    } catch (error) {
      journal.lost.throwIfAborted();
      if (stop.aborted && journal.state.claim) {
        await journal.release();
        throw stop.reason;
      }
      throw error;
    } finally {
      journal.end();
    }
  }
}

/** A listener whose failure is reported and disturbs nothing. */
function guarded<T>(listener: ((value: T) => void) | undefined, onError: OnError): (value: T) => void {
  return (value) => {
    try {
      listener?.(value);
    } catch (error) {
      onError(error);
    }
  };
}
