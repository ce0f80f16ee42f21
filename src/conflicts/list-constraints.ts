import { isPlainObject, type JsonValue, jsonEqual } from '../core/json-value.ts';
import type { Identity } from './list-identity.ts';
import type { ListRule } from './merge-schema.ts';

type Items = ReadonlyMap<Identity, JsonValue>;

/** Items of a merged list that can't all stand as the sides wrote them. */
export interface Violation {
  /** The field that they share a value of; the field of the parent, if they are each other's parents. */
  readonly field: string;
  readonly kind: 'unique' | 'cycle';
  readonly ids: readonly Identity[];
}

/**
 * What the merged items break of a list's rule and none of the versions breaks alone. To put the items it names back as
 * they were may break the rule elsewhere, so ask again until nothing is found: each answer names more items.
 */
export function findViolations(rule: ListRule, merged: Items, versions: readonly Items[]): Violation[] {
  const isOld = (found: Violation) =>
    versions.some((version) => found.ids.every((id) => jsonEqual(version.get(id), merged.get(id))));
  const found: Violation[] = [];
  for (const field of rule.unique ?? []) found.push(...findShared(field, merged));
  if (rule.parent !== undefined) found.push(...findRings(rule.parent, merged));
  return found.filter((one) => !isOld(one));
}

function findShared(field: string, items: Items): Violation[] {
  const holders = new Map<JsonValue, Identity[]>();
  for (const [id, item] of items) {
    const value = fieldOf(item, field);
    if (value === undefined || value === null || typeof value === 'object') continue;
    holders.set(value, [...(holders.get(value) ?? []), id]);
  }
  return [...holders.values()].filter((ids) => ids.length > 1).map((ids) => ({ field, kind: 'unique', ids }));
}

function findRings(field: string, items: Items): Violation[] {
  const rings: Violation[] = [];
  const settled = new Set<Identity>();
  for (const start of items.keys()) {
    const trail = new Map<Identity, number>();
    let at: JsonValue | undefined = start;
    while ((typeof at === 'string' || typeof at === 'number') && items.has(at) && !settled.has(at)) {
      const began = trail.get(at);
      if (began !== undefined) {
        rings.push({ field, kind: 'cycle', ids: [...trail.keys()].slice(began) });
        break;
      }
      trail.set(at, trail.size);
      at = fieldOf(items.get(at), field);
    }
    for (const id of trail.keys()) settled.add(id);
  }
  return rings;
}

const fieldOf = (item: JsonValue | undefined, field: string): JsonValue | undefined =>
  isPlainObject(item) && Object.hasOwn(item, field) ? (item[field] as JsonValue) : undefined;
