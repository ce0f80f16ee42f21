import { stableStringify } from '../../core/checksum.ts';
import type { JsonValue } from '../../core/json-value.ts';
import { type Conflict, StructuralConflict, UniquenessConflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { mergeSet } from '../merge-declared.ts';

/** All that either side has in a list, each once; what one side removed stays if the other has it. */
export class UnionStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'union';

  resolve(conflict: Conflict): ConflictResolution {
    const { baseValue: base, localValue: local, remoteValue: remote } = conflict;
    const isOfItems = !(conflict instanceof StructuralConflict) || conflict.aspect === 'items';
    if (!isOfItems || conflict instanceof UniquenessConflict || !Array.isArray(local) || !Array.isArray(remote)) {
      return new ManualResolutionRequired(conflict, 'only lists can be united');
    }
    const value = mergeSet([], local, remote);
    const all = new Set(value.map(stableStringify));
    const old = Array.isArray(base) ? (base as readonly JsonValue[]).map(stableStringify) : [];
    const sides = [
      { side: 'local', value: local },
      { side: 'remote', value: remote },
    ] as const;
    return new ConflictResolution(conflict, {
      value,
      strategy: this.name,
      reason: 'what either side has in the list stands',
      confidence: 0.7,
      // A side whose removal is undone does not get what it wanted.
      dropped: sides.filter((one) => {
        const items = new Set(one.value.map(stableStringify));
        return old.some((item) => all.has(item) && !items.has(item));
      }),
    });
  }
}
