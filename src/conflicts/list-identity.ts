import { isPlainObject, type JsonValue } from '../core/json-value.ts';

/** What tells one item of a list from the others. */
export type Identity = string | number;

/** How the items of a list are told apart. */
export interface ItemKey {
  /** The fields in question: an item is told by the first of them that it has. None if a function tells items apart. */
  readonly fields: readonly string[];
  /** The identity of an item; undefined if it has none. */
  of(item: unknown): Identity | undefined;
  /** The field that tells this item apart; undefined if a function does. */
  fieldOf(item: unknown): string | undefined;
}

type List = readonly JsonValue[];

/** Fields that name a thing, the most telling first: ids that nobody edits, then names that people choose. */
const ids = ['id', '_id', 'uuid', 'guid', 'uid'];
const idFields = [...ids, 'key', 'slug', 'name', 'path', 'url', 'href', 'title', 'version'];
const generated = /(?:^|[_-])(?:id|uid|uuid)$|[a-z](?:Id|ID|Uid|UID|Uuid|UUID)$/;
const idLike = /(?:^|[_-])(?:id|uid|uuid|key|slug|name)$|[a-z](?:Id|ID|Uid|UID|Uuid|UUID|Key|Slug|Name)$/;
const url = /^[a-z][a-z\d+.-]*:\/\/\S+$/i;
const severalWords = /\S\s+\S/;

/** Items told apart by the first of these fields that they have. */
export const keyByFields = (fields: readonly string[]): ItemKey => new KeyByFields(fields);

class KeyByFields implements ItemKey {
  readonly fields: readonly string[];

  constructor(fields: readonly string[]) {
    this.fields = fields;
  }

  of(item: unknown): Identity | undefined {
    const field = this.fieldOf(item);
    return field === undefined ? undefined : (item as Record<string, Identity>)[field];
  }

  fieldOf(item: unknown): string | undefined {
    for (const field of this.fields) if (hasId(item, field)) return field;
    return undefined;
  }
}

/**
 * How the items of these versions of one list are told apart, or undefined if nothing does it: the first id-like field
 * that is in each item, as a text or a number that no other item of its version has; else a few fields that together
 * reach each item: id-like ones, and those whose values are URLs or texts of several words.
 *
 * @param edited - The items that are not the same in all versions, if it is known that all others are, at the same places.
 */
export function findKey(versions: readonly List[], edited?: readonly List[]): ItemKey | undefined {
  const first = versions.find((items) => items.length > 0)?.[0];
  if (!isPlainObject(first)) return undefined;
  const others = Object.keys(first).filter((field) => idLike.test(field) && !idFields.includes(field));
  for (const field of [...idFields, ...others.sort()]) {
    if (!hasId(first, field)) continue;
    const key = keyByFields([field]);
    if (tellsApart(key, versions, edited)) return key;
  }
  // A URL that each item has comes before all other fields: the usual case, found without counting.
  for (const field of Object.keys(first).sort()) {
    if (isNamed(field) || !isUrl(first[field])) continue;
    const key = keyByFields([field]);
    if (tellsApart(key, versions, edited) && versions.every((items) => items.every((item) => isUrl(key.of(item)))))
      return key;
  }
  return findFields(versions);
}

/**
 * Whether the key gives each item of each version an identity of its own, and by the same field in each: an `id` "a" and a
 * `name` "a" are not one thing. `edited` as in {@link findKey}.
 */
export function tellsApart(key: ItemKey, versions: readonly List[], edited?: readonly List[]): boolean {
  const apart = edited && haveSameIds(key, edited) ? versions.slice(0, 1) : versions;
  const isUnique = apart.every((items) => {
    const seen = new Set<Identity>();
    for (const item of items) {
      const id = key.of(item);
      if (id === undefined) return false;
      seen.add(id);
    }
    return seen.size === items.length;
  });
  if (!isUnique || key.fields.length < 2) return isUnique;
  const fields = new Map<Identity, string | undefined>();
  return [...apart, ...(edited ?? [])].flat().every((item) => {
    const [id, field] = [key.of(item)!, key.fieldOf(item)];
    if (!fields.has(id)) fields.set(id, field);
    return fields.get(id) === field;
  });
}

/** How a conflict names the key of its items. */
export function named(key: ItemKey | undefined): { key?: string | readonly string[] } {
  if (key === undefined || key.fields.length === 0) return {};
  return { key: key.fields.length === 1 ? key.fields[0]! : key.fields };
}

