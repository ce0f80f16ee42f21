import type { JsonValue } from '../core/json-value.ts';
import { findViolations, type Violation } from './list-constraints.ts';
import type { Identity } from './list-identity.ts';
import type { ListRule } from './merge-schema.ts';

type Items = ReadonlyMap<Identity, JsonValue>;
type Versions = readonly [base: Items, local: Items, remote: Items];

/** Items that were put back as they were, because they break a rule together. */
export interface HeldItems extends Pick<Violation, 'kind' | 'field'> {
  readonly ids: ReadonlySet<Identity>;
  /** What base, local and remote have of them, in their order. */
  readonly rows: readonly [JsonValue[], JsonValue[], JsonValue[]];
}

/**
 * Puts merged items that break the list's rule together back as they were in the base, as wholes, until none do.
 *
 * Clashes that share no item are settled in one round, so that the time grows linearly with their number.
 */
export function holdBack(rule: ListRule, merged: Map<Identity, JsonValue>, versions: Versions): readonly HeldItems[] {
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
