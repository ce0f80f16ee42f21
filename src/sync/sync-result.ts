import type { Conflict } from '../conflicts/conflict.ts';
import type { ConflictResolution } from '../conflicts/conflict-resolution.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { SyncSide } from './sync-journal.ts';

/** A side that a sync wrote, or would write. */
export interface SyncWrite<S = JsonValue> {
  readonly side: SyncSide;
  /** `undefined`: there was no record. */
  readonly before: S | undefined;
  /** `undefined`: it is removed. */
  readonly after: S | undefined;
}

/** What a sync of one record came to. */
export interface SyncResult<S = JsonValue> {
  readonly id: string;
  /** The merged state; `undefined`: there is no record. */
  readonly state: S | undefined;
  /** What was written; in a dry run, what would be. */
  readonly writes: readonly SyncWrite<S>[];
  /** Everything about this record that a person has yet to decide, from earlier syncs too. */
  readonly conflicts: readonly Conflict[];
  /** The decisions taken by themselves, with what each dropped. */
  readonly resolutions: readonly ConflictResolution[];
  readonly dryRun: boolean;
}

/** A record that could not be synced, and why. */
export interface SyncFailure {
  readonly id: string;
  readonly error: unknown;
}

/** What a sync of all records came to. */
export interface SyncReport<S = JsonValue> {
  readonly results: readonly SyncResult<S>[];
  /** Records that could not be synced; the others were. */
  readonly failures: readonly SyncFailure[];
}
