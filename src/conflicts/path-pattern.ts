import { InvalidArgumentError } from '../core/errors.ts';
import { parsePointer } from '../core/json-pointer.ts';
import type { Location } from './location.ts';

/**
 * A JSON Pointer (RFC 6901) in which `*` stands for any one field or item of a list, and `**` for any number of them, none
 * too: `/tasks/*` is each task, `/tasks/**` all that is in them. An item of a list is named by its identity.
 */
export type PathPattern = string;

/** @throws {@link InvalidArgumentError} if it is no JSON Pointer. */
export function parsePattern(pattern: PathPattern, what: string): readonly string[] {
  const parts = typeof pattern === 'string' ? parsePointer(pattern) : undefined;
  if (parts) return parts;
  throw new InvalidArgumentError(what, 'a JSON Pointer, in which * and ** are wild, such as /tasks/*/title', pattern);
}

/** Where in the parts of a pattern a path is that came to `places` and goes on by this name. */
export function advance(parts: readonly string[], places: readonly number[], name: string): number[] {
  const next = new Set<number>();
  for (const place of withSkips(parts, places)) {
    if (parts[place] === '**') next.add(place);
    else if (parts[place] === '*' || parts[place] === name) next.add(place + 1);
  }
  return [...next];
}

/** Whether a path that came to these places has come to the end of the pattern. */
export const isAtEnd = (parts: readonly string[], places: readonly number[]) =>
  withSkips(parts, places).includes(parts.length);

/** `**` may stand for nothing. */
function withSkips(parts: readonly string[], places: readonly number[]): number[] {
  const all = [...places];
  for (const place of all) if (parts[place] === '**') all.push(place + 1);
  return all;
}

/** Whether a location is one of those that the pattern means. */
export function matchesPattern(parts: readonly string[], location: Location): boolean {
  let places = [0];
  for (const segment of location) {
    places = advance(parts, places, typeof segment === 'string' ? segment : String(segment.value));
    if (places.length === 0) return false;
  }
  return isAtEnd(parts, places);
}
