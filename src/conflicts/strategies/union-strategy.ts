import { type Conflict, StructuralConflict, UniquenessConflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { mergeSet } from '../merge-declared.ts';

/** All that either side has in a list, each once; what one side removed stays if the other has it. */
export class UnionStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'union';

  resolve(conflict: Conflict): ConflictResolution {
    const { localValue: local, remoteValue: remote } = conflict;
    const isOfItems = !(conflict instanceof StructuralConflict) || conflict.aspect === 'items';
    if (!isOfItems || conflict instanceof UniquenessConflict || !Array.isArray(local) || !Array.isArray(remote)) {
      return new ManualResolutionRequired(conflict, 'only lists can be united');
    }
    const reason = 'what either side has in the list stands';
    return new ConflictResolution(conflict, {
      value: mergeSet([], local, remote),
      strategy: this.name,
      reason,
      confidence: 0.7,
      dropped: [],
    });
  }
}
