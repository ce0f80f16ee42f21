import { stableStringify } from '../../core/checksum.ts';
import type { Conflict, Side } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';

/**
 * The later write wins; at the same time the greater node id; with equal ones too, the greater content. So every replica
 * chooses the same value, whichever side it calls local (CF3).
 *
 * Nobody knows the later write without the times of both (`localStamps` and `remoteStamps` of the merge): without them
 * the conflict is left to a person, and no change is dropped by chance.
 */
export class LastWriterWinsStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'last-writer-wins';

  resolve(conflict: Conflict): ConflictResolution {
    const { localStamp: local, remoteStamp: remote } = conflict;
    if (!local || !remote) {
      const unknown = local ? 'remote' : remote ? 'local' : 'either';
      return new ManualResolutionRequired(conflict, `the time of the ${unknown} write is not known`);
    }
    const choose = (order: number, reason: (winner: Side) => string, confidence = 0.5) => {
      const winner: Side = order > 0 ? 'local' : 'remote';
      return ConflictResolution.choose(conflict, winner, { strategy: this.name, reason: reason(winner), confidence });
    };
    const byTime = local.timestamp - remote.timestamp;
    if (byTime !== 0) return choose(byTime, (winner) => `${winner} wrote ${Math.abs(byTime)} ms later`, 0.9);
    const byNode = compare(local.nodeId ?? '', remote.nodeId ?? '');
    if (byNode !== 0) return choose(byNode, (winner) => `written at the same time; ${winner} has the greater node id`);
    const byContent = compare(textOf(conflict.localValue), textOf(conflict.remoteValue));
    return choose(byContent, (winner) => `written at the same time; ${winner} has the greater content`);
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** A removal is less than any content: JSON text is never empty. */
const textOf = (value: unknown) => (value === undefined ? '' : stableStringify(value));
