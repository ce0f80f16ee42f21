import { type ArgumentName, spelled } from '../core/argument-name.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import type { EventQuery, EventQueryItem } from '../core/event-query.ts';

/** Streams, event types, event ids and the names of subscriptions and folds are at most this many UTF-16 code units. */
const maxNameLength = 255;

/**
 * The name, if every storage can hold it and find it again (ES11).
 *
 * @throws {@link InvalidArgumentError} for what is empty, too long, contains NUL or is not well-formed Unicode.
 */
export function checkName(name: string, what: ArgumentName): string {
  if (typeof name !== 'string' || name.length === 0 || name.length > maxNameLength) {
    throw new InvalidArgumentError(spelled(what), `text of 1 to ${maxNameLength} characters`, name);
  }
  if (name.includes('\0') || !name.isWellFormed()) {
    throw new InvalidArgumentError(spelled(what), 'well-formed Unicode text without NUL', name);
  }
  return name;
}

const maxTags = 64;

/**
 * Tags as they are stored: each once, in ascending order.
 *
 * @throws {@link InvalidArgumentError} for what is not a list of at most 64 names.
 */
export function checkTags(tags: readonly string[], what: ArgumentName): readonly string[] {
  if (!Array.isArray(tags)) throw new InvalidArgumentError(spelled(what), 'an array of tags', tags);
  if (tags.length === 0) return noTags;
  const distinct = new Set(tags.map((tag: string, index) => checkName(tag, () => `${spelled(what)}[${index}]`)));
  if (distinct.size > maxTags) throw new InvalidArgumentError(spelled(what), `at most ${maxTags} tags`, tags);
  return Object.freeze([...distinct].sort());
}

export const noTags: readonly string[] = Object.freeze([]);

/** @throws {@link InvalidArgumentError} for anything but a query that can match something. */
export function checkQuery(query: EventQuery, what: string): EventQuery {
  if (!Array.isArray(query) || query.length === 0) {
    throw new InvalidArgumentError(what, 'an array of at least one query item', query);
  }
  return query.map((item: EventQueryItem, index) => {
    const path = `${what}[${index}]`;
    if (typeof item !== 'object' || item === null) throw new InvalidArgumentError(path, 'a query item', item);
    const { types, tags } = item;
    for (const [name, list] of [
      ['types', types],
      ['tags', tags],
    ] as const) {
      if (list === undefined) continue;
      if (!Array.isArray(list) || list.length === 0) {
        throw new InvalidArgumentError(`${path}.${name}`, 'an array of at least one name, or nothing', list);
      }
      for (const [at, value] of list.entries()) checkName(value, `${path}.${name}[${at}]`);
    }
    return { ...(types && { types: [...new Set(types)] }), ...(tags && { tags: [...checkTags(tags, path)] }) };
  });
}
