import type { JsonValue } from '../core/json-value.ts';

/** What a strategy is given to work with. */
export interface RollbackContext<State = unknown> {
  /** The stage to undo. */
  readonly stage: number;
  /** The system's state before the rollback began, as the validator captured it. */
  readonly capturedState: State;
  readonly signal?: AbortSignal | undefined;
}

/** What a rollback did, in the strategy's own words and numbers. */
export interface RollbackResult {
  readonly stage: number;
  readonly [detail: string]: JsonValue | undefined;
}

/** How one stage is undone, and how the system is set right if that goes wrong. */
export interface RollbackStrategy<State = unknown> {
  /** Undoes the stage. Must be idempotent: it may run again after a crash. */
  execute(context: RollbackContext<State>): Promise<RollbackResult>;
  /** Brings the system back to the captured state after `execute` failed or left it invalid. */
  recover(context: RollbackContext<State>, error: unknown): Promise<void>;
}
