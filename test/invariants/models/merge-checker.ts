import type { Conflict } from '../../../src/conflicts/conflict.ts';
import { StructuralConflict } from '../../../src/conflicts/conflict.ts';
import { findKey } from '../../../src/conflicts/list-identity.ts';
import { isPlainObject, type JsonObject, type JsonValue, jsonEqual } from '../../../src/core/json-value.ts';

type Value = JsonValue | undefined;
type List = readonly JsonValue[];
type Id = string | number;

/**
 * Judges the outcome of a merge without merging: walks the three versions and the state side by side, and says what was
 * lost (CF5), what was invented (CF4), and which conflict record does not hold what it should.
 */
export function checkMerge(
  versions: { readonly base: unknown; readonly local: unknown; readonly remote: unknown },
  outcome: { readonly state: unknown; readonly conflicts: readonly Conflict[] },
): { losses: string[]; inventions: string[] } {
  const checker = new Checker(outcome.conflicts);
  checker.walk([], outcome.state as Value, versions.base as Value, versions.local as Value, versions.remote as Value);
  return {
    losses: checker.losses,
    inventions: inventions('', outcome.state as Value, Object.values(versions) as Value[]),
  };
}

class Checker {
  readonly losses: string[] = [];
  readonly #conflicts = new Map<string, Conflict[]>();

  constructor(conflicts: readonly Conflict[]) {
    for (const conflict of conflicts) {
      const place = placeOf(conflict.location.map((part) => (typeof part === 'string' ? part : [null, part.value])));
      this.#conflicts.set(place, [...(this.#conflicts.get(place) ?? []), conflict]);
    }
  }

  walk(path: readonly unknown[], state: Value, base: Value, local: Value, remote: Value): void {
    const here = placeOf(path);
    const lost = (what: string) => this.losses.push(`${here}: ${what}`);
    const conflicts = this.#conflicts.get(here) ?? [];
    const orders = conflicts.filter(
      (conflict) => conflict instanceof StructuralConflict && conflict.aspect === 'order',
    );
    const groups = conflicts.filter(isAboutItems);
    const conflict = conflicts.find((each) => !orders.includes(each) && !isAboutItems(each));
    if (conflict) {
      if (!same(conflict.baseValue, base) || !same(conflict.localValue, local) || !same(conflict.remoteValue, remote)) {
        lost('the conflict does not hold the three values');
      }
      if (!same(state, base)) lost('what is undecided is not as in the base');
      if (same(local, remote) || same(base, local) || same(base, remote)) lost('the conflict is none');
      return;
    }
    if (same(local, remote) || same(base, remote)) {
      if (!same(state, local)) lost('the local change is missing');
    } else if (same(base, local)) {
      if (!same(state, remote)) lost('the remote change is missing');
    } else if (isPlainObject(local) && isPlainObject(remote) && (base === undefined || isPlainObject(base))) {
      if (!isPlainObject(state)) return void lost('the object is missing');
      const all = [state, base ?? {}, local, remote] as readonly JsonObject[];
      for (const name of new Set(all.flatMap((version) => Object.keys(version)))) {
        const [ofState, ofBase, ofLocal, ofRemote] = all.map((version) => own(version, name));
        this.walk([...path, name], ofState, ofBase, ofLocal, ofRemote);
      }
    } else if (Array.isArray(local) && Array.isArray(remote) && (base === undefined || Array.isArray(base))) {
      if (!Array.isArray(state)) return void lost('the list is missing');
      this.#list(path, state, (base ?? []) as List, local, remote, orders, groups, lost);
    } else if ([base, local, remote].every((value) => typeof value === 'string' && value.includes('\n'))) {
      const [ofState, ...others] = [state, base, local, remote].map((text) => String(text).split(/(?<=\n)/));
      counts(ofState!, others[0]!, others[1]!, others[2]!, lost);
    } else lost('both sides changed it, and no conflict says so');
  }

