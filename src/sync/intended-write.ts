import { jsonEqual } from '../core/json-value.ts';
import { distinct } from './distinct.ts';
import type { ReplicaRecord } from './replica.ts';
import type { SyncEntry, SyncIntent, SyncSide } from './sync-journal.ts';

/** The entry once the intended write is made: all but that the sync has not come to its end. */
export function entryAfter({ alternatives: _none, intent: _made, ...known }: SyncEntry, intent: SyncIntent): SyncEntry {
  const { base, conflicts, resolutions } = intent;
  return { ...known, base, conflicts, ...(resolutions.length > 0 && { unfinished: resolutions }) };
}

/**
 * What an entry comes to as far as the sides tell, whether its intended write was made or not.
 *
 * A side that still has the version of before was not written; one that holds what was to be written was. Of one that
 * has neither, nobody knows: it was edited from the one state or from the other.
 */
export function entryAsFound(entry: SyncEntry, records: Readonly<Record<SyncSide, ReplicaRecord<unknown>>>): SyncEntry {
  const { intent, ...before } = entry;
  if (!intent) return before;
  const { side, expectedVersion, state } = intent.write;
  if (records[side].version === expectedVersion) return before;
  const after = entryAfter(before, intent);
  if (jsonEqual(records[side].state, state)) return after;
  const [base, ...alternatives] = distinct([before.base, ...(before.alternatives ?? []), after.base]);
  return {
    ...after,
    base: base!,
    ...(alternatives.length > 0 && { alternatives }),
    conflicts: distinct([...before.conflicts, ...after.conflicts]),
  };
}
