import { isPlainObject, type JsonObject, type JsonValue, jsonEqual, setOwn } from '../core/json-value.ts';
import { StructuralConflict, UniquenessConflict } from './conflict.ts';
import type { ConflictRecords, Value } from './conflict-records.ts';
import { allDiffer, settleEqual } from './equal-versions.ts';
import { breaksByPlace, holdBack } from './hold-back.ts';
import { areDistinctTexts, findKey, type Identity, type ItemKey, isName, isTold, tellsApart } from './list-identity.ts';
import { mergeByPlace } from './merge-by-place.ts';
import { mergeSet } from './merge-declared.ts';
import { isReplacedByBoth, mergeOrder, type OrderConflict } from './merge-order.ts';
import { mergeScalars } from './merge-scalars.ts';
import { itemKeyOf, type ListRule, type SchemaCursor } from './merge-schema.ts';

type List = readonly JsonValue[];
type Texts = readonly string[];
type ItemsById = ReadonlyMap<Identity, JsonValue>;

/** Walks three versions together, and records what can't be merged. */
export class MergeWalk {
  readonly #records: ConflictRecords;

  constructor(records: ConflictRecords) {
    this.#records = records;
  }

  /** The merged value; what is undecided in it is as in the base. */
  value(base: Value, local: Value, remote: Value, schema: SchemaCursor | undefined): Value {
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
        if (isObject(base)) return this.#objects(base, local, remote, schema);
        if (base === undefined) return this.#added(local, remote, () => this.#objects({}, local, remote, schema));
      }
      if (isList(local) && isList(remote)) {
        if (isList(base)) return this.#lists(base, local, remote, schema);
        if (base === undefined) return this.#added(local, remote, () => this.#lists([], local, remote, schema));
      }
    }
    return mergeScalars(base, local, remote, rule, this.#records);
  }

  #objects(base: JsonObject, local: JsonObject, remote: JsonObject, schema: SchemaCursor | undefined): JsonObject {
    const names = Object.keys(base);
    if (areNames(names, Object.keys(local)) && areNames(names, Object.keys(remote))) {
      return this.#fields(names, base, local, remote, schema);
    }
    const { order, conflicts } =
      orderOfOne(base, local, remote) ??
      orderOfOne(base, remote, local) ??
      mergeOrder(names, Object.keys(local), Object.keys(remote));
    const merged: JsonObject = {};
    for (const name of order as readonly string[]) {
      this.#records.location.push(name);
      const value = this.value(own(base, name), own(local, name), own(remote, name), schema?.child(name));
      this.#records.location.pop();
      if (value !== undefined) setOwn(merged, name, value);
    }
    // The order of fields carries no meaning unless the schema says so: a dispute about it is settled without a word.
    if (schema?.rule?.as === 'sections') this.#orders(conflicts, undefined);
    return sharedObject(merged, [base, local, remote]);
  }

  /** Objects that have the same fields in the same order: nothing is made unless there is something new to make. */
  #fields(
    names: readonly string[],
    base: JsonObject,
    local: JsonObject,
    remote: JsonObject,
    schema: SchemaCursor | undefined,
  ): JsonObject {
    let [isBase, isLocal, isRemote] = [true, true, true];
    const values: Value[] = [];
    for (const name of names) {
      const [b, l, r] = [base[name], local[name], remote[name]];
      let value: Value = l;
      if (b === r) value = l;
      else if (b === l) value = r;
      else if (l !== r || schema?.counts) {
        this.#records.location.push(name);
        value = this.value(b, l, r, schema?.child(name));
        this.#records.location.pop();
      }
      isBase &&= value === b;
      isLocal &&= value === l;
      isRemote &&= value === r;
      values.push(value);
    }
    if (isBase) return base;
    if (isLocal) return local;
    if (isRemote) return remote;
    const merged: JsonObject = {};
    for (let at = 0; at < names.length; at++) if (values[at] !== undefined) setOwn(merged, names[at]!, values[at]);
    return merged;
  }

  #lists(base: List, local: List, remote: List, schema: SchemaCursor | undefined): List {
    const settled = settleEqual(base, local, remote, schema?.counts ?? false);
    if (settled !== allDiffer) return settled as List;
    const versions = [base, local, remote];
    const rule = schema?.rule;
    if (rule?.as === 'set') return sharedList(mergeSet(base, local, remote), versions);
    const declared = rule?.as === 'list' && rule.key !== undefined ? itemKeyOf(rule.key) : undefined;
    const key = rule?.as === 'sequence' ? undefined : declared ? only(declared, versions) : findKey(versions);
    let merged: List | undefined;
    if (key !== undefined) merged = this.#items(key, versions, schema, declared !== undefined);
    else if (rule?.as !== 'sequence' && areDistinctTexts(versions))
      merged = this.#texts(base as Texts, local as Texts, remote as Texts);
    else merged = mergeByPlace(base, local, remote);
    const isBroken =
      merged !== undefined &&
      key === undefined &&
      rule?.as === 'list' &&
      breaksByPlace(rule, merged, versions, (item) => declared?.of(item));
    if (merged && !isBroken) return sharedList(merged, versions);
    const name = this.#records.name();
    const reason = isBroken
      ? `what both sides put into ${name} breaks a rule of the list, and not all of its items have an identity`
      : `both sides changed the same stretch of ${name}`;
    this.#records.found.push(
      new StructuralConflict({ ...this.#records.fields(base, local, remote, reason), aspect: 'items' }),
    );
    return base;
  }

  /** Lists whose items have an identity; undefined if both sides renamed the same item. */
  #items(
    key: ItemKey,
    versions: readonly List[],
    schema: SchemaCursor | undefined,
    isDeclared: boolean,
  ): List | undefined {
    const byId = (items: List): ItemsById => new Map(items.map((item) => [key.of(item)!, item]));
    const [inBase, inLocal, inRemote] = versions.map(byId) as [ItemsById, ItemsById, ItemsById];
    const ids = [inBase, inLocal, inRemote].map((items) => [...items.keys()]) as [Identity[], Identity[], Identity[]];
    if (!isDeclared && isName(key) && isReplacedByBoth(...ids)) return undefined;
    // An item that one side removed and the other left as it was is gone.
    const staying = (side: ItemsById, other: ItemsById) =>
      [...side.keys()].filter((id) => other.has(id) || !inBase.has(id) || !jsonEqual(inBase.get(id), side.get(id)));
    const { order, conflicts } = mergeOrder(ids[0], staying(inLocal, inRemote), staying(inRemote, inLocal));
    const before = this.#records.found.length;
    const merged = new Map<Identity, JsonValue>();
    for (const id of order) {
      const item = this.#item(id, [inBase.get(id), inLocal.get(id), inRemote.get(id)], merged.size, key, schema);
      if (item !== undefined) merged.set(id, item);
    }
    if (schema?.rule?.as === 'list') this.#constrain(schema.rule, key, merged, [inBase, inLocal, inRemote], before);
    this.#orders(conflicts, key);
    return [...merged.values()];
  }

  #item(
    id: Identity,
    [base, local, remote]: readonly [Value, Value, Value],
    index: number,
    key: ItemKey,
    schema: SchemaCursor | undefined,
  ): Value {
    const records = this.#records;
    const before = records.found.length;
    const item = local ?? remote;
    const field = key.fieldOf(item);
    records.location.push(field === undefined ? { value: id, index } : { key: field, value: id, index });
    const isWhole = schema === undefined && !isTold(key, item);
    const merged = isWhole
      ? mergeScalars(base, local, remote, undefined, records)
      : this.value(base, local, remote, schema?.child(String(id)));
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

  /** Puts items that break the list's rule together back as they were, as a whole, and records them. */
  #constrain(
    rule: ListRule,
    key: ItemKey,
    merged: Map<Identity, JsonValue>,
    versions: readonly [ItemsById, ItemsById, ItemsById],
    before: number,
  ): void {
    const records = this.#records;
    const groups = holdBack(rule, merged, versions);
    if (groups.length === 0) return;
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
  }

  /** Lists of distinct texts, each its own identity; undefined if both sides replaced the same one. */
  #texts(base: Texts, local: Texts, remote: Texts): List | undefined {
    if (isReplacedByBoth(base, local, remote)) return undefined;
    const inBase = new Set(base);
    const staying = (side: Texts, other: ReadonlySet<string>) =>
      side.filter((text) => other.has(text) || !inBase.has(text));
    const { order, conflicts } = mergeOrder(base, staying(local, new Set(remote)), staying(remote, new Set(local)));
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

