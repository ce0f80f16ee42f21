import type { ConflictDetector } from '../conflicts/conflict-detector.ts';
import type { ConflictResolver } from '../conflicts/conflict-resolver.ts';
import type { Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { RecoveryManager } from '../resilience/recovery-manager.ts';
import type { Replica } from './replica.ts';
import type { StateMerger } from './state-merger.ts';
import type { SyncJournal } from './sync-journal.ts';

/** The parts of a {@link SyncCoordinator}. */
export interface SyncCoordinatorOptions<S = JsonValue> {
  /** One side: what was specified, such as tasks.md files. Its versions are the merge's local ones. */
  readonly spec?: Replica<S>;
  /** The other side: what runs. Its versions are the merge's remote ones. */
  readonly runtime?: Replica<S>;
  /**
   * Keeps the base of each record, open conflicts and what is about to be written. Give one that outlives the process, such
   * as an `MVCCController` over an SQLite store. Default: in memory, so that the first sync after a restart
   * takes what differs for two additions.
   */
  readonly journal?: SyncJournal;
  /** Tells this pair of replicas from others that share the journal: text without a colon. Default `sync`. */
  readonly name?: string;
  /** How states merge. Default: as JSON, see {@link threeWayMerge}. */
  readonly merger?: StateMerger<S>;
  /** Names conflicts that a merge can't see, such as two fields that must fit together. Default: only the merge's own. */
  readonly conflictDetector?: ConflictDetector;
  /** Decides what the merge leaves open. Default: by type, see {@link AutoConflictResolver}. */
  readonly conflictResolver?: ConflictResolver;
  /**
   * Tries again what fails for a passing reason: a sync, a detector, a resolver. Default: three times, and twenty times
   * while somebody else edits the record.
   */
  readonly recoveryManager?: Pick<RecoveryManager, 'run'>;
  /** How many records are synced at once. Default 8. */
  readonly concurrency?: number;
  /** How long an edit that was told of waits for others of the same record, in ms. Default 5. */
  readonly debounceMs?: number;
  /** How often all records are looked at while a side can't be watched, in ms. Default 5000. */
  readonly pollIntervalMs?: number;
  /**
   * How often all records are looked at although both sides are watched, in ms: what a watch missed comes over then at the
   * latest. Default 600,000: ten minutes.
   */
  readonly fullSyncIntervalMs?: number;
  /**
   * Told of a record that `start()` could not sync, and, with no id, of records that could not be listed and a watch that
   * ended. All of it is tried again. Default: an uncaught exception.
   */
  readonly onError?: (error: unknown, id: string | null) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** How one record is synced. */
export interface SyncOptions {
  /** Says what would be written, and writes nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** How all records are synced. */
export interface SyncAllOptions extends SyncOptions {
  /** How many at once. Default: the coordinator's. */
  readonly concurrency?: number;
  /** All or nothing: if a record can't be synced, both sides are made again what they were. Default false. */
  readonly rollBackOnFailure?: boolean;
}
