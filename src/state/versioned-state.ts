import { checksum } from '../core/checksum.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { StoredVersion } from './version-store.ts';

/** One version of an aggregate's state. Immutable. */
export interface VersionedState<S = JsonValue> {
  readonly aggregateId: string;
  /** 1 for the first, then without a gap (MV1). */
  readonly version: number;
  /** Frozen in depth. */
  readonly state: S;
  /** When it was written, by the clock of whoever wrote it. */
  readonly timestamp: Date;
  /** SHA-256, in hex, of the state's stable JSON text: equal states have equal checksums, whatever the order of their keys. */
  readonly checksum: string;
}

/** What is stored, as it is given out: a Date of one's own each time, and the checksum computed when first asked for. */
export function versionedState<S>(stored: Omit<StoredVersion, 'sequence'>): VersionedState<S> {
  const { aggregateId, version, state, timestamp } = stored;
  let sum: string | undefined;
  return Object.freeze({
    aggregateId,
    version,
    // The controller that reads is declared with the type that is written.
    state: state as S,
    get timestamp() {
      return new Date(timestamp);
    },
    get checksum() {
      sum ??= checksum(state);
      return sum;
    },
  });
}
