import type { Conflict, Side } from '../conflict.ts';
import { ConflictResolution } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';

/**
 * What the local side wrote stands. For one place that merges: of two replicas that do, one must take
 * {@link RemoteWinsStrategy}, or they swap their values (CF3).
 */
export class LocalWinsStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'local-wins';

  resolve(conflict: Conflict): ConflictResolution {
    return chooseSide(conflict, 'local', this.name);
  }
}

/** What the remote side wrote stands. See {@link LocalWinsStrategy}. */
export class RemoteWinsStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'remote-wins';

  resolve(conflict: Conflict): ConflictResolution {
    return chooseSide(conflict, 'remote', this.name);
  }
}

function chooseSide(conflict: Conflict, side: Side, strategy: string): ConflictResolution {
  const reason = `the ${side} side is to win`;
  return ConflictResolution.choose(conflict, side, { strategy, reason, confidence: 0.5 });
}
