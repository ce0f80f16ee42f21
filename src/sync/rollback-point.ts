import { jsonEqual } from '../core/json-value.ts';
import { RecordChangedError } from './errors.ts';
import type { RecordSync } from './record-sync.ts';
import type { Replica } from './replica.ts';
import {
  type Held,
  held,
  noEntry,
  type SyncEntries,
  type SyncEntry,
  type SyncSide,
  syncSides,
} from './sync-journal.ts';

/** A record as both sides held it. */
export interface SavedRecord {
  readonly id: string;
  readonly spec: Held;
  readonly runtime: Held;
  readonly entry: SyncEntry;
}

/** What both sides of a synchronization held. JSON: keep it wherever you like. */
export interface RollbackPoint {
  /** Ms since 1970. */
  readonly createdAt: number;
  readonly records: readonly SavedRecord[];
}

/** What taking and restoring points needs. */
export interface RollbackParts<S> {
  readonly replicas: Readonly<Record<SyncSide, Replica<S>>>;
  readonly entries: SyncEntries;
  readonly records: RecordSync<S>;
}

/** A record that neither side has. */
export const noRecord = (id: string): SavedRecord => ({ id, spec: {}, runtime: {}, entry: noEntry });

/** The record as it is. */
export async function saveRecord<S>(parts: RollbackParts<S>, id: string, signal?: AbortSignal): Promise<SavedRecord> {
  const { version: _version, ...entry } = await parts.entries.load(id);
  const { spec, runtime } = await parts.records.read(id, signal);
  return Object.freeze({ id, spec: held(spec.state), runtime: held(runtime.state), entry });
}

/**
 * Makes both sides what they were (SY4). Run again after a crash, it goes on.
 *
 * @throws {@link RecordChangedError} if a side was edited meanwhile.
 */
export async function restoreRecord<S>(
  parts: RollbackParts<S>,
  saved: SavedRecord,
  signal?: AbortSignal,
): Promise<void> {
  const { id } = saved;
  const { version, ...entry } = await parts.entries.load(id);
  // First, as nobody would come back for a record that is on neither side any more.
  if (!jsonEqual(entry, saved.entry)) await parts.entries.save(id, saved.entry, version);
  const now = await parts.records.read(id, signal);
  for (const side of syncSides) {
    const state = saved[side].state as S | undefined;
    if (jsonEqual(now[side].state, state)) continue;
    const outcome = await parts.replicas[side].write(id, state, { expectedVersion: now[side].version, signal });
    if (outcome.status === 'conflict') throw new RecordChangedError(id, side);
  }
}
