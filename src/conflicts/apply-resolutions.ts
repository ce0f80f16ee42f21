import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject, type JsonValue, jsonEqual, setOwn } from '../core/json-value.ts';
import { StructuralConflict } from './conflict.ts';
import { type ConflictResolution, ManualResolutionRequired } from './conflict-resolution.ts';
import { ResolutionOutdatedError } from './errors.ts';
import { indexOfItem } from './list-identity.ts';
import type { Location } from './location.ts';

/** A JSON value, or undefined for none. */
type Value = JsonValue | undefined;

/**
 * The state with each decision in its place. Items of lists are found by identity, wherever they have moved since.
 *
 * Works on the state that the merge gave and on a later one, as long as nobody has changed the disputed values in it: a
 * decision never overwrites what it did not know. One that has been applied already changes nothing, and neither does a
 * `ManualResolutionRequired`. The state given is not changed; what no decision touches is shared with it.
 *
 * @throws {@link ResolutionOutdatedError} if a disputed value is no longer what the conflict says: merge again.
 */
export function applyResolutions<T>(state: T, resolutions: readonly ConflictResolution[]): T {
  let result = state as Value;
  // From the last to the first, so that an item put into a list does not move the places of those before it.
  for (const resolution of resolutions.toReversed()) {
    if (resolution instanceof ManualResolutionRequired) continue;
    const { conflict } = resolution;
    const isOrder = conflict instanceof StructuralConflict && conflict.aspect === 'order';
    const decide = (current: Value) =>
      isOrder ? reorder(current, resolution, conflict.key) : replace(current, resolution);
    result = updateAt(result, conflict.location, 0, decide, conflict.path);
  }
  return result as T;
}

function replace(current: Value, { conflict, value }: ConflictResolution): Value {
  if (jsonEqual(current, value)) return current;
  if (jsonEqual(current, conflict.baseValue)) return value;
  throw new ResolutionOutdatedError(conflict.path, "the value there is neither the base's nor the decided one");
}

/** Puts the items in dispute, as far as they are still there, in the decided order into the places they hold. */
function reorder(current: Value, { conflict, value }: ConflictResolution, key: string | undefined): Value {
  if (!Array.isArray(current)) throw new ResolutionOutdatedError(conflict.path, 'there is no list any more');
  const items: readonly JsonValue[] = current;
  const idOf = (item: JsonValue) => (key !== undefined && isPlainObject(item) ? item[key] : item);
  const present = new Map(items.map((item) => [idOf(item), item]));
  const inOrder = (ids: Value) => (Array.isArray(ids) ? ids.filter((id) => present.has(id)) : []);
  const before = inOrder(conflict.baseValue);
  const decided = inOrder(value);
  const disputed = new Set(before);
  if (decided.length !== before.length || !before.every((id) => decided.includes(id))) {
    throw new InvalidArgumentError(
      'resolution.value',
      `the identities in dispute on "${conflict.path}", in order`,
      value,
    );
  }
  const found = items.map(idOf).filter((id) => disputed.has(id));
  if (jsonEqual(found, decided)) return current;
  if (!jsonEqual(found, before)) {
    throw new ResolutionOutdatedError(
      conflict.path,
      "the items are neither in the base's order nor in the decided one",
    );
  }
  const next = decided.values();
  return items.map((item) => (disputed.has(idOf(item)) ? present.get(next.next().value)! : item));
}

/** A copy of the value in which the part at this location is what `update` makes of it. */
function updateAt(
  value: Value,
  location: Location,
  depth: number,
  update: (current: Value) => Value,
  path: string,
): Value {
  const segment = location[depth];
  if (segment === undefined) return update(value);
  const inner = (part: Value) => updateAt(part, location, depth + 1, update, path);
  if (typeof segment === 'string') {
    if (!isPlainObject(value)) throw new ResolutionOutdatedError(path, `"${segment}" is no longer in an object`);
    const before = Object.hasOwn(value, segment) ? (value[segment] as Value) : undefined;
    const after = inner(before);
    return after === before ? (value as JsonValue) : withField(value, segment, after);
  }
  if (!Array.isArray(value)) throw new ResolutionOutdatedError(path, 'an item is no longer in a list');
  const items: readonly JsonValue[] = value;
  const at = indexOfItem(items, segment.key, segment.value);
  const before = items[at];
  const after = inner(before);
  if (after === before) return items;
  if (at < 0) return after === undefined ? items : items.toSpliced(Math.min(segment.index, items.length), 0, after);
  return after === undefined ? items.toSpliced(at, 1) : items.with(at, after);
}

function withField(object: Record<string, unknown>, name: string, field: Value): JsonValue {
  const { [name]: _before, ...rest } = object;
  if (field === undefined) return rest as JsonValue;
  const copy = { ...object };
  setOwn(copy, name, field);
  return copy as JsonValue;
}
