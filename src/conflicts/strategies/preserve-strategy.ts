import type { Conflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { removingSide } from './removal.ts';

/**
 * An edit beats a removal: what somebody still works on stays, as they left it. To empty a text, a list or an object is to
 * remove it. Other conflicts are left to a person.
 */
export class PreserveStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'preserve';

  resolve(conflict: Conflict): ConflictResolution {
    const remover = removingSide(conflict);
    if (!remover) return new ManualResolutionRequired(conflict, 'nothing was removed, so there is nothing to preserve');
    const editor = remover === 'local' ? 'remote' : 'local';
    const reason = `${editor} still changed what ${remover} removed`;
    return ConflictResolution.choose(conflict, editor, { strategy: this.name, reason, confidence: 0.7 });
  }
}
