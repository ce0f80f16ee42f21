import { jsonEqual } from '../core/json-value.ts';
import type { ReplicaRecord } from './replica.ts';
import type { Held, SyncEntry, SyncIntent, SyncSide } from './sync-journal.ts';

/** What the sides may have in common after so many of the intended writes. */
export function basesAfter(entry: SyncEntry, intent: SyncIntent, done: number): readonly Held[] {
  if (done === 0) return [entry.base, ...(entry.alternatives ?? [])];
  return [done < intent.writes.length ? intent.between : intent.after];
}

/**
 * How many of the intended writes may have been made, as far as the sides tell: from the least to the most.
 *
 * A side that still has the version of before was not written, and neither was what comes after it; one that holds what
 * was to be written was written, and so was what comes before it. Of one that holds neither, nobody knows: it was
 * edited after a crash, from the one state or from the other.
 */
export function writesDone(
  intent: SyncIntent,
  records: Readonly<Record<SyncSide, ReplicaRecord<unknown>>>,
): [least: number, most: number] {
  let least = 0;
  for (const [index, write] of intent.writes.entries()) {
    const record = records[write.side];
    if (record.version === write.expectedVersion) return [Math.min(least, index), index];
    if (jsonEqual(record.state, write.state)) least = index + 1;
  }
  return [least, intent.writes.length];
}
