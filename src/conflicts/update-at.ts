import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject, type JsonValue, setOwn } from '../core/json-value.ts';
import type { Conflict } from './conflict.ts';
import type { Value } from './conflict-records.ts';
import { ResolutionOutdatedError } from './errors.ts';
import { type ItemKey, keyByFields } from './list-identity.ts';
import type { ItemSegment } from './location.ts';
import { keyOfRule, type SchemaCursor } from './merge-schema.ts';

/** What shall stand where the conflict is, given what stands there. */
type Update = (current: Value, schema: SchemaCursor | undefined) => Value;

/** Copies that were made for one call and nobody else has seen: written in place, so that many changes cost one copy. */
export type OwnCopies = WeakSet<object>;

/**
 * A copy of the state in which the part where the conflict is is what `update` makes of it.
 *
 * @throws {@link ResolutionOutdatedError} if what held that part is gone, or can't be told from another.
 * @throws {@link InvalidArgumentError} for an item of a list that is to become another item.
 */
export function updateAt(
  state: Value,
  { location, path }: Conflict,
  update: Update,
  schema: SchemaCursor | undefined,
  copies: OwnCopies,
  depth = 0,
): Value {
  const segment = location[depth];
  if (segment === undefined) return update(state, schema);
  const name = typeof segment === 'string' ? segment : String(segment.value);
  const inner = (part: Value) =>
    updateAt(part, { location, path } as Conflict, update, schema?.child(name), copies, depth + 1);
  if (typeof segment !== 'string') return updateItem(state, segment, inner, schema, path, copies);
  if (!isPlainObject(state)) throw new ResolutionOutdatedError(path, `"${segment}" is no longer in an object`);
  const before = Object.hasOwn(state, segment) ? (state[segment] as Value) : undefined;
  const after = inner(before);
  return after === before ? (state as JsonValue) : withField(state, segment, after, copies);
}

function updateItem(
  state: Value,
  segment: ItemSegment,
  inner: (item: Value) => Value,
  schema: SchemaCursor | undefined,
  path: string,
  copies: OwnCopies,
): Value {
  if (!Array.isArray(state)) throw new ResolutionOutdatedError(path, 'an item is no longer in a list');
  const items: readonly JsonValue[] = state;
  const key = keyOfSegment(segment, schema, path);
  const isMeant = (item: unknown) => key.of(item) === segment.value;
  const at = items.findIndex(isMeant);
  if (at >= 0 && items.findLastIndex(isMeant) > at) {
    throw new ResolutionOutdatedError(path, `several items are told by ${JSON.stringify(segment.value)}`);
  }
  const before = items[at];
  const after = inner(before);
  if (after === before) return items;
  if (after !== undefined && !isMeant(after)) {
    const expected = `an item that is told by ${JSON.stringify(segment.value)}, as the one in dispute on "${path}"`;
    throw new InvalidArgumentError('resolution.value', expected, after);
  }
  const copy = copies.has(items) ? (items as JsonValue[]) : [...items];
  copies.add(copy);
  if (after === undefined) copy.splice(at, 1);
  else if (at < 0) copy.splice(Math.min(segment.index, items.length), 0, after);
  else copy[at] = after;
  return copy;
}

/** Where several fields of the schema tell items apart, one of them alone may tell another item by the same. */
function keyOfSegment({ key }: ItemSegment, schema: SchemaCursor | undefined, path: string): ItemKey {
  if (key === undefined) return keyOfRule(schema, path);
  const rule = schema?.rule;
  const declared = rule?.as === 'list' && Array.isArray(rule.key) ? (rule.key as readonly string[]) : [];
  return keyByFields(declared.includes(key) ? declared : [key]);
}

function withField(object: Record<string, unknown>, name: string, field: Value, copies: OwnCopies): JsonValue {
  const copy = copies.has(object) ? object : { ...object };
  copies.add(copy);
  if (field === undefined) delete copy[name];
  else setOwn(copy, name, field);
  return copy as JsonValue;
}
