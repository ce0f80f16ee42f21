import type { JsonValue } from '../core/json-value.ts';
import { StructuralConflict, UniquenessConflict } from './conflict.ts';
import type { ConflictRecords } from './conflict-records.ts';
import { findViolations, type Violation } from './list-constraints.ts';
import { type Identity, type ItemKey, named } from './list-identity.ts';
import type { ListRule } from './merge-schema.ts';

type Items = ReadonlyMap<Identity, JsonValue>;
type Versions = readonly [base: Items, local: Items, remote: Items];

/** Items that were put back as they were, because they break a rule together. */
interface HeldItems extends Pick<Violation, 'kind' | 'field'> {
  readonly ids: ReadonlySet<Identity>;
  /** What base, local and remote have of them, in their order. */
  readonly rows: readonly [JsonValue[], JsonValue[], JsonValue[]];
}

/**
 * Puts merged items that break the list's rule together back as they were in the base, as wholes, until none do.
 *
 * Clashes that share no item are settled in one round, so that the time grows linearly with their number.
 */
function holdBack(rule: ListRule, merged: Map<Identity, JsonValue>, versions: Versions): readonly HeldItems[] {
  const groupOf = new Map<Identity, HeldItems>();
  for (;;) {
    const found = findViolations(rule, merged, versions);
    if (found.length === 0) break;
    const touched = new Set<Identity>();
    for (const { kind, field, ids } of found) {
      if (ids.some((id) => touched.has(id))) continue;
      const all = new Set(ids.flatMap((id) => [id, ...(groupOf.get(id)?.ids ?? [])]));
      const group: HeldItems = { kind, field, ids: all, rows: [[], [], []] };
      for (const id of all) groupOf.set(id, group);
      for (const id of ids) {
        touched.add(id);
        const old = versions[0].get(id);
        if (old === undefined) merged.delete(id);
        else merged.set(id, old);
      }
    }
  }
  if (groupOf.size === 0) return [];
  versions.forEach((items, at) => {
    for (const [id, item] of items) groupOf.get(id)?.rows[at]?.push(item);
  });
  return [...new Set(groupOf.values())];
}

/** The items, but those that break the list's rule together back as they were, as a whole, and recorded. */
export function constrained(
  rule: ListRule,
  key: ItemKey,
  merged: Map<Identity, JsonValue>,
  versions: Versions,
  records: ConflictRecords,
  before: number,
): JsonValue[] {
  const groups = holdBack(rule, merged, versions);
  if (groups.length === 0) return [...merged.values()];
  const held = new Set(groups.flatMap(({ ids }) => [...ids]));
  const indexOf = new Map([...merged.keys()].map((id, index) => [id, index]));
  const depth = records.location.length;
  for (const conflict of records.found.splice(before)) {
    const segment = conflict.location[depth];
    if (typeof segment !== 'object') records.found.push(conflict);
    else if (!held.has(segment.value)) {
      const index = indexOf.get(segment.value) ?? segment.index;
      records.found.push(conflict.at(conflict.location.with(depth, { ...segment, index })));
    }
  }
  for (const { kind, field, ids, rows } of groups) {
    const items = [...ids].sort(byText);
    const list = records.name();
    const reason =
      kind === 'unique'
        ? `the sides gave several items of ${list} the same "${field}"`
        : `the sides moved items of ${list} into each other by "${field}"`;
    const fields = { ...records.fields(...rows, reason), ...named(key), items };
    records.found.push(
      kind === 'unique'
        ? new UniquenessConflict({ ...fields, field })
        : new StructuralConflict({ ...fields, aspect: 'cycle' }),
    );
  }
  return [...merged.values()];
}

/** Whether a list that merged by place, as not all of its items have an identity, breaks a rule that no version breaks. */
export function breaksByPlace(
  rule: ListRule,
  merged: readonly JsonValue[],
  versions: readonly (readonly JsonValue[])[],
  idOf: (item: JsonValue) => Identity | undefined,
): boolean {
  const isBroken = (items: readonly JsonValue[]) => {
    const byId = new Map<Identity, JsonValue>();
    for (const [at, item] of items.entries()) {
      const id = idOf(item);
      byId.set(id === undefined || byId.has(id) ? `\0${at}` : id, item);
    }
    return findViolations(rule, byId, []).length > 0;
  };
  return isBroken(merged) && !versions.some(isBroken);
}

const byText = (a: Identity, b: Identity) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
