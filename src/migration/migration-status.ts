import type { GateVerdict } from './gate.ts';
import type { JournaledError } from './journal-event.ts';

/**
 * Where a migration stands.
 *
 * - `new`: there is no journal yet
 * - `running`: a runner has it (see `runner`; after a kill, until somebody else claims it)
 * - `stopped`: interrupted, or waiting before gates that were not passed; `resume()` goes on
 * - `failed`: a stage threw; `resume()` tries it again
 * - `rolling_back`, `rollback_failed`: `resume()` goes on with the rollback
 * - `rolled_back`: a rollback is complete; `resume()` goes forward again
 * - `completed`: every stage is
 */
export type MigrationState =
  | 'new'
  | 'running'
  | 'stopped'
  | 'failed'
  | 'rolling_back'
  | 'rollback_failed'
  | 'rolled_back'
  | 'completed';

/** Where a stage stands. `preparing` and later states may have had effects; `pending` and `rolled_back` have none. */
export type StageState = 'pending' | 'preparing' | 'running' | 'completed' | 'rolled_back';

/** How far a stage is, as the journal tells it. */
export interface StageStatus {
  readonly name: string;
  readonly state: StageState;
  /** The steps done, in the order they were recorded. */
  readonly steps: readonly string[];
  /** What the gates said when they were last measured. */
  readonly verdicts: readonly GateVerdict[];
  /** Why the stage, or its rollback, failed last; null since it was tried again. */
  readonly error: JournaledError | null;
}

/** A migration's status: a frozen copy, folded from the journal. */
export interface MigrationStatus {
  readonly name: string;
  readonly state: MigrationState;
  readonly stages: readonly StageStatus[];
  /** Who has the migration, and until when it is believed alive without a new sign of life. */
  readonly runner: { readonly id: string; readonly leaseExpiresAt: Date } | null;
}
