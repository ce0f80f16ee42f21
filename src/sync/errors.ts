import { MigrationError, messageOf } from '../core/errors.ts';
import type { LegacySyncEvent } from './legacy-sync-event.ts';

/** Watching a path, reading a file or handling its change failed. The `cause` says why. */
export class FileWatchError extends MigrationError {
  override readonly name = 'FileWatchError';
  readonly code = 'FILE_WATCH_FAILED';
  /** The file or folder, named as the watcher names it. */
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`"${path}": ${problem}`, options);
    this.path = path;
  }
}

/** Something the legacy system told that was not published, and why. */
export interface LegacyPublishFailure {
  /** Null where no event could be made, for instance because the result is not JSON. */
  readonly event: LegacySyncEvent | null;
  readonly cause: unknown;
}

/** Events of the legacy system did not reach every handler: mend the cause, then publish those of `failures` again. */
export class LegacyPublishError extends MigrationError {
  override readonly name = 'LegacyPublishError';
  readonly code = 'LEGACY_PUBLISH_FAILED';
  /** The first hundred at most. */
  readonly failures: readonly LegacyPublishFailure[];
  /** How many there were. */
  readonly total: number;

  constructor(failures: readonly LegacyPublishFailure[], total: number) {
    const cause = failures[0]?.cause;
    super(
      `${total} legacy events were not handled (${messageOf(cause)}): mend it and publish those in "failures" again`,
      {
        cause,
      },
    );
    this.failures = Object.freeze([...failures]);
    this.total = total;
  }
}

/** What of a final synchronization failed. */
export type FinalSyncStep =
  | 'load checkpoint'
  | 'extract'
  | 'read target'
  | 'write target'
  | 'save checkpoint'
  | 'list target';

/** A step of the final synchronization failed: mend the `cause` and run it again, it goes on where it stood. */
export class FinalSyncError extends MigrationError {
  override readonly name = 'FinalSyncError';
  readonly code = 'FINAL_SYNC_FAILED';
  readonly step: FinalSyncStep;

  constructor(step: FinalSyncStep, cause: unknown) {
    super(
      `could not ${step}: ${messageOf(cause)}. Mend it and run the synchronization again, it goes on where it stood`,
      {
        cause,
      },
    );
    this.step = step;
  }
}

/** A side was edited while its record was synced. Nothing of the edit was overwritten: sync it again. */
export class RecordChangedError extends MigrationError {
  override readonly name = 'RecordChangedError';
  readonly code = 'RECORD_CHANGED';
  readonly id: string;
  readonly side: 'spec' | 'runtime';

  constructor(id: string, side: 'spec' | 'runtime') {
    super(`"${id}" was edited on the ${side} side while it was synced: sync it again`);
    this.id = id;
    this.side = side;
  }
}

/** Some records could not be synced, for the reasons in `failures`. What was written was taken back. */
export class SyncIncompleteError extends MigrationError {
  override readonly name = 'SyncIncompleteError';
  readonly code = 'SYNC_INCOMPLETE';
  readonly failures: readonly { readonly id: string; readonly error: unknown }[];

  constructor(failures: readonly { readonly id: string; readonly error: unknown }[]) {
    const [first] = failures;
    super(`${failures.length} records could not be synced, the first "${first?.id}": ${messageOf(first?.error)}`, {
      cause: first?.error,
    });
    this.failures = Object.freeze([...failures]);
  }
}
