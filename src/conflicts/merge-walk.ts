import { isPlainObject, type JsonObject, type JsonValue, jsonEqual } from '../core/json-value.ts';
import { type Difference, differenceOf } from './compare-versions.ts';
import { StructuralConflict, UniquenessConflict } from './conflict.ts';
import type { ConflictRecords, Value } from './conflict-records.ts';
import { allDiffer, settleEqual } from './equal-versions.ts';
import { breaksByPlace, constrained } from './hold-back.ts';
import {
  areDistinctTexts,
  findKey,
  haveSameIds,
  type Identity,
  type ItemKey,
  isName,
  isTold,
  named,
  tellsApart,
} from './list-identity.ts';
import { mergeByPlace } from './merge-by-place.ts';
import { mergeSet } from './merge-declared.ts';
import { mergeObjects, type Three } from './merge-objects.ts';
import { anchors, isReplacedByBoth, type Members, mergeOrder, type OrderConflict } from './merge-order.ts';
import { mergeScalars } from './merge-scalars.ts';
import { itemKeyOf, type ListRule, type MergeRule, type SchemaCursor } from './merge-schema.ts';

type List = readonly JsonValue[];
type Texts = readonly string[];
type ItemsById = ReadonlyMap<Identity, JsonValue>;

/** Walks three versions together, and records what can't be merged. */
export class MergeWalk {
  readonly #records: ConflictRecords;

  constructor(records: ConflictRecords) {
    this.#records = records;
  }

  /**
   * The merged value; what is undecided in it is as in the base.
   *
   * @param known - How the versions differ, if that is known.
   */
  value(base: Value, local: Value, remote: Value, schema: SchemaCursor | undefined, known?: Difference): Value {
    if (base === remote) return local;
    if (base === local) return remote;
    if (local === remote && !schema?.counts) return local;
    const rule = schema?.rule;
    if (
      rule === undefined ||
      rule.as === 'list' ||
      rule.as === 'set' ||
      rule.as === 'sequence' ||
      rule.as === 'sections'
    ) {
      if (isObject(local) && isObject(remote)) {
        if (isObject(base)) return this.#objects(base, local, remote, schema, known);
        if (base === undefined) return this.#added(local, remote, () => this.#objects({}, local, remote, schema));
      }
      if (isList(local) && isList(remote)) {
        if (isList(base)) return this.#lists(base, local, remote, schema, known);
        if (base === undefined) return this.#added(local, remote, () => this.#lists([], local, remote, schema));
      }
    }
    return mergeScalars(base, local, remote, rule, this.#records);
  }

  #objects(
    base: JsonObject,
    local: JsonObject,
    remote: JsonObject,
    schema: SchemaCursor | undefined,
    known?: Difference,
  ): JsonObject {
    const difference = known ?? differenceOf(base, local, remote);
    if (difference === undefined) return base;
    const versions = [base, local, remote] as const;
    const { merged, conflicts } = mergeObjects(versions, difference, (name, inner) => {
      this.#records.location.push(name);
      const value = this.value(own(base, name), own(local, name), own(remote, name), schema?.child(name), inner);
      this.#records.location.pop();
      return value;
    });
    // The order of fields carries no meaning unless the schema says so: a dispute about it is settled without a word.
    if (schema?.rule?.as === 'sections') this.#orders(conflicts, undefined);
    return merged;
  }

