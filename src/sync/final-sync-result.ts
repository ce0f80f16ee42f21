import type { FinalSyncError } from './errors.ts';

/** A record that was set aside instead of being migrated (FS4). */
export interface QuarantinedRecord<Row> {
  /** Null where the record gave none. */
  readonly key: string | null;
  readonly record: Row;
  /** In words, one at least. */
  readonly reasons: readonly string[];
}

/** A record in which source and target disagree (FS3). */
export interface SyncDifference {
  readonly key: string;
  /** `missing`: not in the target. `different`: another content. `unexpected`: in the target only. */
  readonly kind: 'missing' | 'different' | 'unexpected';
  /** Null where there is no record. */
  readonly sourceChecksum: string | null;
  /** Null where there is no record, and for an unexpected one, which is not read. */
  readonly targetChecksum: string | null;
}

/** How a final synchronization ended. */
export interface FinalSyncResult<Row> {
  /** Every record of the source is in the target, equal or in a later state, and none of the lists below holds anything. */
  readonly success: boolean;
  /** How many records the last pass found equal in the target, or in a later state, whichever run wrote them. */
  readonly migratedRecords: number;
  /** How many of them were in a later state, as `isLater` said. */
  readonly laterRecords: number;
  /** How many records this run wrote: fewer after a resume, more when records changed meanwhile. */
  readonly writtenRecords: number;
  /** What broke off the run; run it again. */
  readonly errors: readonly FinalSyncError[];
  readonly quarantined: readonly QuarantinedRecord<Row>[];
  readonly differences: readonly SyncDifference[];
}

/** How far a final synchronization is. */
export interface FinalSyncProgress {
  /** Counted from 1: the first copies, each further one verifies and copies what differs. */
  readonly pass: number;
  /** Records seen in this pass. */
  readonly records: number;
  /** How many of them were found equal in the target or in a later state, were written, and were set aside. */
  readonly equal: number;
  readonly later: number;
  readonly written: number;
  readonly quarantined: number;
}
