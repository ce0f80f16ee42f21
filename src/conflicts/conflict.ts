import { InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, isPlainObject, type JsonObject, type JsonValue } from '../core/json-value.ts';
import { ConflictType } from './conflict-type.ts';
import { type Location, parseLocation, toPointer } from './location.ts';
import { type NormalizedStamp, normalizeStamp, type WriteStamp } from './write-stamp.ts';

/** One of the two versions that are merged. */
export type Side = 'local' | 'remote';

/** What a conflict is made of. A value that is absent is left out or `undefined`; `null` is a value. */
export interface ConflictFields {
  readonly location: Location;
  readonly baseValue?: JsonValue | undefined;
  readonly localValue?: JsonValue | undefined;
  readonly remoteValue?: JsonValue | undefined;
  /** In words, for a person. */
  readonly reason: string;
  readonly localStamp?: WriteStamp | undefined;
  readonly remoteStamp?: WriteStamp | undefined;
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
  readonly baseValue: JsonValue | undefined;
  readonly localValue: JsonValue | undefined;
  readonly remoteValue: JsonValue | undefined;
  readonly reason: string;
  /** When and where the local value was written, where that is known. */
  readonly localStamp: NormalizedStamp | undefined;
  /** When and where the remote value was written, where that is known. */
  readonly remoteStamp: NormalizedStamp | undefined;

  constructor(fields: ConflictFields) {
    this.location = parseLocation(fields.location, 'location');
    this.path = toPointer(this.location);
    this.baseValue = frozen(fields.baseValue, 'baseValue');
    this.localValue = frozen(fields.localValue, 'localValue');
    this.remoteValue = frozen(fields.remoteValue, 'remoteValue');
    this.reason = fields.reason;
    this.localStamp = fields.localStamp && normalizeStamp(fields.localStamp, 'localStamp');
    this.remoteStamp = fields.remoteStamp && normalizeStamp(fields.remoteStamp, 'remoteStamp');
  }

  /** What one side wants; `undefined` if it wants nothing there. */
  valueOn(side: Side): JsonValue | undefined {
    return side === 'local' ? this.localValue : this.remoteValue;
  }

  /** Everything but what is absent. */
  toJSON(): JsonObject {
    const { type, path, location, reason, baseValue, localValue, remoteValue, localStamp, remoteStamp } = this;
    const all = { type, path, location, reason, baseValue, localValue, remoteValue, localStamp, remoteStamp };
    return frozenJson(all, 'conflict') as unknown as JsonObject;
  }

  /**
   * The conflict that {@link Conflict.toJSON} wrote.
   *
   * @throws {@link InvalidArgumentError} if it is anything else.
   */
  static fromJSON(json: unknown): Conflict {
    if (!isPlainObject(json)) throw new InvalidArgumentError('conflict', 'an object', json);
    const { reason, location } = json;
    if (typeof reason !== 'string') throw new InvalidArgumentError('conflict.reason', 'text', reason);
    const fields: ConflictFields = {
      location: parseLocation(location, 'conflict.location'),
      reason,
      baseValue: json.baseValue as JsonValue | undefined,
      localValue: json.localValue as JsonValue | undefined,
      remoteValue: json.remoteValue as JsonValue | undefined,
      localStamp: stamp(json.localStamp, 'conflict.localStamp'),
      remoteStamp: stamp(json.remoteStamp, 'conflict.remoteStamp'),
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
          key: typeof json.key === 'string' ? json.key : undefined,
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

/**
 * What of the structure is in dispute.
 * - `kind`: the sides made it different kinds of value, such as an array and an object.
 * - `items`: both sides edited the same stretch of a list whose items have no identity; the values are whole lists.
 * - `order`: both sides put the same items in another order; the values are those items' identities, in order.
 */
export type StructuralAspect = 'kind' | 'items' | 'order';

/** The sides disagree about the shape of a value rather than its content. */
export class StructuralConflict extends Conflict {
  override readonly type = ConflictType.STRUCTURAL_CONFLICT;
  readonly aspect: StructuralAspect;
  /** In a dispute about order: the field that tells the items apart; `undefined` if they are texts. */
  readonly key: string | undefined;

  constructor(fields: ConflictFields & { readonly aspect: StructuralAspect; readonly key?: string | undefined }) {
    super(fields);
    this.aspect = fields.aspect;
    this.key = fields.key;
  }

  override toJSON(): JsonObject {
    const { aspect, key } = this;
    return Object.freeze({ ...super.toJSON(), aspect, ...(key === undefined ? {} : { key }) });
  }
}

function frozen(value: JsonValue | undefined, what: string): JsonValue | undefined {
  return value === undefined ? undefined : frozenJson(value, what);
}

function stamp(value: unknown, what: string): WriteStamp | undefined {
  if (value === undefined) return undefined;
  if (!isPlainObject(value)) throw new InvalidArgumentError(what, 'an object with a timestamp', value);
  return normalizeStamp(value as unknown as WriteStamp, what);
}

function parseAspect(value: unknown): StructuralAspect {
  if (value === 'kind' || value === 'items' || value === 'order') return value;
  throw new InvalidArgumentError('conflict.aspect', "'kind', 'items' or 'order'", value);
}
