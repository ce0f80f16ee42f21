import { checkObject } from '../core/check-argument.ts';
import { checksum, stableStringify } from '../core/checksum.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, isPlainObject, type JsonObject, type JsonValue, presentFields } from '../core/json-value.ts';
import { ConflictType } from './conflict-type.ts';
import { type Identity, isIdentity } from './list-identity.ts';
import { type Location, parseLocation, placeOf, toPointer } from './location.ts';
import { parseShown, type ShownConflict } from './shown-conflict.ts';
import { type NormalizedStamp, normalizeStamp, readStamp, type WriteStamp } from './write-stamp.ts';

/** One of the two versions that are merged. */
export type Side = 'local' | 'remote';

/**
 * How much depends on the decision.
 * - `low`: only the order of items.
 * - `medium`: one plain value, or items of a list without identity.
 * - `high`: whole objects or lists, or what keeps them together.
 */
export type ConflictSeverity = 'low' | 'medium' | 'high';

/** What a conflict is made of. A value that is absent is left out or `undefined`; `null` is a value. */
export interface ConflictFields {
  readonly location: Location;
  /** See {@link Conflict.subject}. */
  readonly subject?: string | undefined;
  readonly baseValue?: JsonValue | undefined;
  readonly localValue?: JsonValue | undefined;
  readonly remoteValue?: JsonValue | undefined;
  /** In words, for a person. */
  readonly reason: string;
  readonly localStamp?: WriteStamp | undefined;
  readonly remoteStamp?: WriteStamp | undefined;
  /** Whether the schema says that the value is never merged inside. Default: no. */
  readonly isAtomic?: boolean | undefined;
  /** See {@link Conflict.shown}. */
  readonly shown?: ShownConflict | undefined;
}

/**
 * Two changes that can't both stand, as a record that holds them both (CF5, CF7).
 *
 * The values are frozen copies; an absent one is `undefined`. `JSON.stringify` and {@link Conflict.fromJSON} give an
 * equal conflict again, so that somebody can decide later, and elsewhere.
 */
export abstract class Conflict {
  abstract readonly type: ConflictType;
  /** Where, with the items of lists by identity rather than by index. */
  readonly location: Location;
  /** Where, as a JSON Pointer (RFC 6901) into the merged state. */
  readonly path: string;
  /** What was merged, such as the id of a record, if the merge was told: tells alike conflicts of two records apart. */
  readonly subject: string | undefined;
  readonly baseValue: JsonValue | undefined;
  readonly localValue: JsonValue | undefined;
  readonly remoteValue: JsonValue | undefined;
  readonly reason: string;
  /** When and where the local value was written, where that is known. */
  readonly localStamp: NormalizedStamp | undefined;
  /** When and where the remote value was written, where that is known. */
  readonly remoteStamp: NormalizedStamp | undefined;
  /** Whether the schema says that the value is never merged inside: only one of the versions as a whole can stand. */
  readonly isAtomic: boolean;
  /** What a person is shown in the place of the path and the values, where those would say little. Not part of the id. */
  readonly shown: ShownConflict | undefined;

  constructor(fields: ConflictFields) {
    checkObject(fields, 'fields');
    this.location = parseLocation(fields.location, 'location');
    this.path = toPointer(this.location);
    this.subject = optionalText(fields.subject, 'subject');
    this.baseValue = frozen(fields.baseValue, 'baseValue');
    this.localValue = frozen(fields.localValue, 'localValue');
    this.remoteValue = frozen(fields.remoteValue, 'remoteValue');
    this.reason = fields.reason;
    this.localStamp = fields.localStamp && normalizeStamp(fields.localStamp, 'localStamp');
    this.remoteStamp = fields.remoteStamp && normalizeStamp(fields.remoteStamp, 'remoteStamp');
    this.isAtomic = fields.isAtomic ?? false;
    this.shown = parseShown(fields.shown);
  }

  /**
   * The same for the same dispute, in every process, on both replicas and in every later merge of the same versions: a
   * hash of the subject, the place, the type and the values, whichever side wrote which.
   */
  get id(): string {
    const [one, other] = [this.localValue, this.remoteValue].map(textOf).sort();
    const dispute = [this.type, placeOf(this.location), textOf(this.baseValue), one, other, ...this.details];
    return checksum(this.subject === undefined ? dispute : [this.subject, dispute]).slice(0, 32);
  }

