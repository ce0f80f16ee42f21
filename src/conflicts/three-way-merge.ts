import { frozenJson, isPlainObject, type JsonObject, type JsonValue, jsonEqual, setOwn } from '../core/json-value.ts';
import { checkVersions } from './check-versions.ts';
import { type Conflict, type ConflictFields, DeletionConflict, FieldConflict, StructuralConflict } from './conflict.ts';
import { areDistinctTexts, findKey, type Identity, idOf, isName } from './list-identity.ts';
import { type ItemSegment, toPointer } from './location.ts';
import { mergeByPlace } from './merge-by-place.ts';
import { isReplacedByBoth, mergeOrder, type OrderConflict } from './merge-order.ts';
import { isBalanced } from './sequence-balance.ts';
import { mergeText, toLines } from './text-merge.ts';
import type { WriteStamp, WriteStamps } from './write-stamp.ts';

/** What {@link threeWayMerge} merges. */
export interface ThreeWayMergeOptions<T> {
  /** The version that both others come from. */
  readonly base: T;
  readonly local: T;
  readonly remote: T;
  /** When and where the local version was written; conflicts carry it to strategies such as last-writer-wins. */
  readonly localStamps?: WriteStamps | undefined;
  readonly remoteStamps?: WriteStamps | undefined;
}

/** What {@link threeWayMerge} gives. */
export interface ThreeWayMergeResult<T> {
  /** All changes that can stand together; what is in conflict stands as in the base. Shares parts with the versions. */
  readonly state: T;
  /** What is left to decide; see `applyResolutions`. */
  readonly conflicts: readonly Conflict[];
}

/**
 * Merges two versions of a JSON value that come from one base: every change of either side is in the state, or in a
 * conflict that holds it (CF5), and nothing else is (CF4).
 *
 * - Objects merge field by field, at any depth, over the fields of all three (CF8).
 * - Lists merge by identity where the items have one: objects with an id-like field, texts of which none occurs twice.
 *   Additions of both sides stay, and an edit survives the other side's move. Other lists merge as sequences (diff3).
 * - Texts of several lines merge by line; any other value is atomic.
 * - A value that both sides added merges if that leaves no conflict inside, and is one conflict otherwise.
 *
 * Equal changes are no conflict (CF1); swapping the sides swaps the sides of the conflicts and nothing else (CF3). Time
 * grows linearly with size for keyed data (CF11). The versions are not changed.
 *
 * @throws {@link InvalidArgumentError} if a version is no JSON value, or nested more than 1,000 deep.
 *
 * @example
 * ```ts
 * const { state, conflicts } = threeWayMerge({
 *   base: { title: 'a', done: false },
 *   local: { title: 'b', done: false },
 *   remote: { title: 'a', done: true },
 * }); // { title: 'b', done: true }, []
 * ```
 */
export function threeWayMerge<T>(options: ThreeWayMergeOptions<T>): ThreeWayMergeResult<T> {
  const { hasUndefined } = checkVersions(options.base, options.local, options.remote);
  const [base, local, remote] = [options.base, options.local, options.remote].map((version): unknown =>
    hasUndefined ? frozenJson(version, 'version') : version,
  ) as [JsonValue, JsonValue, JsonValue];
  const merge = new Merge(options.localStamps, options.remoteStamps);
  const state = merge.value(base, local, remote);
  return { state: state as T, conflicts: Object.freeze(merge.conflicts) };
}

/** A JSON value, or undefined for none. */
type Value = JsonValue | undefined;
type List = readonly JsonValue[];
type Texts = readonly string[];
type ItemsById = ReadonlyMap<Identity, JsonValue>;

/** One run of the merge: walks the three versions together and collects conflicts. */
class Merge {
  readonly conflicts: Conflict[] = [];
  readonly #localStamps: WriteStamps | undefined;
  readonly #remoteStamps: WriteStamps | undefined;
  /** Where the walk is. */
  readonly #location: (string | ItemSegment)[] = [];

  constructor(localStamps: WriteStamps | undefined, remoteStamps: WriteStamps | undefined) {
    this.#localStamps = localStamps;
    this.#remoteStamps = remoteStamps;
  }

  value(base: Value, local: Value, remote: Value): Value {
    if (local === remote || base === remote) return local;
    if (base === local) return remote;
    if (isObject(local) && isObject(remote)) {
      if (isObject(base)) return this.#objects(base, local, remote);
      if (base === undefined) return this.#added(local, remote, () => this.#objects({}, local, remote));
    }
    if (isList(local) && isList(remote)) {
      if (isList(base)) return this.#lists(base, local, remote);
      if (base === undefined) return this.#added(local, remote, () => this.#lists([], local, remote));
    }
    if (jsonEqual(local, remote) || jsonEqual(base, remote)) return local;
    if (jsonEqual(base, local)) return remote;
    if (isText(base) && isText(local) && isText(remote)) {
      const { text, conflicts } = mergeText({ base, local, remote });
      const lines = { base: toLines(base), local: toLines(local), remote: toLines(remote) };
      if (conflicts.length === 0 && isBalanced(lines, toLines(text))) return text;
    }
    return this.#undecided(base, local, remote);
  }