/** Whether lists of one length have the same identities in the same order. */
export function haveSameIds(key: ItemKey, versions: readonly List[]): boolean {
  const [first, ...others] = versions;
  return first!.every((item, at) => {
    const id = key.of(item);
    return others.every((items) => key.of(items[at]) === id);
  });
}

/** Fields, the one that most items have first, of which each item has one, and which never disagree about an item. */
function findFields(versions: readonly List[]): ItemKey | undefined {
  const items = versions.flat();
  if (!items.every(isPlainObject)) return undefined;
  const ranks = new Map<string, number>();
  const isUseful = (field: string) => {
    const rank = ranks.get(field) ?? rankOf(field, versions);
    ranks.set(field, rank);
    return rank < useless;
  };
  // Each item must have one of the fields, so the first too: here most lists without a key are given up.
  if (!Object.keys(items[0]!).some(isUseful)) return undefined;
  const reach = new Map<string, number>();
  for (const item of items) {
    for (const field of Object.keys(item as object)) {
      if (isUseful(field)) reach.set(field, (reach.get(field) ?? 0) + 1);
    }
  }
  const candidates = [...reach]
    .map(([field, count]) => ({ field, count, rank: ranks.get(field)! }))
    .sort((a, b) => a.rank - b.rank || b.count - a.count || (a.field < b.field ? -1 : 1));
  const fields: string[] = [];
  let left: readonly JsonValue[] = items;
  for (const { field } of candidates) {
    const rest = left.filter((item) => !hasId(item, field));
    if (rest.length === left.length) continue;
    fields.push(field);
    left = rest;
    if (left.length === 0) break;
  }
  const key = keyByFields(fields);
  return left.length === 0 && isConsistent(key, items) && tellsApart(key, versions) ? key : undefined;
}

const isNamed = (field: string) => idFields.includes(field) || idLike.test(field);
const isUrl = (value: unknown) => typeof value === 'string' && url.test(value);
const isProse = (value: unknown) => typeof value === 'string' && severalWords.test(value);

const useless = 2;

/** Fields that are called like an id or hold URLs come before those that hold prose. Others, and what repeats, are useless. */
function rankOf(field: string, versions: readonly List[]): number {
  const tests = isNamed(field) ? [isIdentity] : [isUrl, isProse];
  const rank = tests.findIndex((isTelling) => versions.every((items) => isUnique(field, items, isTelling)));
  return rank < 0 ? useless : rank;
}

function isUnique(field: string, items: List, isTelling: (value: unknown) => boolean): boolean {
  const seen = new Set<unknown>();
  let count = 0;
  for (const item of items) {
    if (!Object.hasOwn(item as object, field)) continue;
    const value = (item as Record<string, unknown>)[field];
    if (!isTelling(value)) return false;
    seen.add(value);
    count++;
  }
  return seen.size === count;
}

/** Whether a value that tells an item apart is, in whatever field and version, that item's alone. */
function isConsistent(key: ItemKey, items: List): boolean {
  const owners = new Map<unknown, Identity>();
  return items.every((item) => {
    const id = key.of(item)!;
    return key.fields.every((field) => {
      if (!hasId(item, field)) return true;
      const value = (item as Record<string, unknown>)[field];
      const owner = owners.get(value) ?? id;
      owners.set(value, owner);
      return owner === id;
    });
  });
}

/** Whether a key is made of names that people choose and may change, rather than ids that stay with their items. */
export function isName(key: ItemKey): boolean {
  return !key.fields.every((field) => ids.includes(field) || generated.test(field));
}

/**
 * Whether this item is told apart by prose alone: two items that share it need not be one thing, so they are never mixed
 * field by field.
 */
export function isTold(key: ItemKey, item: unknown): boolean {
  const field = key.fieldOf(item);
  return field === undefined || isNamed(field) || isUrl((item as Record<string, unknown>)[field]);
}

/** Whether the items are texts, none of which a version holds twice: each is its own identity. */
export function areDistinctTexts(versions: readonly List[]): boolean {
  return versions.every(
    (items) => items.every((item) => typeof item === 'string') && new Set(items).size === items.length,
  );
}

function hasId(item: unknown, field: string): boolean {
  if (!isPlainObject(item) || !Object.hasOwn(item, field)) return false;
  return isIdentity(item[field]);
}

/** Whether a value can tell an item apart. */
export const isIdentity = (value: unknown): value is Identity => typeof value === 'string' || typeof value === 'number';
