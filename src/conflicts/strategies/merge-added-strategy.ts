import { InvalidArgumentError } from '../../core/errors.ts';
import { isPlainObject } from '../../core/json-value.ts';
import { applyResolutions } from '../apply-resolutions.ts';
import { AutoConflictResolver } from '../auto-conflict-resolver.ts';
import { type Conflict, FieldConflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import type { ResolutionRule } from '../resolution-rule.ts';
import { threeWayMerge } from '../three-way-merge.ts';

/**
 * Two objects that both sides added: merged field by field, with rules for the fields in which they differ. If the rules
 * leave one of these to a person, the whole is.
 */
export class MergeAddedStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'merge-added';
  readonly mergesInside = true;
  readonly #resolver: AutoConflictResolver;

  /**
   * @param rules - For what is inside; their paths begin at the object.
   * @throws {@link InvalidArgumentError} for a rule that is none.
   */
  constructor(rules: readonly ResolutionRule[]) {
    if (!Array.isArray(rules)) throw new InvalidArgumentError('rules', 'a list of rules', rules);
    // What both added inside what both added, too.
    this.#resolver = new AutoConflictResolver({ rules: [...rules, { value: 'object', strategy: this }] });
  }

  async resolve(conflict: Conflict): Promise<ConflictResolution> {
    const { baseValue, localValue: local, remoteValue: remote, localStamp, remoteStamp } = conflict;
    const isAdded = conflict instanceof FieldConflict && baseValue === undefined;
    if (!isAdded || !isPlainObject(local) || !isPlainObject(remote)) {
      return new ManualResolutionRequired(conflict, 'only objects that both sides added are merged by field');
    }
    const stamps = { localStamps: localStamp, remoteStamps: remoteStamp };
    const { state, conflicts } = threeWayMerge({ base: {}, local, remote, ...stamps });
    const resolutions = await this.#resolver.resolve(conflicts);
    const open = resolutions.find((resolution) => resolution instanceof ManualResolutionRequired);
    if (open) return new ManualResolutionRequired(conflict, `inside, on ${open.conflict.path}: ${open.reason}`);
    const decided = resolutions.map(({ conflict: inner, reason }) => `${inner.path} (${reason})`);
    return ConflictResolution.decide(conflict, applyResolutions(state, resolutions), {
      strategy: this.name,
      reason: ['both sides added it, so it is merged by field', ...decided].join('; '),
      confidence: Math.min(0.9, ...resolutions.map(({ confidence }) => confidence)),
    });
  }
}