const isObject = (value: Value): value is JsonObject => isPlainObject(value);
const isList = (value: Value): value is List => Array.isArray(value);
const own = (object: JsonObject, name: string): Value => (Object.hasOwn(object, name) ? object[name] : undefined);
const areNames = (names: readonly string[], others: readonly string[]) => {
  if (names.length !== others.length) return false;
  for (let at = 0; at < names.length; at++) if (names[at] !== others[at]) return false;
  return true;
};
const only = (key: ItemKey, versions: readonly List[]) => (tellsApart(key, versions) ? key : undefined);
const byText = (a: Identity, b: Identity) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** How a conflict names the key of its items. */
function named(key: ItemKey | undefined): { key?: string | readonly string[] } {
  if (key === undefined || key.fields.length === 0) return {};
  return { key: key.fields.length === 1 ? key.fields[0]! : key.fields };
}

/** The other side's order of fields, where one side has the base's fields in the base's order and edited none that went. */
function orderOfOne(base: JsonObject, one: JsonObject, other: JsonObject): ReturnType<typeof mergeOrder> | undefined {
  const names = Object.keys(base);
  if (!areNames(names, Object.keys(one))) return undefined;
  for (const name of names) {
    if (!Object.hasOwn(other, name) && !jsonEqual(base[name], one[name])) return undefined;
  }
  return { order: Object.keys(other), conflicts: [] };
}

/** The version that the merged object equals, if its parts are that version's own: what did not change stays itself. */
function sharedObject(merged: JsonObject, versions: readonly JsonObject[]): JsonObject {
  const names = Object.keys(merged);
  for (const version of versions) {
    if (!areNames(names, Object.keys(version))) continue;
    if (names.every((name) => own(version, name) === merged[name])) return version;
  }
  return merged;
}

function sharedList(merged: List, versions: readonly List[]): List {
  for (const version of versions) {
    let at = version.length === merged.length ? 0 : -1;
    while (at >= 0 && at < merged.length && version[at] === merged[at]) at++;
    if (at === merged.length) return version;
  }
  return merged;
}
