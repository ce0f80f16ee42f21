import { isPlainObject, type JsonValue } from '../core/json-value.ts';

/** What tells one item of a list from the others. */
export type Identity = string | number;

/** Fields that name a thing, the most telling first: ids that nobody edits, then names that people choose. */
const ids = ['id', '_id', 'uuid', 'guid', 'uid'];
const idFields = [...ids, 'key', 'slug', 'name', 'path', 'url', 'href', 'title', 'version'];
const generated = /(?:^|[_-])(?:id|uid|uuid)$|[a-z](?:Id|ID|Uid|UID|Uuid|UUID)$/;
const idLike = /(?:^|[_-])(?:id|uid|uuid|key|slug|name)$|[a-z](?:Id|ID|Uid|UID|Uuid|UUID|Key|Slug|Name)$/;

/**
 * The field that tells the items of these versions of one list apart, or undefined if there is none: the first id-like
 * one that is in each item, as a text or a number that no other item of its version has.
 */
export function findKey(versions: readonly (readonly JsonValue[])[]): string | undefined {
  const first = versions.find((items) => items.length > 0)?.[0];
  if (!isPlainObject(first)) return undefined;
  const others = Object.keys(first).filter((field) => idLike.test(field) && !idFields.includes(field));
  return [...idFields, ...others.sort()].find((field) =>
    versions.every(
      (items) =>
        items.every((item) => hasId(item, field)) &&
        new Set(items.map((item) => idOf(item, field))).size === items.length,
    ),
  );
}

/** Whether a key is a name that people choose and may change, rather than an id that stays with its item. */
export function isName(key: string): boolean {
  return !ids.includes(key) && !generated.test(key);
}

/** Whether the items are texts, none of which a version holds twice: each is its own identity. */
export function areDistinctTexts(versions: readonly (readonly JsonValue[])[]): boolean {
  return versions.every(
    (items) => items.every((item) => typeof item === 'string') && new Set(items).size === items.length,
  );
}

/** The item with this identity, or -1. */
export function indexOfItem(items: readonly unknown[], key: string, value: Identity): number {
  return items.findIndex((item) => hasId(item, key) && idOf(item, key) === value);
}

function hasId(item: unknown, field: string): boolean {
  return isPlainObject(item) && Object.hasOwn(item, field) && ['string', 'number'].includes(typeof item[field]);
}

/** The identity of an item that has one in this field. */
export const idOf = (item: unknown, field: string) => (item as Record<string, Identity>)[field]!;
