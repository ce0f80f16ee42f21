import { stableStringify } from '../../core/checksum.ts';
import type { JsonValue } from '../../core/json-value.ts';
import { type Conflict, StructuralConflict, UniquenessConflict } from '../conflict.ts';
import { ConflictResolution, type DroppedValue, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { mergeSet } from '../merge-declared.ts';

/** All that either side has in a list, each once; what one side removed stays if the other has it. */
export class UnionStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'union';
  readonly mergesInside = true;

  resolve(conflict: Conflict): ConflictResolution {
    const { localValue: local, remoteValue: remote } = conflict;
    const isOfItems = !(conflict instanceof StructuralConflict) || conflict.aspect === 'items';
    if (!isOfItems || conflict instanceof UniquenessConflict || !Array.isArray(local) || !Array.isArray(remote)) {
      return new ManualResolutionRequired(conflict, 'only lists can be united');
    }
    return new ConflictResolution(conflict, {
      value: mergeSet([], local, remote),
      strategy: this.name,
      reason: 'what either side has in the list stands',
      confidence: 0.7,
      dropped: droppedRemovals(conflict.baseValue, local, remote),
    });
  }
}

/** The lists of the sides that removed what the other side kept. */
function droppedRemovals(base: JsonValue | undefined, local: JsonValue, remote: JsonValue): DroppedValue[] {
  const [old, one, other] = [base, local, remote].map(
    (list) => new Set(Array.isArray(list) ? list.map(stableStringify) : []),
  ) as [Set<string>, Set<string>, Set<string>];
  const isDropped = (mine: Set<string>, theirs: Set<string>) =>
    [...old].some((item) => !mine.has(item) && theirs.has(item));
  return [
    ...(isDropped(one, other) ? [{ side: 'local' as const, value: local }] : []),
    ...(isDropped(other, one) ? [{ side: 'remote' as const, value: remote }] : []),
  ];
}
