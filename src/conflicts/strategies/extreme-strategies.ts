import type { Conflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { compareQuantities } from '../merge-declared.ts';

/** The greater of two numbers, or the higher of two versions. What can't be compared is left to a person. */
export class MaxStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'max';

  resolve(conflict: Conflict): ConflictResolution {
    return chooseExtreme(conflict, this.name, 1);
  }
}

/** The lesser of two numbers, or the lower of two versions. What can't be compared is left to a person. */
export class MinStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'min';

  resolve(conflict: Conflict): ConflictResolution {
    return chooseExtreme(conflict, this.name, -1);
  }
}

function chooseExtreme(conflict: Conflict, strategy: string, sign: 1 | -1): ConflictResolution {
  const { localValue, remoteValue } = conflict;
  const order = compareQuantities(localValue, remoteValue);
  if (!order) return new ManualResolutionRequired(conflict, 'neither value is greater than the other');
  const side = order * sign > 0 ? 'local' : 'remote';
  const reason = `${side} has the ${sign > 0 ? 'greater' : 'lesser'} value`;
  return ConflictResolution.choose(conflict, side, { strategy, reason, confidence: 0.7 });
}
