import type { Clock } from '../core/clock.ts';
import type { OnError } from '../core/on-error.ts';
import type { LongSnapshot } from './open-snapshots.ts';
import type { RetentionOptions } from './retention.ts';
import type { VersionStore } from './version-store.ts';

/** Where the versions are kept, and how many. */
export interface MVCCControllerOptions {
  /** Default: a `MemoryVersionStore` of its own. */
  readonly store?: VersionStore;
  /**
   * Removes the old versions of an aggregate whenever a new one is written, so that endless updates need bounded space:
   * all that exceed a limit and that no open snapshot of this controller sees. One more may stay until the next
   * write. Default: every version stays until `vacuum`.
   */
  readonly retention?: RetentionOptions;
  /**
   * `written`: each version is stored with its checksum, so that `verify` finds what was changed behind
   * the library's back. `computed`: none is stored; it is computed when it is first asked for, and writing is faster.
   * Default `written`.
   */
  readonly checksums?: 'written' | 'computed';
  /** A snapshot that is open for so many ms is reported, once. Default: none is. */
  readonly maxSnapshotAgeMs?: number;
  /** Told of such a snapshot: it holds back the removal of old versions. Needs `maxSnapshotAgeMs`. */
  readonly onLongSnapshot?: (snapshot: LongSnapshot) => void;
  /** Told when `onLongSnapshot` fails. Default: an uncaught exception. */
  readonly onError?: OnError;
  readonly clock?: Clock;
}

/** Which version is read, and how. */
export interface ReadVersionOptions {
  /** Compares the state with its stored checksum, if there is one. Default false. */
  readonly verify?: boolean;
}

/** Which part of an aggregate's history is read. */
export interface HistoryOptions {
  /** Default 1. */
  readonly fromVersion?: number;
  /** How many versions are held at a time. Default 100. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
}
