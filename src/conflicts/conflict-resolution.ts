import { InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import type { Conflict, Side } from './conflict.ts';

/** What a decision leaves behind: enough to undo it. */
export interface DroppedValue {
  readonly side: Side;
  /** `undefined` if what was dropped is a removal. */
  readonly value: JsonValue | undefined;
}

/** Who decided a conflict, and why. */
export interface DecisionNote {
  /** The strategy's name, or that of a person. */
  readonly strategy: string;
  /** In words, for a person. */
  readonly reason: string;
}

/** A decision about one conflict: the value that shall stand, who chose it, why, and what it drops. */
export class ConflictResolution {
  /** The conflict that was decided, the same object. */
  readonly conflict: Conflict;
  /** What shall stand there; `undefined` for nothing. */
  readonly value: JsonValue | undefined;
  readonly strategy: string;
  readonly reason: string;
  /** What either side wanted and does not get. */
  readonly dropped: readonly DroppedValue[];

  constructor(
    conflict: Conflict,
    fields: DecisionNote & { readonly value: JsonValue | undefined; readonly dropped: readonly DroppedValue[] },
  ) {
    this.conflict = conflict;
    this.value = fields.value === undefined ? undefined : frozenJson(fields.value, 'value');
    this.strategy = fields.strategy;
    this.reason = fields.reason;
    this.dropped = Object.freeze([...fields.dropped]);
  }

  /** The decision for one side: what the other side wanted is dropped. For `'base'`, what both wanted is. */
  static choose(conflict: Conflict, choice: Side | 'base', note: DecisionNote): ConflictResolution {
    if (choice !== 'local' && choice !== 'remote' && choice !== 'base') {
      throw new InvalidArgumentError('choice', "'local', 'remote' or 'base'", choice);
    }
    const sides: readonly Side[] = ['local', 'remote'];
    const dropped = sides.filter((side) => side !== choice).map((side) => ({ side, value: conflict.valueOn(side) }));
    const value = choice === 'base' ? conflict.baseValue : conflict.valueOn(choice);
    return new ConflictResolution(conflict, { ...note, value, dropped });
  }
}

/** No strategy may decide this conflict: a person must. Until then, what was in the base stands. */
export class ManualResolutionRequired extends ConflictResolution {
  constructor(conflict: Conflict, reason: string) {
    super(conflict, { value: conflict.baseValue, strategy: 'manual', reason, dropped: [] });
  }
}
