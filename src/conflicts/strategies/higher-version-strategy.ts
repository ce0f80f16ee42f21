import type { Conflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { compareVersions, isMovingVersion, parseVersion } from '../version-order.ts';

/**
 * The higher of two versions or ranges of versions, by the order of SemVer: `2.0.0` over `2.0.0-rc.1`, `^1.3` over `~1.2`.
 * Of two ways to write one version (`2`, `^2.0`) content decides. A branch (`dev-master`, `github:a/b#develop`) is ahead of every release. What can't be compared is left to a person.
 */
export class HigherVersionStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'higher-version';

  resolve(conflict: Conflict): ConflictResolution {
    const { localValue: local, remoteValue: remote } = conflict;
    const choose = (isLocal: boolean, what: string, confidence: number) => {
      const side = isLocal ? 'local' : 'remote';
      const reason = `${side} has ${what}: ${JSON.stringify(conflict.valueOn(side))}`;
      return ConflictResolution.choose(conflict, side, { strategy: this.name, reason, confidence });
    };
    const order = compareVersions(local, remote);
    if (order) return choose(order > 0, 'the higher version', 0.9);
    // Two ways to write one version: the same on every replica, and no more than that.
    if (order === 0)
      return choose(String(local) > String(remote), 'the same version, written with the greater text', 0.5);
    if (isMovingVersion(local) && parseVersion(remote))
      return choose(true, 'a branch, which is ahead of releases', 0.7);
    if (isMovingVersion(remote) && parseVersion(local))
      return choose(false, 'a branch, which is ahead of releases', 0.7);
    return new ManualResolutionRequired(conflict, 'neither is a higher version than the other');
  }
}