  #lists(base: List, local: List, remote: List, schema: SchemaCursor | undefined, known?: Difference): List {
    const difference = known ?? differenceOf(base, local, remote);
    if (difference === undefined) return base;
    const versions = [base, local, remote] as const;
    const rule = schema?.rule;
    // What is the same at both ends stays, if no rule asks for all items.
    const isWhole = isBound(rule);
    const head = isWhole ? 0 : Math.max(difference.head - anchors, 0);
    const tail = isWhole ? 0 : Math.max(difference.tail - anchors, 0);
    const middles = mapAll(versions, (items) => items.slice(head, items.length - tail));
    const edited = difference.items && [...difference.items.keys()];
    const pairs = edited && mapAll(versions, (items) => edited.map((at) => items[at]!));
    const settled = settleEqual(...(pairs ?? middles), schema?.counts ?? false);
    if (settled !== allDiffer) return settled === (pairs ?? middles)[1] ? local : remote;
    if (rule?.as === 'set') return sharedList(mergeSet(base, local, remote), versions);
    const declared = rule?.as === 'list' && rule.key !== undefined ? itemKeyOf(rule.key) : undefined;
    const key =
      rule?.as === 'sequence' ? undefined : declared ? only(declared, versions, pairs) : findKey(versions, pairs);
    if (key && difference.items && !isWhole && haveSameIds(key, pairs!)) {
      return this.#inPlace(key, versions, schema, difference.items);
    }
    let end = base.slice(base.length - tail);
    let merged: List | undefined;
    if (key !== undefined) merged = this.#items(key, middles, head, schema, declared !== undefined);
    else if (rule?.as !== 'sequence' && areDistinctTexts(versions)) {
      merged = this.#texts(...(middles as unknown as [Texts, Texts, Texts]));
    } else {
      // Without identities the end takes part whole: which of its items are partners is for the merge to find out.
      merged = mergeByPlace(...mapAll(versions, (items) => items.slice(head)));
      end = [];
    }
    const isBroken =
      merged !== undefined &&
      key === undefined &&
      isBound(rule) &&
      breaksByPlace(rule, merged, versions, (item) => declared?.of(item));
    if (merged && !isBroken) return sharedList(base.slice(0, head).concat(merged, end), versions);
    const name = this.#records.name();
    const reason = isBroken
      ? `what both sides put into ${name} breaks a rule of the list, and not all of its items have an identity`
      : `both sides changed the same stretch of ${name}`;
    this.#records.found.push(
      new StructuralConflict({ ...this.#records.fields(base, local, remote, reason), aspect: 'items' }),
    );
    return base;
  }