  #objects(base: JsonObject, local: JsonObject, remote: JsonObject): JsonObject {
    // The order of fields carries no meaning, so a dispute about it is settled without a word.
    const order = mergeOrder(Object.keys(base), Object.keys(local), Object.keys(remote)).order as readonly string[];
    const merged: JsonObject = {};
    for (const name of order) {
      this.#location.push(name);
      const value = this.value(own(base, name), own(local, name), own(remote, name));
      this.#location.pop();
      if (value !== undefined) setOwn(merged, name, value);
    }
    return sharedObject(merged, [base, local, remote]);
  }

  #lists(base: List, local: List, remote: List): List {
    const versions = [base, local, remote];
    const key = findKey(versions);
    let merged: List | undefined;
    if (key !== undefined) merged = this.#items(key, base, local, remote);
    else if (jsonEqual(local, remote) || jsonEqual(base, remote)) return local;
    else if (jsonEqual(base, local)) return remote;
    else if (areDistinctTexts(versions)) merged = this.#texts(base as Texts, local as Texts, remote as Texts);
    else merged = mergeByPlace(base, local, remote);
    if (merged) return sharedList(merged, versions);
    const reason = `both sides changed the same stretch of ${this.#name()}`;
    this.conflicts.push(new StructuralConflict({ ...this.#fields(base, local, remote, reason), aspect: 'items' }));
    return base;
  }

  /** Lists whose items are told apart by a field of theirs; undefined if both sides renamed the same item. */
  #items(key: string, base: List, local: List, remote: List): List | undefined {
    const byId = (items: List) => new Map(items.map((item) => [idOf(item, key), item]));
    const [inBase, inLocal, inRemote] = [byId(base), byId(local), byId(remote)];
    if (isName(key) && isReplacedByBoth([...inBase.keys()], [...inLocal.keys()], [...inRemote.keys()]))
      return undefined;
    // An item that one side removed and the other left as it was is gone.
    const staying = (side: ItemsById, other: ItemsById) =>
      [...side.keys()].filter((id) => other.has(id) || !inBase.has(id) || !jsonEqual(inBase.get(id), side.get(id)));
    const { order, conflicts } = mergeOrder([...inBase.keys()], staying(inLocal, inRemote), staying(inRemote, inLocal));
    const merged: JsonValue[] = [];
    for (const id of order) {
      this.#location.push({ key, value: id, index: merged.length });
      const value = this.value(inBase.get(id), inLocal.get(id), inRemote.get(id));
      this.#location.pop();
      if (value !== undefined) merged.push(value);
    }
    this.#orders(conflicts, key);
    return merged;
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

  #orders(conflicts: readonly OrderConflict[], key: string | undefined): void {
    for (const { base, local, remote } of conflicts) {
      const reason = `both sides put the same ${base.length} items of ${this.#name()} in another order, each its own`;
      this.conflicts.push(
        new StructuralConflict({ ...this.#fields(base, local, remote, reason), aspect: 'order', key }),
      );
    }
  }

  /** What both sides added: merged if it fits together, else one conflict, so that no half of it stands in the state. */
  #added(local: JsonValue, remote: JsonValue, merge: () => JsonValue): Value {
    const before = this.conflicts.length;
    const merged = merge();
    if (this.conflicts.length === before) return merged;
    this.conflicts.length = before;
    return this.#undecided(undefined, local, remote);
  }

  /** Records the conflict; what nobody has decided stays as it was. */
  #undecided(base: Value, local: Value, remote: Value): Value {
    const record = (reason: string) => this.#fields(base, local, remote, reason);
    const name = this.#name();
    if (local === undefined || remote === undefined) {
      const [removing, changing] = local === undefined ? ['local', 'remote'] : ['remote', 'local'];
      this.conflicts.push(new DeletionConflict(record(`${removing} removed ${name}, ${changing} changed it`)));
    } else if (shapeOf(local) !== shapeOf(remote)) {
      const shapes = [shapeOf(local), shapeOf(remote)].sort().join(' and ');
      const reason = `the sides made ${name} different kinds of value: ${shapes}`;
      this.conflicts.push(new StructuralConflict({ ...record(reason), aspect: 'kind' }));
    } else {
      const what = base === undefined ? 'added' : 'changed';
      this.conflicts.push(new FieldConflict(record(`both sides ${what} ${name}, each in its own way`)));
    }
    return base;
  }

  #fields(baseValue: Value, localValue: Value, remoteValue: Value, reason: string): ConflictFields {
    const path = toPointer(this.#location);
    const stamp = (stamps: WriteStamps | undefined): WriteStamp | undefined =>
      typeof stamps === 'function' ? stamps(path) : stamps;
    return {
      location: this.#location,
      baseValue,
      localValue,
      remoteValue,
      reason,
      localStamp: stamp(this.#localStamps),
      remoteStamp: stamp(this.#remoteStamps),
    };
  }

  #name(): string {
    const last = this.#location.at(-1);
    if (last === undefined) return 'the whole value';
    return typeof last === 'string' ? `"${last}"` : `the item with ${last.key} ${JSON.stringify(last.value)}`;
  }
}

const isObject = (value: Value): value is JsonObject => isPlainObject(value);
const isList = (value: Value): value is List => Array.isArray(value);
const isText = (value: Value): value is string => typeof value === 'string' && value.includes('\n');
const own = (object: JsonObject, name: string): Value => (Object.hasOwn(object, name) ? object[name] : undefined);
const shapeOf = (value: JsonValue) => (isList(value) ? 'an array' : isObject(value) ? 'an object' : 'a plain value');

/** The version that the merged object equals, if its parts are that version's own: what did not change stays itself. */
function sharedObject(merged: JsonObject, versions: readonly JsonObject[]): JsonObject {
  const names = Object.keys(merged);
  const isSame = (version: JsonObject) =>
    Object.keys(version).length === names.length && names.every((name) => own(version, name) === merged[name]);
  return versions.find(isSame) ?? merged;
}

function sharedList(merged: List, versions: readonly List[]): List {
  const isSame = (version: List) =>
    version.length === merged.length && merged.every((item, at) => item === version[at]);
  return versions.find(isSame) ?? merged;
}
