import { stableStringify } from '../../core/checksum.ts';
import type { JsonValue } from '../../core/json-value.ts';
import { matchSequences } from '../common-subsequence.ts';
import { type Conflict, StructuralConflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { mergeSequence, type Range } from '../merge-sequence.ts';

/**
 * Keeps what both sides put into a list: where both changed one stretch, what either removed is gone, and what either
 * wrote stands, in an order that content decides (CF3). Other conflicts are left to a person.
 */
export class MergeStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'merge';

  resolve(conflict: Conflict): ConflictResolution {
    const { baseValue: base = [], localValue: local, remoteValue: remote } = conflict;
    const isList = conflict instanceof StructuralConflict && conflict.aspect === 'items';
    if (!isList || !Array.isArray(base) || !Array.isArray(local) || !Array.isArray(remote)) {
      return new ManualResolutionRequired(conflict, 'only lists can be merged');
    }
    return new ConflictResolution(conflict, {
      value: unite(base, local, remote),
      strategy: this.name,
      reason: 'the items that either side wrote stand, those that either removed are gone',
      dropped: [],
    });
  }
}

type Items = readonly JsonValue[];

function unite(base: Items, local: Items, remote: Items): Items {
  const keys = (items: Items) => items.map(stableStringify);
  const cut = (items: Items, range: Range) => items.slice(range.start, range.end);
  return mergeSequence({ base: keys(base), local: keys(local), remote: keys(remote) }).flatMap((range) => {
    if (range.kind === 'remote') return cut(remote, range.remote);
    if (range.kind !== 'conflict') return cut(local, range.local);
    // Of the base's items in a conflict each was removed by one side at least.
    const old = keys(cut(base, range.base));
    const [first, second] = [written(old, cut(local, range.local)), written(old, cut(remote, range.remote))].sort(
      (a, b) => (stableStringify(a) < stableStringify(b) ? -1 : 1),
    ) as [Items, Items];
    const already = new Set(keys(first));
    return [...first, ...second.filter((item) => !already.has(stableStringify(item)))];
  });
}

/** The items of a side that do not come from the base. */
function written(base: readonly string[], items: Items): Items {
  const kept = new Set(matchSequences(base, items.map(stableStringify)));
  return items.filter((_, at) => !kept.has(at));
}
