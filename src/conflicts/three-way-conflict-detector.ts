import type { Conflict } from './conflict.ts';
import type { ConflictDetector } from './conflict-detector.ts';
import { type ThreeWayMergeOptions, threeWayMerge } from './three-way-merge.ts';

/** Finds conflicts as {@link threeWayMerge} does: exactly those, so that detecting and merging never disagree. */
export class ThreeWayConflictDetector implements ConflictDetector {
  /**
   * The conflicts between two versions of a JSON value, none if all changes of both can stand.
   *
   * @param options - What is merged, when and where the versions were written, as far as that is known, and what values are.
   * @throws {@link InvalidArgumentError} if a version is no JSON value.
   */
  async detectConflicts(
    local: unknown,
    remote: unknown,
    base: unknown,
    options: Omit<ThreeWayMergeOptions<unknown>, 'base' | 'local' | 'remote'> = {},
  ): Promise<Conflict[]> {
    return [...threeWayMerge({ base, local, remote, ...options }).conflicts];
  }
}