  /** Lists of the same items in the same order. */
  #inPlace(
    key: ItemKey,
    versions: Three<List>,
    schema: SchemaCursor | undefined,
    items: ReadonlyMap<number, Difference>,
  ): List {
    const merged = [...versions[0]];
    for (const [at, inner] of items) {
      const item = mapAll(versions, (version) => version[at]);
      merged[at] = this.#item(key.of(item[0])!, item, at, key, schema, inner)!;
    }
    return sharedList(merged, versions);
  }

  /** Lists whose items have an identity; undefined if both sides renamed the same item. */
  #items(
    key: ItemKey,
    versions: Three<List>,
    start: number,
    schema: SchemaCursor | undefined,
    isDeclared: boolean,
  ): List | undefined {
    const ids = mapAll(versions, (items) => items.map((item) => key.of(item)!));
    const byIds = [0, 1, 2].map((at) => byId(ids[at]!, versions[at]!)) as unknown as Three<ItemsById>;
    if (!isDeclared && isName(key) && isReplacedByBoth(ids, byIds)) return undefined;
    const [inBase, inLocal, inRemote] = byIds;
    const { order, conflicts } = mergeOrder(
      ids[0],
      staying(ids[1], inLocal, inRemote, inBase),
      staying(ids[2], inRemote, inLocal, inBase),
      inLocal,
      inRemote,
    );
    const before = this.#records.found.length;
    const present: Identity[] = [];
    const items: JsonValue[] = [];
    for (const id of order) {
      const item = this.#item(
        id,
        [inBase.get(id), inLocal.get(id), inRemote.get(id)],
        start + items.length,
        key,
        schema,
      );
      if (item === undefined) continue;
      present.push(id);
      items.push(item);
    }
    const rule = schema?.rule;
    const merged = isBound(rule) ? constrained(rule, key, byId(present, items), byIds, this.#records, before) : items;
    this.#orders(conflicts, key);
    return merged;
  }

  #item(
    id: Identity,
    [base, local, remote]: readonly [Value, Value, Value],
    index: number,
    key: ItemKey,
    schema: SchemaCursor | undefined,
    known?: Difference,
  ): Value {
    const isInAll = base !== undefined && local !== undefined && remote !== undefined;
    const difference = known ?? (isInAll ? differenceOf(base, local, remote) : undefined);
    if (isInAll && difference === undefined) return base;
    const records = this.#records;
    const before = records.found.length;
    const item = local ?? remote;
    const field = key.fieldOf(item);
    records.location.push(field === undefined ? { value: id, index } : { key: field, value: id, index });
    const isWhole = schema === undefined && !isTold(key, item);
    const merged = isWhole
      ? mergeScalars(base, local, remote, undefined, records)
      : this.value(base, local, remote, schema?.child(String(id)), difference);
    records.location.pop();
    const isClash = base === undefined && local !== undefined && remote !== undefined && records.found.length > before;
    if (!isClash || schema?.rule?.as !== 'list') return merged;
    const name = JSON.stringify(id);
    const reason = `both sides added an item ${name} to ${records.name()}, each its own`;
    const fields = records.fields([], [local], [remote], reason);
    records.replace(
      before,
      new UniquenessConflict({ ...fields, field: field ?? 'identity', ...named(key), items: [id] }),
    );
    return undefined;
  }

  /** Lists of distinct texts, each its own identity; undefined if both sides replaced the same one. */
  #texts(base: Texts, local: Texts, remote: Texts): List | undefined {
    const [inBase, inLocal, inRemote] = [new Set(base), new Set(local), new Set(remote)] as [Members, Members, Members];
    if (isReplacedByBoth([base, local, remote], [inBase, inLocal, inRemote])) return undefined;
    const { order, conflicts } = mergeOrder(
      base,
      local.filter((text) => inRemote.has(text) || !inBase.has(text)),
      remote.filter((text) => inLocal.has(text) || !inBase.has(text)),
      inLocal,
      inRemote,
    );
    this.#orders(conflicts, undefined);
    return order;
  }

  #orders(conflicts: readonly OrderConflict[], key: ItemKey | undefined): void {
    for (const { base, local, remote } of conflicts) {
      const reason = `both sides put the same ${base.length} items of ${this.#records.name()} in another order, each its own`;
      const fields = this.#records.fields(base, local, remote, reason);
      this.#records.found.push(new StructuralConflict({ ...fields, aspect: 'order', ...named(key) }));
    }
  }

  /** What both sides added: merged if it fits together, else one conflict, so that no half of it stands in the state. */
  #added(local: JsonValue, remote: JsonValue, merge: () => JsonValue): Value {
    const before = this.#records.found.length;
    const merged = merge();
    if (this.#records.found.length === before) return merged;
    this.#records.found.length = before;
    return this.#records.undecided(undefined, local, remote);
  }
}

function byId(ids: readonly Identity[], items: List): Map<Identity, JsonValue> {
  const map = new Map<Identity, JsonValue>();
  for (let at = 0; at < ids.length; at++) map.set(ids[at]!, items[at]!);
  return map;
}

/** All but what the other side removed and this one left as it was. */
const staying = (ids: readonly Identity[], side: ItemsById, other: ItemsById, base: ItemsById) =>
  ids.filter((id) => other.has(id) || !base.has(id) || !jsonEqual(base.get(id), side.get(id)));

const mapAll = <T, U>([base, local, remote]: Three<T>, change: (version: T) => U): Three<U> => [
  change(base),
  change(local),
  change(remote),
];
const isObject = (value: Value): value is JsonObject => isPlainObject(value);
const isList = (value: Value): value is List => Array.isArray(value);
const own = (object: JsonObject, name: string): Value => (Object.hasOwn(object, name) ? object[name] : undefined);
/** Whether the items of a list depend on each other. */
const isBound = (rule: MergeRule | undefined): rule is ListRule =>
  rule?.as === 'list' && (rule.unique !== undefined || rule.parent !== undefined);
const only = (key: ItemKey, versions: readonly List[], edited: readonly List[] | undefined) =>
  tellsApart(key, versions, edited) ? key : undefined;

function sharedList(merged: List, versions: readonly List[]): List {
  for (const version of versions) {
    let at = version.length === merged.length ? 0 : -1;
    while (at >= 0 && at < merged.length && version[at] === merged[at]) at++;
    if (at === merged.length) return version;
  }
  return merged;
}