  /** How much depends on the decision. */
  get severity(): ConflictSeverity {
    const values = [this.baseValue, this.localValue, this.remoteValue];
    return values.some((value) => typeof value === 'object' && value !== null) ? 'high' : 'medium';
  }

  /** What tells it from other conflicts of the same type about the same values. */
  protected get details(): readonly JsonValue[] {
    return [];
  }

  /** What one side wants; `undefined` if it wants nothing there. */
  valueOn(side: Side): JsonValue | undefined {
    return side === 'local' ? this.localValue : this.remoteValue;
  }

  /** The same conflict, as one about this subject. */
  about(subject: string): Conflict {
    return Conflict.fromJSON({ ...this.toJSON(), subject });
  }

  /** The same conflict, where the items of lists stand elsewhere. */
  at(location: Location): Conflict {
    return Conflict.fromJSON({ ...this.toJSON(), location });
  }

  /** Everything but what is absent. */
  toJSON(): JsonObject {
    const { id, type, severity, subject, path, location, reason } = this;
    const { baseValue, localValue, remoteValue, localStamp, remoteStamp, shown } = this;
    const values = { baseValue, localValue, remoteValue, localStamp, remoteStamp };
    const isAtomic = this.isAtomic || undefined;
    return presentFields({ id, type, severity, subject, path, location, reason, ...values, isAtomic, shown });
  }

  /**
   * The conflict that {@link Conflict.toJSON} wrote.
   *
   * @throws {@link InvalidArgumentError} if it is anything else.
   */
  static fromJSON(json: unknown): Conflict {
    if (!isPlainObject(json)) throw new InvalidArgumentError('conflict', 'an object', json);
    const fields: ConflictFields = {
      location: parseLocation(json.location, 'conflict.location'),
      subject: optionalText(json.subject, 'conflict.subject'),
      reason: text(json.reason, 'conflict.reason'),
      baseValue: json.baseValue as JsonValue | undefined,
      localValue: json.localValue as JsonValue | undefined,
      remoteValue: json.remoteValue as JsonValue | undefined,
      localStamp: optionalStamp(json.localStamp, 'conflict.localStamp'),
      remoteStamp: optionalStamp(json.remoteStamp, 'conflict.remoteStamp'),
      isAtomic: json.isAtomic === true,
      shown: parseShown(json.shown),
    };
    switch (json.type) {
      case ConflictType.FIELD_CONFLICT:
        return new FieldConflict(fields);
      case ConflictType.DELETION_CONFLICT:
        return new DeletionConflict(fields);
      case ConflictType.STRUCTURAL_CONFLICT:
        return new StructuralConflict({
          ...fields,
          aspect: parseAspect(json.aspect),
          key: parseKey(json.key),
          items: parseItems(json.items),
        });
      case ConflictType.UNIQUENESS_CONFLICT:
        return new UniquenessConflict({
          ...fields,
          field: text(json.field, 'conflict.field'),
          key: parseKey(json.key),
          items: parseItems(json.items) ?? [],
        });
      default:
        throw new InvalidArgumentError('conflict.type', `one of ${Object.values(ConflictType).join(', ')}`, json.type);
    }
  }
}

/** Both sides gave one value a different new content, or both added it differently. */
export class FieldConflict extends Conflict {
  override readonly type = ConflictType.FIELD_CONFLICT;

  /** The field's name: the last part of the path. An item of a list is named by its identity. */
  get field(): string {
    const last = this.location.at(-1) ?? '';
    return typeof last === 'string' ? last : String(last.value);
  }
}

/** One side removed what the other side changed. */
export class DeletionConflict extends Conflict {
  override readonly type = ConflictType.DELETION_CONFLICT;

  /** The side that removed it. */
  get deletedBy(): Side {
    return this.localValue === undefined ? 'local' : 'remote';
  }
}

