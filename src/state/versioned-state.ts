import { checksum } from '../core/checksum.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { StoredVersion } from './version-store.ts';

/** One version of an aggregate's state. Immutable. */
export interface VersionedState<S = JsonValue> {
  readonly aggregateId: string;
  /** 1 for the first, then without a gap, deletions included (MV1). */
  readonly version: number;
  readonly deleted: false;
  /** Frozen in depth. */
  readonly state: S;
  /** When it was written, by the clock of whoever wrote it; never before an earlier commit. */
  readonly timestamp: Date;
  /** SHA-256, in hex, of the state's stable JSON text: equal states have equal checksums, whatever the order of their keys. */
  readonly checksum: string;
}

/** A version that deletes its aggregate. Immutable. */
export interface DeletedVersion {
  readonly aggregateId: string;
  readonly version: number;
  readonly deleted: true;
  readonly state: undefined;
  readonly timestamp: Date;
  readonly checksum: undefined;
}

/** A version as it stands in a history: a state, or a deletion. */
export type StateVersion<S = JsonValue> = VersionedState<S> | DeletedVersion;

/** What is stored, as it is given out: a Date of one's own each time, and a checksum that was not stored computed when asked for. */
export function stateVersion<S>(stored: Omit<StoredVersion, 'sequence'>): StateVersion<S> {
  const { aggregateId, version, state, timestamp } = stored;
  let sum = stored.checksum;
  return Object.freeze({
    aggregateId,
    version,
    deleted: state === undefined,
    // The controller that reads is declared with the type that is written.
    state: state as S,
    get timestamp() {
      return new Date(timestamp);
    },
    get checksum() {
      if (state !== undefined) sum ??= checksum(state);
      return sum;
    },
  }) as StateVersion<S>;
}

/** The state, if there is one: null for no version, and for one that deletes. */
export function existingState<S>(stored: Omit<StoredVersion, 'sequence'> | undefined): VersionedState<S> | null {
  return stored?.state === undefined ? null : (stateVersion(stored) as VersionedState<S>);
}