  #list(
    path: readonly unknown[],
    state: List,
    base: List,
    local: List,
    remote: List,
    orders: readonly Conflict[],
    groups: readonly GroupConflict[],
    lost: (what: string) => void,
  ): void {
    const key = findKey([base, local, remote]);
    const isTexts = [base, local, remote].every(
      (list) => list.every((item) => typeof item === 'string') && new Set(list).size === list.length,
    );
    if (key === undefined && !isTexts) return void counts(state, base, local, remote, lost);
    const idOf = (item: JsonValue) => (key === undefined ? item : key.of(item)) as Id;
    const maps = [state, base, local, remote].map((list) => new Map(list.map((item) => [idOf(item), item])));
    if (maps[0]!.size !== state.length) lost('an item stands twice');
    const held = new Set(groups.flatMap((group) => group.items));
    for (const { items, baseValue, localValue, remoteValue } of groups) {
      const wanted = maps.slice(1).map((map) => items.flatMap((id) => (map.has(id) ? [map.get(id)!] : [])));
      for (const [at, value] of [baseValue, localValue, remoteValue].entries()) {
        const isHeld = Array.isArray(value) && sameMembers(value, wanted[at]!);
        if (!isHeld) lost('the conflict about items does not hold them');
      }
    }
    for (const id of new Set(maps.flatMap((map) => [...map.keys()]))) {
      if (held.has(id)) {
        if (!same(maps[0]!.get(id), maps[1]!.get(id))) lost(`${id} is in dispute and not as in the base`);
        continue;
      }
      const [ofState, ofBase, ofLocal, ofRemote] = maps.map((map) => map.get(id));
      this.walk([...path, key === undefined ? id : [null, id]], ofState, ofBase, ofLocal, ofRemote);
    }
    const rows = [state, base, local, remote].map((list) => list.map(idOf));
    for (const conflict of orders) {
      const ids = new Set(conflict.baseValue as readonly Id[]);
      const [, ofBase, ofLocal, ofRemote] = rows.map((row) => row.filter((id) => ids.has(id)));
      if (!same(conflict.localValue, ofLocal!) || !same(conflict.remoteValue, ofRemote!))
        lost('an order is not recorded');
      if (!same(conflict.baseValue, ofBase!)) lost('the base order is not recorded');
    }
    const common = rows[0]!.filter((id) => maps.every((map) => map.has(id)));
    const isCommon = new Set(common);
    const isOneOrder = rows.every((row) =>
      same(
        row.filter((id) => isCommon.has(id)),
        common,
      ),
    );
    if (isOneOrder) return;
    const places = rows.map((row) => new Map(row.map((id, at) => [id, at])));
    for (const [at, x] of common.entries()) {
      for (const y of common.slice(at + 1)) {
        const isBefore = places.map((place) => place.get(x)! < place.get(y)!);
        const [, inBase, inLocal, inRemote] = isBefore;
        const isDisputed = orders.some((conflict) => [x, y].every((id) => (conflict.baseValue as List).includes(id)));
        // x stands before y in the state.
        const wanted = isDisputed ? inBase : inLocal === inRemote ? inLocal : !inBase;
        if (!wanted) lost(`the order of ${x} and ${y} is not the changed one`);
      }
    }
  }
}

/** For what can only be counted: a change of one side that the other does not work against shows in the number. */
function counts(state: List, base: List, local: List, remote: List, lost: (what: string) => void): void {
  const [ofState, ofBase, ofLocal, ofRemote] = [state, base, local, remote].map((list) => {
    const all = new Map<string, number>();
    for (const item of list) all.set(stable(item), (all.get(stable(item)) ?? 0) + 1);
    return (item: string) => all.get(item) ?? 0;
  }) as [(item: string) => number, ...((item: string) => number)[]] as ((item: string) => number)[];
  for (const item of new Set([...state, ...base, ...local, ...remote].map(stable))) {
    const [s, b, l, r] = [ofState!(item), ofBase!(item), ofLocal!(item), ofRemote!(item)];
    if (l >= b && r >= b && s < Math.max(l, r)) lost(`${item} was added and is missing`);
    if (l <= b && r <= b && s > Math.min(l, r)) lost(`${item} was removed and is still there`);
  }
}

/** What stands in the state and in none of the versions at its place. */
function inventions(path: string, state: Value, versions: readonly Value[]): string[] {
  if (state === undefined || versions.some((version) => same(version, state))) return [];
  const invented = [`${path}: ${JSON.stringify(state)}`];
  if (isPlainObject(state)) {
    const objects = versions.filter(isPlainObject) as JsonObject[];
    if (objects.length === 0) return invented;
    return Object.keys(state).flatMap((name) =>
      inventions(
        `${path}/${name}`,
        own(state as JsonObject, name),
        objects.map((object) => own(object, name)),
      ),
    );
  }
  if (Array.isArray(state)) {
    const lists = versions.filter((version) => Array.isArray(version)) as List[];
    if (lists.length === 0) return invented;
    const key = findKey(lists);
    if (key === undefined) {
      const known = new Set(lists.flat().map(stable));
      return (state as List).filter((item) => !known.has(stable(item))).map((item) => `${path}: ${stable(item)}`);
    }
    const idOf = (item: JsonValue) => key.of(item)!;
    const maps = lists.map((list) => new Map(list.map((item) => [idOf(item), item])));
    return (state as List).flatMap((item) =>
      inventions(
        `${path}/${idOf(item)}`,
        item,
        maps.map((map) => map.get(idOf(item))),
      ),
    );
  }
  if (typeof state === 'string' && state.includes('\n')) {
    const known = new Set(versions.flatMap((version) => String(version).split('\n')));
    return state.split('\n').every((line) => known.has(line)) ? [] : invented;
  }
  return invented;
}

type GroupConflict = Conflict & { readonly items: readonly Id[] };
const isAboutItems = (conflict: Conflict): conflict is GroupConflict =>
  'items' in conflict && conflict.items !== undefined;
const sameMembers = (a: List, b: List) => same(a.map(stable).sort(), b.map(stable).sort());

const placeOf = (path: readonly unknown[]) => JSON.stringify(path);
const stable = (value: JsonValue): string =>
  JSON.stringify(value, (_, part) =>
    isPlainObject(part)
      ? Object.keys(part)
          .sort()
          .map((name) => [name, part[name]])
      : part,
  );
const same = (a: Value, b: Value) => jsonEqual(a, b);
const own = (object: JsonObject, name: string): Value => (Object.hasOwn(object, name) ? object[name] : undefined);