/** How a conflict about several items of a list names them. */
export interface DisputedItems {
  /** The field that tells the items apart, or of several the first that an item has; absent for texts, or a function. */
  readonly key?: string | readonly string[] | undefined;
  /** Their identities. The three values are then lists of those items, as far as each version has them. */
  readonly items?: readonly Identity[] | undefined;
}

/**
 * What of the structure is in dispute.
 * - `kind`: the sides made it different kinds of value, such as an array and an object.
 * - `items`: both sides edited the same stretch of a list whose items have no identity; the values are whole lists.
 * - `order`: both sides put the same items in another order; the values are those items' identities, in order.
 * - `cycle`: items that both sides moved would be each other's parents.
 */
export type StructuralAspect = 'kind' | 'items' | 'order' | 'cycle';

/** The sides disagree about the shape of a value rather than its content. */
export class StructuralConflict extends Conflict {
  override readonly type = ConflictType.STRUCTURAL_CONFLICT;
  readonly aspect: StructuralAspect;
  /** In a dispute about order or a cycle: see {@link DisputedItems}. */
  readonly key: string | readonly string[] | undefined;
  /** In a cycle: the identities of the items in it. */
  readonly items: readonly Identity[] | undefined;

  constructor(fields: ConflictFields & DisputedItems & { readonly aspect: StructuralAspect }) {
    super(fields);
    this.aspect = fields.aspect;
    this.key = frozen(fields.key, 'key') as typeof this.key;
    this.items = frozen(fields.items, 'items') as typeof this.items;
  }

  override get severity(): ConflictSeverity {
    return this.aspect === 'order' ? 'low' : this.aspect === 'items' ? 'medium' : 'high';
  }

  protected override get details(): readonly JsonValue[] {
    return [this.aspect, this.key ?? null];
  }

  override toJSON(): JsonObject {
    const { aspect, key, items } = this;
    return presentFields({ ...super.toJSON(), aspect, key, items });
  }
}

/**
 * The sides gave two items of a list one value of a field that the schema calls unique, or one new identity to two
 * different items. The values are lists of the items in dispute, as each version has them; a decision puts others in their
 * place, such as both with different values.
 */
export class UniquenessConflict extends Conflict {
  override readonly type = ConflictType.UNIQUENESS_CONFLICT;
  /** The field that holds the same for all of them. */
  readonly field: string;
  readonly key: string | readonly string[] | undefined;
  /** The identities of the items in dispute. */
  readonly items: readonly Identity[];

  constructor(
    fields: ConflictFields & DisputedItems & { readonly field: string; readonly items: readonly Identity[] },
  ) {
    super(fields);
    this.field = fields.field;
    this.key = frozen(fields.key, 'key') as typeof this.key;
    this.items = frozen(fields.items, 'items') as typeof this.items;
  }

  protected override get details(): readonly JsonValue[] {
    return [this.field, this.key ?? null];
  }

  override toJSON(): JsonObject {
    const { field, key, items } = this;
    return presentFields({ ...super.toJSON(), field, key, items });
  }
}

const textOf = (value: JsonValue | undefined) => (value === undefined ? '' : stableStringify(value));

function frozen(value: JsonValue | undefined, what: string): JsonValue | undefined {
  return value === undefined ? undefined : frozenJson(value, what);
}

const optionalStamp = (json: unknown, what: string) => (json === undefined ? undefined : readStamp(json, what));

function parseAspect(value: unknown): StructuralAspect {
  if (value === 'kind' || value === 'items' || value === 'order' || value === 'cycle') return value;
  throw new InvalidArgumentError('conflict.aspect', "'kind', 'items', 'order' or 'cycle'", value);
}

function parseKey(value: unknown): string | readonly string[] | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((field) => typeof field === 'string')) return value;
  throw new InvalidArgumentError('conflict.key', 'a field or a list of fields', value);
}

function parseItems(value: unknown): readonly Identity[] | undefined {
  if (value === undefined || (Array.isArray(value) && value.every(isIdentity))) return value;
  throw new InvalidArgumentError('conflict.items', 'a list of identities', value);
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new InvalidArgumentError(what, 'text', value);
  return value;
}

const optionalText = (value: unknown, what: string) => (value === undefined ? undefined : text(value, what));
