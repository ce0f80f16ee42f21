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

/** What is stored, as it is given out. A literal with accessors takes twenty times as long to make. */
class GivenVersion {
  readonly aggregateId: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly state: unknown;
  readonly #timestamp: number;
  #checksum: string | undefined;

  constructor({ aggregateId, version, state, timestamp, checksum: stored }: Omit<StoredVersion, 'sequence'>) {
    this.aggregateId = aggregateId;
    this.version = version;
    this.deleted = state === undefined;
    this.state = state;
    this.#timestamp = timestamp;
    this.#checksum = stored;
    Object.freeze(this);
  }

  /** One of the caller's own each time. */
  get timestamp(): Date {
    return new Date(this.#timestamp);
  }

  /** One that was not stored is computed when asked for. */
  get checksum(): string | undefined {
    if (!this.deleted) this.#checksum ??= checksum(this.state);
    return this.#checksum;
  }

  toJSON(): object {
    const { aggregateId, version, deleted, state, timestamp, checksum: sum } = this;
    return { aggregateId, version, deleted, state, timestamp, checksum: sum };
  }
}

/** What is stored, as it is given out. */
export function stateVersion<S>(stored: Omit<StoredVersion, 'sequence'>): StateVersion<S> {
  // The controller that reads is declared with the type that is written.
  return new GivenVersion(stored) as StateVersion<S>;
}

/** The state, if there is one: null for no version, and for one that deletes. */
export function existingState<S>(stored: Omit<StoredVersion, 'sequence'> | undefined): VersionedState<S> | null {
  return stored?.state === undefined ? null : (stateVersion(stored) as VersionedState<S>);
}
