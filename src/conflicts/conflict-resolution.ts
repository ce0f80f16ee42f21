import { InvalidArgumentError } from '../core/errors.ts';
import {
  frozenJson,
  isPlainObject,
  type JsonObject,
  type JsonValue,
  jsonEqual,
  presentFields,
} from '../core/json-value.ts';
import { checkConflict } from './check-conflicts.ts';
import { Conflict, type Side } from './conflict.ts';

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
  /** See {@link ConflictResolution.confidence}; default 1, as of a person. */
  readonly confidence?: number | undefined;
}

/** A decision about one conflict: the value that shall stand, who chose it, why, and what it drops. */
export class ConflictResolution {
  /** The conflict that was decided, the same object. */
  readonly conflict: Conflict;
  /** What shall stand there; `undefined` for nothing. */
  readonly value: JsonValue | undefined;
  readonly strategy: string;
  readonly reason: string;
  /**
   * How sure it is, from 0 to 1. The strategies here say 0.9 where the values themselves say which one is meant (a later
   * time, a higher version, edits that do not touch), 0.7 where a rule about their meaning does (an edit beats a removal,
   * the greater number, all that was written stands), 0.5 where chance would do as well (a side, a tie), 0 for none.
   */
  readonly confidence: number;
  /** What either side wanted and does not get. */
  readonly dropped: readonly DroppedValue[];

  /** @throws {@link InvalidArgumentError} for what could not be written down and read again. */
  constructor(
    conflict: Conflict,
    fields: DecisionNote & { readonly value: JsonValue | undefined; readonly dropped: readonly DroppedValue[] },
  ) {
    checkConflict(conflict, 'conflict');
    if (typeof fields?.strategy !== 'string' || typeof fields.reason !== 'string') {
      throw new InvalidArgumentError('resolution', 'the name of who decided, and a reason, as texts', fields);
    }
    if (!Array.isArray(fields.dropped)) throw new InvalidArgumentError('resolution.dropped', 'a list', fields.dropped);
    this.conflict = conflict;
    this.value = fields.value === undefined ? undefined : frozenJson(fields.value, 'value');
    this.strategy = fields.strategy;
    this.reason = fields.reason;
    this.confidence = fields.confidence ?? 1;
    if (!(this.confidence >= 0 && this.confidence <= 1))
      throw new InvalidArgumentError('confidence', 'a number from 0 to 1', fields.confidence);
    this.dropped = Object.freeze(fields.dropped.map(parseDropped));
  }

  /**
   * The decision for a value, be it one that no side has: what was wanted instead is dropped.
   *
   * @throws {@link InvalidArgumentError} for what is no conflict, a value that is not JSON, and without a reason.
   */
  static decide(conflict: Conflict, value: JsonValue | undefined, note: DecisionNote): ConflictResolution {
    checkConflict(conflict, 'conflict');
    const dropped = (['local', 'remote'] as const)
      .map((side) => ({ side, value: conflict.valueOn(side) }))
      .filter((wanted) => !jsonEqual(wanted.value, value));
    return new ConflictResolution(conflict, { ...note, value, dropped });
  }

  /** Everything but what is absent. {@link ConflictResolution.fromJSON} gives an equal resolution again. */
  toJSON(): JsonObject {
    const { conflict, value, strategy, reason, confidence, dropped } = this;
    const json = { conflict: conflict.toJSON(), value, strategy, reason, confidence };
    return presentFields({ ...json, dropped: Object.freeze(dropped.map((one) => presentFields({ ...one }))) });
  }

  /** @throws {@link InvalidArgumentError} if it is anything else. */
  static fromJSON(json: unknown): ConflictResolution {
    if (!isPlainObject(json)) throw new InvalidArgumentError('resolution', 'an object', json);
    const { value, strategy, reason, confidence, dropped } = json;
    if (typeof confidence !== 'number') throw new InvalidArgumentError('resolution.confidence', 'a number', confidence);
    return new ConflictResolution(Conflict.fromJSON(json.conflict), {
      value: value as JsonValue | undefined,
      strategy: strategy as string,
      reason: reason as string,
      confidence,
      dropped: dropped as readonly DroppedValue[],
    });
  }

  /** The decision for one side: what the other side wanted is dropped. For `'base'`, what both wanted is. */
  static choose(conflict: Conflict, choice: Side | 'base', note: DecisionNote): ConflictResolution {
    if (choice !== 'local' && choice !== 'remote' && choice !== 'base') {
      throw new InvalidArgumentError('choice', "'local', 'remote' or 'base'", choice);
    }
    checkConflict(conflict, 'conflict');
    const value = choice === 'base' ? conflict.baseValue : conflict.valueOn(choice);
    return ConflictResolution.decide(conflict, value, note);
  }
}

/** No strategy may decide this conflict: a person must. Until then, what was in the base stands. */
export class ManualResolutionRequired extends ConflictResolution {
  constructor(conflict: Conflict, reason: string) {
    super(conflict, { value: conflict?.baseValue, strategy: 'manual', reason, confidence: 0, dropped: [] });
  }
}

function parseDropped(value: unknown, at: number): DroppedValue {
  if (isPlainObject(value) && (value.side === 'local' || value.side === 'remote')) {
    const dropped = value.value === undefined ? undefined : frozenJson(value.value, `resolution.dropped[${at}].value`);
    return Object.freeze({ side: value.side, value: dropped as JsonValue | undefined });
  }
  throw new InvalidArgumentError(`resolution.dropped[${at}]`, 'a side and its value', value);
}
