import { type Conflict, DeletionConflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';

/** An edit beats a removal: what somebody still works on stays, as they left it. Other conflicts are left to a person. */
export class PreserveStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'preserve';

  resolve(conflict: Conflict): ConflictResolution {
    if (!(conflict instanceof DeletionConflict)) {
      return new ManualResolutionRequired(conflict, 'nothing was removed, so there is nothing to preserve');
    }
    const editor = conflict.deletedBy === 'local' ? 'remote' : 'local';
    const reason = `${editor} still changed what ${conflict.deletedBy} removed`;
    return ConflictResolution.choose(conflict, editor, { strategy: this.name, reason, confidence: 0.7 });
  }
}
