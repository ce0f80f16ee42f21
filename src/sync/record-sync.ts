import { Conflict, FieldConflict } from '../conflicts/conflict.ts';
import type { ConflictResolution } from '../conflicts/conflict-resolution.ts';
import { frozenJson, type JsonObject, type JsonValue, jsonEqual } from '../core/json-value.ts';
import { distinct } from './distinct.ts';
import { RecordChangedError } from './errors.ts';
import { entryAfter, entryAsFound } from './intended-write.ts';
import type { Reconciler } from './reconciler.ts';
import type { Replica, ReplicaRecord } from './replica.ts';
import { decideRecord, type StateMerger } from './state-merger.ts';
import {
  held,
  type IntendedWrite,
  type JournaledEntry,
  resolutionFromJson,
  resolutionToJson,
  type SyncEntries,
  type SyncEntry,
  type SyncIntent,
  type SyncSide,
  syncSides,
} from './sync-journal.ts';
import type { SyncResult, SyncWrite } from './sync-result.ts';

/** Which sides a sync writes. */
type SyncDirection = 'both' | 'spec to runtime' | 'runtime to spec';

/** What a {@link RecordSync} works with. */
export interface RecordSyncParts<S> {
  readonly replicas: Readonly<Record<SyncSide, Replica<S>>>;
  readonly entries: SyncEntries;
  readonly reconciler: Reconciler;
  readonly merger: StateMerger<S>;
}

/** How one record is synced. */
export interface RecordSyncOptions {
  readonly direction: SyncDirection;
  readonly dryRun?: boolean;
  /** Decisions about conflicts of before, to be applied to the merged state. */
  readonly decisions?: readonly ConflictResolution[];
  readonly signal?: AbortSignal | undefined;
}

/** Both sides of a record as they were read. */
type Records<S> = Readonly<Record<SyncSide, ReplicaRecord<S>>>;

/** What a merge came to. */
interface Merged<S> {
  /** The entry that the merge began from: where a sync was interrupted, with what that one had reached. */
  readonly start: SyncEntry;
  readonly state: S | undefined;
  /** Every open conflict. */
  readonly conflicts: readonly JsonObject[];
  readonly resolutions: readonly ConflictResolution[];
}

/** What is to be done about a record. */
interface Sync {
  readonly entry: JournaledEntry;
  readonly start: SyncEntry;
  /** In order: one after the other. */
  readonly intents: readonly SyncIntent[];
  /** The entry at the end. */
  readonly done: SyncEntry;
  readonly signal: AbortSignal | undefined;
}

/** One pass over one record: read, merge, write down what is to be done, do it. Never two of one record at once. */
export class RecordSync<S> {
  readonly #parts: RecordSyncParts<S>;

  constructor(parts: RecordSyncParts<S>) {
    this.#parts = parts;
  }

  /**
   * Brings the sides of a record together. Finishes first what a crash interrupted.
   *
   * @throws {@link RecordChangedError} if a side was edited meanwhile: nothing of the edit is overwritten, run it again.
   */
  async run(id: string, options: RecordSyncOptions): Promise<SyncResult<S>> {
    const { direction, dryRun = false, decisions = [], signal } = options;
    const left = await this.#parts.entries.load(id);
    const before = await this.read(id, signal);
    const { entry, records } =
      left.intent && !dryRun ? await this.#takeOver(id, left, left.intent, signal) : { entry: left, records: before };
    const merged = this.#decided(await this.#merge(id, entry, records, signal), decisions);
    const { state } = merged;
    const targets = {
      spec: direction === 'spec to runtime' ? records.spec.state : state,
      runtime: direction === 'runtime to spec' ? records.runtime.state : state,
    };
    const sides = syncSides.filter((side) => !jsonEqual(records[side].state, targets[side]));
    const base = held(direction === 'runtime to spec' ? targets.runtime : targets.spec);
    const { start, conflicts } = merged;
    const resolutions = merged.resolutions.map(resolutionToJson);
    const intents = sides.map(
      (side, index): SyncIntent => ({
        write: { side, expectedVersion: records[side].version, ...held(targets[side]) },
        // Between two writes, the second side as it was.
        base: index === sides.length - 1 ? base : held(records.runtime.state),
        conflicts,
        resolutions,
      }),
    );
    const done = { base, conflicts, resolutions: resolutions.length > 0 ? resolutions : start.resolutions };
    if (!dryRun) await this.#carryOut(id, { entry, start, intents, done, signal });
    const writes = syncSides
      .map((side): SyncWrite<S> => ({ side, before: before[side].state, after: targets[side] }))
      .filter((write) => !jsonEqual(write.before, write.after));
    return Object.freeze({
      id,
      state,
      writes: Object.freeze(writes),
      conflicts: Object.freeze(conflicts.map((json) => Conflict.fromJSON(json))),
      resolutions: Object.freeze(merged.resolutions),
      dryRun,
    });
  }

