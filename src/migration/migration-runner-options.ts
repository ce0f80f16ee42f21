import type { Clock } from '../core/clock.ts';
import type { OnError } from '../core/on-error.ts';
import type { MigrationEvent } from './journal-event.ts';
import type { JournalStore } from './journal-store.ts';
import type { MigrationStage } from './stage.ts';

/** How far a stage says it is. */
export interface MigrationProgress {
  readonly migration: string;
  readonly stage: string;
  /** 0-100. */
  readonly percent: number;
  readonly detail?: string;
}

/** Options of a {@link MigrationRunner}. */
export interface MigrationRunnerOptions {
  /** Names the migration: there is one journal a name. */
  readonly name: string;
  /** In the order they run; the same names in the same order as long as the migration lives. */
  readonly stages: readonly MigrationStage[];
  /** Where the journal is kept. It must outlive every stage's rollback. */
  readonly store: JournalStore;
  /** The journal's stream. Default `migration-` and the name. */
  readonly stream?: string;
  /** How long a runner that gave no sign of life is believed alive. Default 30,000 ms. Give it more than clocks differ. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
  /** Told of each event after it is recorded. */
  readonly onEvent?: (event: MigrationEvent) => void;
  readonly onProgress?: (progress: MigrationProgress) => void;
  /** Where failures of these two go. Default: thrown later, as an uncaught exception. */
  readonly onError?: OnError;
}

/** How a call takes the migration. */
export interface ResumeOptions {
  /** Stops at the next chance; `resume()` goes on from there. */
  readonly signal?: AbortSignal;
  /** Don't wait for the lease of a runner that is surely dead. If it is not, both may do the step it is in. Default false. */
  readonly takeOver?: boolean;
}
