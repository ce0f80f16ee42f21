import type { Gate } from './gate.ts';

/** How long, how often and on what figures a stage is watched before it counts as done. */
export interface Bake {
  readonly gates: readonly Gate[];
  /** How long in all, in ms. 0: the gates are measured once, at once. */
  readonly durationMs: number;
  /** How often the gates are measured, in ms. Default: ten times during the bake. */
  readonly intervalMs?: number;
}

/** Progress of one long piece of work, kept in the journal. */
export interface StageCheckpoint<T> {
  /** The value saved last; null if none was. */
  load(): Promise<T | null>;
  /** @param value - Any JSON value. */
  save(value: T): Promise<void>;
}

/** What a stage is given to work with. Its functions may be taken out of it: `run({ step })`. */
export interface StageContext {
  /** Aborts when the caller wants to stop, when another runner took over, and when this half of the stage has ended. */
  readonly signal: AbortSignal;
  /**
   * Does a piece of work and records its result; after a crash it is not done again, and the recorded result is given.
   *
   * A crash between the work and its record makes it run again, so `work` must be idempotent: done twice, it must leave
   * what it leaves when done once.
   *
   * @param name - Unique in the stage (rollback apart), and the same at every run.
   * @returns The result, frozen; it must be JSON or undefined.
   * @throws {@link InvalidArgumentError} if the name was used before in this run, or the result is not JSON.
   */
  step<T>(name: string, work: (signal: AbortSignal) => T | Promise<T>): Promise<T>;
  /** The result of a forward step of this stage; undefined if it was not recorded as done. */
  recorded(step: string): unknown;
  /** A named place in the journal for how far a long step has come; emptied when the stage is rolled back. */
  checkpoint<T>(name: string): StageCheckpoint<T>;
  /** Tells `onProgress` how far the stage is, in percent 0-100. Nothing is recorded. */
  progress(percent: number, detail?: string): void;
}

/** What a stage's `run` is given: it can be watched in the middle, too. */
export interface StageRunContext extends StageContext {
  /**
   * Watches the gates for a time, as one step.
   *
   * A figure out of bounds at any moment, or a gate still without a figure at the end, fails it: the runner then rolls
   * the stage back (MR3), whatever the stage does with the error. After a crash the time begins anew, since nobody
   * watched meanwhile.
   *
   * @param name - Unique among the stage's steps.
   * @throws {@link GateNotPassedError} if it fails: let it through.
   * @throws {@link StageNotReversibleError} if the stage has no `rollback`.
   */
  bake(name: string, bake: Bake): Promise<void>;
}

/**
 * One stage of a migration.
 *
 * `prepare`, the gates, `activate`, `run`, the bake time, in this order; then the stage is completed. What changes
 * anything that outlives the process belongs into steps: `prepare` and `run` are called again after a crash, and do
 * only the steps that are not yet recorded.
 */
export interface MigrationStage {
  /** Unique in the migration, and the same at every run. */
  readonly name: string;
  /** Gets ready without a change that users see: captures what `rollback` needs, starts what the gates measure. */
  prepare?(context: StageContext): Promise<void>;
  /** Measured once before `run`; it starts only if all of them pass (MR2). */
  readonly gates?: readonly Gate[];
  /**
   * Brings to life what exists only in this process: watchers, subscriptions, the percentage of a splitter in memory.
   *
   * Called once in every process: before `run`, or by `resume()` for a stage that is completed. Nothing is recorded. The
   * signal is for the call; what it starts lives on until `deactivate`.
   */
  activate?(context: Pick<StageContext, 'signal' | 'recorded'>): Promise<void>;
  /** Ends what `activate` began, in this process: before `rollback`, and when the runner is closed. It may be activated again. */
  deactivate?(): Promise<void>;
  run(context: StageRunContext): Promise<void>;
  /** Watched after `run`; gates that fail roll the stage back (MR3). */
  readonly bake?: Bake;
  /**
   * Undoes `prepare` and `run`, whichever part of them was done. Without it the stage can't be undone.
   *
   * Called again after a crash, in which case it does only the steps that are not yet recorded.
   */
  rollback?(context: StageContext): Promise<void>;
}