  /** Open conflicts, and those that a sync would find now, whoever decides them. Changes nothing. */
  async conflicts(id: string, signal?: AbortSignal): Promise<readonly Conflict[]> {
    const entry = await this.#parts.entries.load(id);
    const records = await this.read(id, signal);
    const start = entryAsFound(entry, records);
    const versions = { ...versionsOf(id, records), base: start.base.state as S | undefined };
    const found = await this.#parts.reconciler.conflicts(id, versions, this.#parts.merger, signal);
    const open = [...start.conflicts, ...found.map((conflict) => conflict.toJSON())];
    return distinct(open).map((json) => Conflict.fromJSON(json));
  }

  /** Both sides, checked to be JSON. */
  async read(id: string, signal?: AbortSignal): Promise<Records<S>> {
    const one = async (side: SyncSide) => {
      const record = await this.#parts.replicas[side].read(id, { signal });
      return { ...record, state: record.state === undefined ? undefined : frozenJson(record.state, `${side}.state`) };
    };
    const [spec, runtime] = await Promise.all([one('spec'), one('runtime')]);
    return { spec, runtime };
  }

  /**
   * Makes the write that a sync has left in the journal: be it that its process is gone, be it that it still runs. That
   * write can't come later any more, to a side that has gone on without it; and since the entry is written anew
   * before, its process can say no more about it.
   */
  async #takeOver(id: string, left: JournaledEntry, intent: SyncIntent, signal?: AbortSignal) {
    const { entries } = this.#parts;
    const { version, ...stored } = left;
    const taken = await entries.save(id, stored, version);
    const isWritten = await this.#write(id, intent.write, signal);
    const entry = isWritten ? await entries.save(id, entryAfter(stored, intent), taken.version) : taken;
    return { entry, records: await this.read(id, signal) };
  }

  async #merge(id: string, entry: JournaledEntry, records: Records<S>, signal?: AbortSignal): Promise<Merged<S>> {
    const { reconciler, merger } = this.#parts;
    const start = entryAsFound(entry, records);
    const versions = versionsOf(id, records);
    const outcomes = await Promise.all(
      [start.base, ...(start.alternatives ?? [])].map((base) =>
        reconciler.reconcile(id, { ...versions, base: base.state as S | undefined }, merger, signal),
      ),
    );
    const { state } = outcomes[0]!;
    const isAgreed = outcomes.every((outcome) => jsonEqual(outcome.state, state));
    // Where all come to one state, what one of them drops on the way may have been an edit.
    const valid = isAgreed ? outcomes : outcomes.slice(0, 1);
    const conflicts = valid.flatMap((outcome) => outcome.conflicts.map((conflict) => conflict.toJSON()));
    if (!isAgreed) conflicts.push(unknownHistory(id, state, records).toJSON());
    const resolutions = valid.flatMap((outcome) => outcome.resolutions.map(resolutionToJson));
    return {
      start,
      state,
      conflicts: distinct([...start.conflicts, ...conflicts]),
      resolutions: distinct([...(start.unfinished ?? []), ...resolutions]).map(resolutionFromJson),
    };
  }

  #decided(merged: Merged<S>, decisions: readonly ConflictResolution[]): Merged<S> {
    if (decisions.length === 0) return merged;
    const decided = decisions.map(({ conflict }) => conflict.toJSON());
    return {
      ...merged,
      state: decideRecord(merged.state, decisions, { merger: this.#parts.merger, base: merged.state }),
      conflicts: merged.conflicts.filter((conflict) => !includes(decided, conflict)),
      resolutions: [...merged.resolutions, ...decisions],
    };
  }

  async #carryOut(id: string, sync: Sync): Promise<void> {
    const { entries } = this.#parts;
    const { entry: journaled, start, intents, done, signal } = sync;
    let { version, ...stored }: { readonly version: number } & SyncEntry = journaled;
    const save = async (next: SyncEntry) => {
      if (!jsonEqual(stored, next)) ({ version, ...stored } = await entries.save(id, next, version));
    };
    let known = start;
    for (const intent of intents) {
      await save({ ...known, intent });
      if (!(await this.#write(id, intent.write, signal))) {
        // What is known now, and would not be once this process is gone: that it was not written.
        await save(known);
        throw new RecordChangedError(id, intent.write.side);
      }
      known = entryAfter(known, intent);
    }
    await save(done);
  }

  async #write(id: string, { side, expectedVersion, state }: IntendedWrite, signal?: AbortSignal): Promise<boolean> {
    const replica = this.#parts.replicas[side];
    const outcome = await replica.write(id, state as S | undefined, { expectedVersion, signal });
    return outcome.status === 'written';
  }
}

const versionsOf = <S>(id: string, { spec, runtime }: Records<S>) => ({
  subject: id,
  local: spec.state,
  remote: runtime.state,
  localStamps: spec.stamps,
  remoteStamps: runtime.stamps,
});

/** Both sides as they stand, where it can't be told which edits the crash left out. */
function unknownHistory(id: string, state: unknown, { spec, runtime }: Records<unknown>): Conflict {
  const reason =
    'a sync was interrupted and the record edited before the next: whether the edit knew what the sync wrote is unknown';
  return new FieldConflict({
    location: [],
    subject: id,
    baseValue: state as JsonValue | undefined,
    localValue: spec.state as JsonValue | undefined,
    remoteValue: runtime.state as JsonValue | undefined,
    reason,
  });
}

const includes = (all: readonly JsonObject[], one: JsonObject) => all.some((each) => jsonEqual(each, one));
