import type { Conflict } from '../conflict.ts';
import { ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';

/** Leaves the conflict to a person, whatever rules come behind. */
export class ManualStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'manual';
  readonly isFinal = true;

  resolve(conflict: Conflict): ManualResolutionRequired {
    return new ManualResolutionRequired(conflict, 'a rule leaves this to a person');
  }
}
