import { checkFunction } from '../../core/check-argument.ts';
import { InvalidArgumentError } from '../../core/errors.ts';
import { isPlainObject, type JsonValue } from '../../core/json-value.ts';
import type { Conflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';

/** What a function decides: the value that shall stand, and why. */
export interface CustomDecision {
  /** `undefined` for nothing. */
  readonly value: JsonValue | undefined;
  readonly reason: string;
  /** Default 0.5. */
  readonly confidence?: number | undefined;
}

/** Lets a function decide; what it gives no decision for is left to the next strategy, or a person. */
export class CustomStrategy implements ConflictResolutionStrategy {
  readonly name: string;
  readonly #decide: (conflict: Conflict) => CustomDecision | undefined | Promise<CustomDecision | undefined>;

  /**
   * @param name - Stands in each decision.
   * @param decide - Must give the same answer whichever side is called local (CF3); `undefined` for no
   * answer.
   */
  constructor(
    name: string,
    decide: (conflict: Conflict) => CustomDecision | undefined | Promise<CustomDecision | undefined>,
  ) {
    if (typeof name !== 'string') throw new InvalidArgumentError('name', 'a name', name);
    checkFunction(decide, 'decide');
    this.name = name;
    this.#decide = decide;
  }

  async resolve(conflict: Conflict): Promise<ConflictResolution> {
    const decision = await this.#decide(conflict);
    if (decision === undefined) return new ManualResolutionRequired(conflict, `${this.name} has no answer`);
    // What merely lacks a value must not pass for a removal.
    if (!isPlainObject(decision) || !Object.hasOwn(decision, 'value')) {
      throw new InvalidArgumentError(
        `the answer of strategy "${this.name}"`,
        'undefined or { value, reason }',
        decision,
      );
    }
    const { value, reason, confidence = 0.5 } = decision;
    return ConflictResolution.decide(conflict, value, { strategy: this.name, reason, confidence });
  }
}
