import { stableStringify } from '../../core/checksum.ts';
import type { JsonValue } from '../../core/json-value.ts';
import { matchSequences } from '../common-subsequence.ts';
import { type Conflict, FieldConflict, StructuralConflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { either } from '../equal-versions.ts';
import { compareRuns } from '../merge-by-place.ts';
import { mergeCounter, mergeWholeText, unmergeable } from '../merge-declared.ts';
import { mergeSequence, type Range } from '../merge-sequence.ts';

/**
 * Keeps what both sides did: in a list what either wrote stands and what either removed is gone, in an order that content
 * decides (CF3); texts by line, else by word, where the edits do not touch; numbers by adding both changes up. Other
 * conflicts are left to a person.
 */
export class MergeStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'merge';
  readonly mergesInside = true;

  resolve(conflict: Conflict): ConflictResolution {
    const decide = (value: JsonValue, reason: string, confidence: number) =>
      new ConflictResolution(conflict, { value, strategy: this.name, reason, confidence, dropped: [] });
    const { baseValue: base, localValue: local, remoteValue: remote } = conflict;
    if (conflict instanceof StructuralConflict ? conflict.aspect === 'items' : conflict instanceof FieldConflict) {
      if ((base === undefined || Array.isArray(base)) && Array.isArray(local) && Array.isArray(remote)) {
        const reason = 'the items that either side wrote stand, those that either removed are gone';
        return decide(unite((base ?? []) as Items, local, remote), reason, 0.7);
      }
      if (typeof base === 'string' && typeof local === 'string' && typeof remote === 'string') {
        const text = mergeWholeText(base, local, remote, 'line') ?? mergeWholeText(base, local, remote, 'word');
        if (text !== undefined) return decide(text, 'the edits of the text do not touch', 0.9);
      }
      const sum = typeof base === 'number' ? mergeCounter(base, local, remote) : unmergeable;
      if (typeof sum === 'number') return decide(sum, 'both changes of the number are added up', 0.7);
    }
    return new ManualResolutionRequired(
      conflict,
      'only lists, numbers and texts edited in different places can be merged',
    );
  }
}

type Items = readonly JsonValue[];

function unite(base: Items, local: Items, remote: Items): Items {
  const keys = (items: Items) => items.map(stableStringify);
  const cut = (items: Items, range: Range) => items.slice(range.start, range.end);
  return mergeSequence({ base: keys(base), local: keys(local), remote: keys(remote) }).flatMap((range) => {
    if (range.kind === 'remote') return cut(remote, range.remote);
    if (range.kind === 'local') return cut(local, range.local);
    if (range.kind !== 'conflict') {
      const ofRemote = cut(remote, range.remote);
      return cut(local, range.local).map((item, at) => either(item, ofRemote[at]!));
    }
    // Of the base's items in a conflict each was removed by one side at least.
    const old = keys(cut(base, range.base));
    const runs = [written(old, cut(local, range.local)), written(old, cut(remote, range.remote))];
    const [first, second] = runs.sort(compareRuns) as [Items, Items];
    const already = new Set(keys(first));
    return [...first, ...second.filter((item) => !already.has(stableStringify(item)))];
  });
}

/** The items of a side that do not come from the base. */
function written(base: readonly string[], items: Items): Items {
  const kept = new Set(matchSequences(base, items.map(stableStringify)));
  return items.filter((_, at) => !kept.has(at));
}
