import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject } from '../core/json-value.ts';
import { isJson, isJsonScalar, maxDepth, refuseUnsound } from './check-versions.ts';

/**
 * How three versions of a value differ, as far as it takes not to look twice at what is the same in all three, to the
 * byte of its JSON text.
 */
export interface Difference {
  /** Of three objects, the fields that are not the same; of other values none. */
  readonly fields: ReadonlyMap<string, Difference>;
  /** Of three objects, the names of each, unless they are the same in the same order. */
  readonly names: readonly [base: string[], local: string[], remote: string[]] | undefined;
  /** Of three lists of one length, the items that are not the same, by index and in order; of other values none. */
  readonly items: ReadonlyMap<number, Difference> | undefined;
  /** Of three lists, how many items are the same from the start on; of other values 0. */
  readonly head: number;
  /** How many of the others are the same up to the end. */
  readonly tail: number;
}

const unlike: Difference = { fields: new Map(), names: undefined, items: undefined, head: 0, tail: 0 };

/**
 * Compares three versions by place and checks them, in one walk: what nobody changed is looked at once.
 *
 * Refused is what JSON would not keep as it is: two different dates have the same keys, namely none, and one of them would
 * be lost. Objects that all three versions share are not looked into: nobody changed them, and they cost nothing (CF11).
 *
 * @returns The difference, if there is one, and whether a field is `undefined`: absent, as in JSON, but not yet equal to
 * its absence.
 * @throws {@link InvalidArgumentError} naming the version and the path.
 */
export function compareVersions(
  base: unknown,
  local: unknown,
  remote: unknown,
): { readonly difference: Difference | undefined; readonly hasUndefined: boolean } {
  const comparison = new Comparison();
  try {
    return { difference: comparison.of(base, local, remote, 1, false), hasUndefined: comparison.hasUndefined };
  } catch (error) {
    if (error instanceof InvalidArgumentError) refuseUnsound(base, local, remote);
    throw error;
  }
}

/** How versions differ that are checked already; undefined if they are the same. */
export const differenceOf = (base: unknown, local: unknown, remote: unknown): Difference | undefined =>
  new Comparison().of(base, local, remote, 1, false);

type Fields = Readonly<Record<string, unknown>>;
type Items = readonly unknown[];

class Comparison {
  hasUndefined = false;

  /** @param isBrief - Whether to end at the first difference: then only what is the same is checked. */
  of(base: unknown, local: unknown, remote: unknown, depth: number, isBrief: boolean): Difference | undefined {
    const isOne = base === local && base === remote;
    if (isOne && typeof base === 'object') return undefined;
    if (typeof base === 'object' && depth <= maxDepth) {
      if (isPlainObject(base)) {
        if (isPlainObject(local) && isPlainObject(remote)) return this.#fields(base, local, remote, depth, isBrief);
      } else if (Array.isArray(base) && Array.isArray(local) && Array.isArray(remote)) {
        return this.#items(base, local, remote, depth, isBrief);
      }
    }
    if (isOne || !isBrief) this.#check(base, local, remote, depth);
    return isOne ? undefined : unlike;
  }

