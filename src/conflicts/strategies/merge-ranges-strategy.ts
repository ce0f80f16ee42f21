import type { JsonValue } from '../../core/json-value.ts';
import type { Conflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { type DeletionPolicy, parseDeletionPolicy } from '../deletion-policy.ts';
import { mergeRanges } from '../merge-ranges.ts';
import { parseVersion } from '../version-order.ts';

/**
 * Both sides' changes of a version or a range of versions, where each changed something else in it: one the operator and
 * the other the numbers (`^7.1`, `^7.2`, `>=7.1`: `>=7.2`), or other alternatives (`^5.4 || ^6.0`). Alternatives are told
 * apart by major version; of one that both changed the higher stands, and whether a removal beats a change is to be said.
 * Ranges that a side wrote anew are left to the next rule, or a person.
 */
export class MergeRangesStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'merge-ranges';
  readonly mergesInside = true;
  readonly #deletions: DeletionPolicy;

  /** @throws {@link InvalidArgumentError} for a policy that is none. */
  constructor(options: { readonly deletions: DeletionPolicy }) {
    this.#deletions = parseDeletionPolicy(options?.deletions, 'options.deletions');
  }

  resolve(conflict: Conflict): ConflictResolution {
    const { baseValue: base, localValue: local, remoteValue: remote } = conflict;
    const merged =
      isRange(base) && isRange(local) && isRange(remote)
        ? mergeRanges(base, local, remote, this.#deletions)
        : undefined;
    if (!merged) return new ManualResolutionRequired(conflict, 'the sides did not change different parts of a range');
    const { text, choices } = merged;
    return ConflictResolution.decide(conflict, text, {
      strategy: this.name,
      reason: ['what each side changed in the range stands', ...choices].join('; '),
      confidence: choices.length === 0 ? 0.9 : 0.7,
    });
  }
}

const isRange = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && parseVersion(value) !== undefined;
