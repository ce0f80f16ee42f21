import { Conflict } from '../conflicts/conflict.ts';
import { ConflictResolution, type DroppedValue } from '../conflicts/conflict-resolution.ts';
import { StorageError } from '../core/errors.ts';
import { isPlainObject, type JsonObject, type JsonValue } from '../core/json-value.ts';

/** A state, or none. */
export interface Held {
  readonly state?: JsonValue;
}

/** A write that a sync is about to make. */
export interface IntendedWrite extends Held {
  readonly side: SyncSide;
  readonly expectedVersion: string;
}

/** One of the two sides of a {@link SyncCoordinator}. */
export type SyncSide = 'spec' | 'runtime';

/** Both, in the order in which they are written. */
export const syncSides: readonly SyncSide[] = ['spec', 'runtime'];

/** A write that a sync is about to make, written down before it makes it, and what it comes to. */
export interface SyncIntent {
  readonly write: IntendedWrite;
  /** What the sides have in common once it is made. */
  readonly base: Held;
  /** Every open conflict of then. */
  readonly conflicts: readonly JsonObject[];
  /** The decisions of this sync. */
  readonly resolutions: readonly JsonObject[];
}

/** What is kept of a record between syncs. */
export interface SyncEntry {
  /** What both sides held when they were last in step: the base of the next merge. */
  readonly base: Held;
  /** What else they may have held, where a crash left that in doubt. */
  readonly alternatives?: readonly Held[];
  /** Conflicts that nobody has decided yet. */
  readonly conflicts: readonly JsonObject[];
  /** The decisions of the last sync that took any. */
  readonly resolutions: readonly JsonObject[];
  /** Decisions in a side already, by a sync that did not come to its end. */
  readonly unfinished?: readonly JsonObject[];
  /** There while a side is being written, and after a crash then. */
  readonly intent?: SyncIntent;
}

/** An entry, and its version in the journal: 0 if there is none yet. */
export interface JournaledEntry extends SyncEntry {
  readonly version: number;
}

/**
 * Where a {@link SyncCoordinator} keeps the base of each record and what it is about to write. An
 * `MVCCController` is one, durable over an SQLite or PostgreSQL version store.
 */
export interface SyncJournal {
  /** The newest version; null if there is none. */
  readVersion(id: string): Promise<{ readonly state: JsonValue; readonly version: number } | null>;
  /**
   * Writes the next version, durably.
   *
   * @throws {@link ConcurrencyConflictError} if the newest is not the expected one (0: none), and writes nothing.
   */
  writeVersion(id: string, entry: JsonValue, expectedVersion: number): Promise<{ readonly version: number }>;
}

/** Of a record that was never synced. */
export const noEntry: SyncEntry = { base: {}, conflicts: [], resolutions: [] };

/** The entries of one pair of replicas in a journal. */
export class SyncEntries {
  readonly #journal: SyncJournal;
  readonly #name: string;

  constructor(journal: SyncJournal, name: string) {
    this.#journal = journal;
    this.#name = name;
  }

  async load(id: string): Promise<JournaledEntry> {
    const found = await this.#journal.readVersion(this.#key(id));
    if (!found) return { ...noEntry, version: 0 };
    if (!isPlainObject(found.state) || !isPlainObject(found.state.base)) {
      throw new StorageError(
        `read the sync entry of "${id}"`,
        'something else wrote it: give the journal a store of its own',
      );
    }
    return { ...(found.state as unknown as SyncEntry), version: found.version };
  }

  /** @throws {@link ConcurrencyConflictError} if somebody else has written the entry since. */
  async save(id: string, entry: SyncEntry, expectedVersion: number): Promise<JournaledEntry> {
    const { version } = await this.#journal.writeVersion(this.#key(id), entry as unknown as JsonValue, expectedVersion);
    return { ...entry, version };
  }

  #key(id: string): string {
    return `${this.#name}:${id}`;
  }
}

/** A state as it is journaled. */
export const held = (state: unknown): Held => (state === undefined ? {} : { state: state as JsonValue });

/** A decision as it is journaled. */
export function resolutionToJson({ conflict, value, strategy, reason, dropped }: ConflictResolution): JsonObject {
  const sides = dropped.map((each) => ({ side: each.side, ...held(each.value) }));
  return { conflict: conflict.toJSON(), value: { ...held(value) }, strategy, reason, dropped: sides } as JsonObject;
}

/** The decision that {@link resolutionToJson} wrote. */
export function resolutionFromJson(json: JsonObject): ConflictResolution {
  const { conflict, value, strategy, reason, dropped } = json as unknown as {
    readonly conflict: JsonObject;
    readonly value: Held;
    readonly strategy: string;
    readonly reason: string;
    readonly dropped: readonly (Held & Pick<DroppedValue, 'side'>)[];
  };
  return new ConflictResolution(Conflict.fromJSON(conflict), {
    value: value.state,
    strategy,
    reason,
    dropped: dropped.map(({ side, state }) => ({ side, value: state })),
  });
}
