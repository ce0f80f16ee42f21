import { Conflict, FieldConflict } from '../conflicts/conflict.ts';
import type { ConflictResolution } from '../conflicts/conflict-resolution.ts';
import { stableStringify } from '../core/checksum.ts';
import { frozenJson, type JsonObject, type JsonValue, jsonEqual } from '../core/json-value.ts';
import { RecordChangedError } from './errors.ts';
import { basesAfter, writesDone } from './intended-writes.ts';
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
  readonly intent: SyncIntent;
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
    const entry = await this.#parts.entries.load(id);
    const records = await this.read(id, signal);
    const merged = this.#decided(await this.#merge(id, entry, records, signal), decisions);
    const { state } = merged;
    const targets = {
      spec: direction === 'spec to runtime' ? records.spec.state : state,
      runtime: direction === 'runtime to spec' ? records.runtime.state : state,
    };
    const sides = (['spec', 'runtime'] as const).filter((side) => !jsonEqual(records[side].state, targets[side]));
    const intent: SyncIntent = {
      writes: sides.map((side) => ({ side, expectedVersion: records[side].version, ...held(targets[side]) })),
      between: held(records.runtime.state),
      after: held(direction === 'runtime to spec' ? targets.runtime : targets.spec),
      conflicts: merged.conflicts,
      resolutions: merged.resolutions.map(resolutionToJson),
    };
    if (!dryRun) await this.#carryOut(id, { entry, start: merged.start, intent, signal });
    const writes = sides.map((side): SyncWrite<S> => ({ side, before: records[side].state, after: targets[side] }));
    return Object.freeze({
      id,
      state,
      writes: Object.freeze(writes),
      conflicts: Object.freeze(merged.conflicts.map((json) => Conflict.fromJSON(json))),
      resolutions: Object.freeze(merged.resolutions),
      dryRun,
    });
  }

  /** Open conflicts, and those that a sync would find now, whoever decides them. Changes nothing. */
  async conflicts(id: string, signal?: AbortSignal): Promise<readonly Conflict[]> {
    const entry = await this.#parts.entries.load(id);
    const records = await this.read(id, signal);
    const start = this.#start(entry, records);
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

  /** The entry that a sync begins from: where one was interrupted, with what that one had reached, or may have. */
  #start(entry: JournaledEntry, records: Records<S>): SyncEntry {
    const { version: _version, intent, ...known } = entry;
    if (!intent) return known;
    const [least, most] = writesDone(intent, records);
    const { alternatives: _before, ...rest } = known;
    const bases = Array.from({ length: most - least + 1 }, (_, index) => basesAfter(known, intent, least + index));
    const [base, ...alternatives] = distinct(bases.flat());
    const conflicts = [...(least > 0 ? [] : known.conflicts), ...(most > 0 ? intent.conflicts : [])];
    const unfinished = most === 0 ? known.unfinished : intent.resolutions;
    return {
      ...rest,
      base: base!,
      ...(alternatives.length > 0 && { alternatives }),
      conflicts: distinct(conflicts),
      ...(unfinished && { unfinished }),
    };
  }

  async #merge(id: string, entry: JournaledEntry, records: Records<S>, signal?: AbortSignal): Promise<Merged<S>> {
    const { reconciler, merger } = this.#parts;
    const start = this.#start(entry, records);
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
    const { entry: before, start, intent, signal } = sync;
    const { after: base, conflicts } = intent;
    const resolutions = intent.resolutions.length > 0 ? intent.resolutions : start.resolutions;
    const { version, ...stored } = before;
    if (intent.writes.length === 0) {
      const inStep = { base, conflicts, resolutions };
      if (!jsonEqual(stored, inStep)) await entries.save(id, inStep, version);
      return;
    }
    const journaled = await entries.save(id, { ...start, intent }, version);
    for (const [done, write] of intent.writes.entries()) {
      if (await this.#write(id, write, signal)) continue;
      // What is known now, and would not be once this process is gone: how far it came.
      const { alternatives: _none, ...known } = start;
      const between = { ...known, base: intent.between, conflicts, unfinished: intent.resolutions };
      await entries.save(id, done === 0 ? start : between, journaled.version);
      throw new RecordChangedError(id, write.side);
    }
    await entries.save(id, { base, conflicts, resolutions }, journaled.version);
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

function distinct<T extends object>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((each) => [stableStringify(each), each])).values()];
}