  #fields(base: Fields, local: Fields, remote: Fields, depth: number, isBrief: boolean): Difference | undefined {
    const names = Object.keys(base);
    const ofLocal = Object.keys(local);
    const ofRemote = Object.keys(remote);
    const isLocalAlike = areSame(names, ofLocal);
    const isRemoteAlike = areSame(names, ofRemote);
    if (isBrief && !(isLocalAlike && isRemoteAlike)) return unlike;
    let fields: Map<string, Difference> | undefined;
    for (const name of names) {
      if (!name.isWellFormed()) throw unsound(name);
      const b = base[name];
      const l = local[name];
      const r = remote[name];
      const isInAll = (isLocalAlike || Object.hasOwn(local, name)) && (isRemoteAlike || Object.hasOwn(remote, name));
      if (b === l && b === r && isInAll && (typeof b === 'object' || isJsonScalar(b))) continue;
      const difference =
        isInAll && b !== undefined && l !== undefined && r !== undefined
          ? this.of(b, l, r, depth + 1, isBrief)
          : this.#inSome(name, base, local, remote, depth);
      if (difference === undefined) continue;
      if (isBrief) return unlike;
      fields ??= new Map();
      fields.set(name, difference);
    }
    if (isLocalAlike && isRemoteAlike) return fields && { ...unlike, fields };
    fields ??= new Map();
    for (const added of [isLocalAlike ? [] : ofLocal, isRemoteAlike ? [] : ofRemote]) {
      for (const name of added) {
        if (Object.hasOwn(base, name) || fields.has(name)) continue;
        if (!name.isWellFormed()) throw unsound(name);
        fields.set(name, this.#inSome(name, base, local, remote, depth));
      }
    }
    return { ...unlike, fields, names: [names, ofLocal, ofRemote] };
  }

  /** A field that one of the versions lacks, or that is `undefined` there. */
  #inSome(name: string, base: Fields, local: Fields, remote: Fields, depth: number): Difference {
    for (const version of [base, local, remote]) {
      if (!Object.hasOwn(version, name)) continue;
      if (version[name] === undefined) this.hasUndefined = true;
      else this.#checkOne(version[name], undefined, undefined, depth + 1);
    }
    return unlike;
  }

  #items(base: Items, local: Items, remote: Items, depth: number, isBrief: boolean): Difference | undefined {
    const shortest = Math.min(base.length, local.length, remote.length);
    if (base.length === shortest && local.length === shortest && remote.length === shortest) {
      return this.#pairs(base, local, remote, depth, isBrief);
    }
    if (isBrief) return unlike;
    let head = 0;
    while (head < shortest && !this.of(base[head], local[head], remote[head], depth + 1, true)) head++;
    let tail = 0;
    while (
      tail < shortest - head &&
      !this.of(base.at(-1 - tail), local.at(-1 - tail), remote.at(-1 - tail), depth + 1, true)
    ) {
      tail++;
    }
    for (let at = head; at < Math.max(base.length, local.length, remote.length) - tail; at++) {
      if (at < base.length - tail) this.#checkOne(base[at], local[at], remote[at], depth + 1);
      if (at < local.length - tail) this.#checkOne(local[at], base[at], remote[at], depth + 1);
      if (at < remote.length - tail) this.#checkOne(remote[at], base[at], local[at], depth + 1);
    }
    return { ...unlike, head, tail };
  }

  /** Lists of one length, item by item: it is likely that items were edited in place. */
  #pairs(base: Items, local: Items, remote: Items, depth: number, isBrief: boolean): Difference | undefined {
    let items: Map<number, Difference> | undefined;
    let head = 0;
    let last = 0;
    for (let at = 0; at < base.length; at++) {
      const difference = this.of(base[at], local[at], remote[at], depth + 1, isBrief);
      if (difference === undefined) continue;
      if (isBrief) return unlike;
      if (items === undefined) head = at;
      items ??= new Map();
      items.set(at, difference);
      last = at;
    }
    return items && { ...unlike, items, head, tail: base.length - 1 - last };
  }

  #check(base: unknown, local: unknown, remote: unknown, depth: number): void {
    this.#checkOne(base, local, remote, depth);
    if (local !== base) this.#checkOne(local, base, remote, depth);
    if (remote !== base) this.#checkOne(remote, base, local, depth);
  }

  #checkOne(value: unknown, second: unknown, third: unknown, depth: number): void {
    if (!isJson(value, second, third, depth, this)) throw unsound(value);
  }
}

/** Whether two lists hold the same names, or other identities, in the same order. */
export const areSame = <T extends string | number>(names: readonly T[], others: readonly T[]) => {
  if (names.length !== others.length) return false;
  for (let at = 0; at < names.length; at++) if (names[at] !== others[at]) return false;
  return true;
};

const unsound = (value: unknown) => new InvalidArgumentError('versions', 'JSON values', value);
