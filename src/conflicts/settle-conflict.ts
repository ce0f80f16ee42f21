import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject, type JsonValue, jsonEqual, setOwn } from '../core/json-value.ts';
import { type Conflict, type DisputedItems, StructuralConflict, UniquenessConflict } from './conflict.ts';
import type { Value } from './conflict-records.ts';
import { ResolutionOutdatedError } from './errors.ts';
import { type ItemKey, keyByFields } from './list-identity.ts';
import { keyOfRule, type SchemaCursor } from './merge-schema.ts';

/**
 * What stands where the conflict is, with what it was `before` replaced by what it shall be `after`.
 *
 * @throws {@link ResolutionOutdatedError} if it is neither.
 */
export function settle(
  current: Value,
  conflict: Conflict,
  before: Value,
  after: Value,
  schema: SchemaCursor | undefined,
): Value {
  if (conflict instanceof UniquenessConflict) return replaceItems(current, conflict, before, after, schema);
  if (conflict instanceof StructuralConflict) {
    if (conflict.aspect === 'cycle') return replaceItems(current, conflict, before, after, schema);
    if (conflict.aspect === 'order') return reorder(current, conflict, before, after, schema);
  }
  if (jsonEqual(current, after)) return current;
  if (jsonEqual(current, before)) return after;
  throw new ResolutionOutdatedError(conflict.path, 'the value there is neither the former nor the decided one');
}

/** Puts the items in dispute, as far as they are still there, in the decided order into the places they hold. */
function reorder(
  current: Value,
  conflict: StructuralConflict,
  before: Value,
  after: Value,
  schema: SchemaCursor | undefined,
): Value {
  if (isPlainObject(current)) {
    const isField = (name: unknown) => typeof name === 'string' && Object.hasOwn(current, name);
    if (conflict.key !== undefined || !(Array.isArray(before) && before.some(isField)))
      throw new ResolutionOutdatedError(conflict.path, 'the fields in dispute are gone');
    const names = arrange(Object.keys(current), (name) => name, conflict, before, after);
    const copy: Record<string, JsonValue> = {};
    for (const name of names) setOwn(copy, name, current[name]);
    return copy;
  }
  if (!Array.isArray(current)) throw new ResolutionOutdatedError(conflict.path, 'there is no list any more');
  const items: readonly JsonValue[] = current;
  // Texts are their own identities.
  const key = items.some(isPlainObject) ? keyOf(conflict, schema) : undefined;
  return arrange(items, (item) => (key ? key.of(item)! : item), conflict, before, after);
}

function arrange<T extends JsonValue>(
  items: readonly T[],
  idOf: (item: T) => JsonValue,
  { path }: Conflict,
  before: Value,
  after: Value,
): readonly T[] {
  const present = new Map(items.map((item) => [idOf(item), item]));
  const inOrder = (ids: Value): JsonValue[] => (Array.isArray(ids) ? ids.filter((id) => present.has(id)) : []);
  const [old, decided] = [inOrder(before), inOrder(after)];
  const disputed = new Set(old);
  if (decided.length !== old.length || !old.every((id) => decided.includes(id))) {
    throw new InvalidArgumentError('resolution.value', `the identities in dispute on "${path}", in order`, after);
  }
  const found = items.map(idOf).filter((id) => disputed.has(id));
  if (jsonEqual(found, decided)) return items;
  if (!jsonEqual(found, old)) {
    throw new ResolutionOutdatedError(path, 'the items are neither in the former order nor in the decided one');
  }
  const next = decided.values();
  return items.map((item) => (disputed.has(idOf(item)) ? present.get(next.next().value!)! : item));
}

/** Puts the decided items where those in dispute are; those that are new stand last. */
function replaceItems(
  current: Value,
  conflict: UniquenessConflict | StructuralConflict,
  before: Value,
  after: Value,
  schema: SchemaCursor | undefined,
): Value {
  if (!Array.isArray(current)) throw new ResolutionOutdatedError(conflict.path, 'there is no list any more');
  const items: readonly JsonValue[] = current;
  if (!Array.isArray(after)) throw new InvalidArgumentError('resolution.value', 'a list of items', after);
  const key = keyOf(conflict, schema);
  const byId = (list: Value) =>
    new Map((Array.isArray(list) ? (list as JsonValue[]) : []).map((item) => [key.of(item)!, item]));
  const [old, decided] = [byId(before), byId(after)];
  if (decided.size !== after.length || decided.has(undefined!)) {
    throw new InvalidArgumentError('resolution.value', 'items each of which has an identity of its own', after);
  }
  const isDisputed = new Set([...(conflict.items ?? []), ...old.keys(), ...decided.keys()]);
  const disputed = items.filter((item) => isDisputed.has(key.of(item)!));
  const found = byId(disputed);
  if (found.size !== disputed.length) {
    throw new ResolutionOutdatedError(conflict.path, 'several items have one of the identities in dispute');
  }
  const isSame = (wanted: ReadonlyMap<unknown, JsonValue>) =>
    found.size === wanted.size && [...found].every(([id, item]) => jsonEqual(wanted.get(id), item));
  if (isSame(decided)) return items;
  if (!isSame(old)) throw new ResolutionOutdatedError(conflict.path, 'the items in dispute have changed');
  const kept = items.flatMap((item) => {
    const id = key.of(item)!;
    if (!isDisputed.has(id)) return [item];
    const chosen = decided.get(id);
    return chosen === undefined ? [] : [chosen];
  });
  return [...kept, ...[...decided].filter(([id]) => !found.has(id)).map(([, item]) => item)];
}

function keyOf({ key, path }: Conflict & DisputedItems, schema: SchemaCursor | undefined): ItemKey {
  return key === undefined ? keyOfRule(schema, path) : keyByFields(typeof key === 'string' ? [key] : key);
}
