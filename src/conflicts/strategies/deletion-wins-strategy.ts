import type { Conflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { removingSide } from './removal.ts';

/** A removal beats an edit: the reverse of {@link PreserveStrategy}. Other conflicts are left to a person. */
export class DeletionWinsStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'deletion-wins';

  resolve(conflict: Conflict): ConflictResolution {
    const remover = removingSide(conflict);
    if (!remover) return new ManualResolutionRequired(conflict, 'nothing was removed');
    const reason = `${remover} removed it`;
    return ConflictResolution.choose(conflict, remover, { strategy: this.name, reason, confidence: 0.7 });
  }
}
