import { type Conflict, DeletionConflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';

/** A removal beats an edit: what somebody threw away stays away. Other conflicts are left to a person. */
export class DeletionWinsStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'deletion-wins';

  resolve(conflict: Conflict): ConflictResolution {
    if (!(conflict instanceof DeletionConflict)) return new ManualResolutionRequired(conflict, 'nothing was removed');
    const reason = `${conflict.deletedBy} removed it`;
    return ConflictResolution.choose(conflict, conflict.deletedBy, { strategy: this.name, reason, confidence: 0.7 });
  }
}
