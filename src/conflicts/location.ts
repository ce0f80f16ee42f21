import { InvalidArgumentError } from '../core/errors.ts';
import { childPointer } from '../core/json-pointer.ts';
import { isPlainObject } from '../core/json-value.ts';
import { type Identity, isIdentity } from './list-identity.ts';

/** An item of a list whose items have an identity: found by that, wherever it has moved. */
export interface ItemSegment {
  /** The field that tells the item apart; absent if a function of the schema does. */
  readonly key?: string;
  readonly value: Identity;
  /** Where the item is in the merged list, or would be put. */
  readonly index: number;
}

/** The way from the root to a value: field names, and items of lists. */
export type Location = readonly (string | ItemSegment)[];

/** The location apart from where items stand in their lists: the same in every state. */
export const placeOf = (location: Location) =>
  location.map((segment) => (typeof segment === 'string' ? segment : [segment.key ?? null, segment.value]));

/** The location as a JSON Pointer (RFC 6901); items of lists by their index. */
export function toPointer(location: Location): string {
  return location.reduce<string>(
    (pointer, segment) => childPointer(pointer, typeof segment === 'string' ? segment : segment.index),
    '',
  );
}

/** @throws {@link InvalidArgumentError} if it is not a location as `Conflict.toJSON` writes one. */
export function parseLocation(value: unknown, what: string): Location {
  if (!Array.isArray(value)) throw new InvalidArgumentError(what, 'a list of path segments', value);
  return Object.freeze(
    value.map((segment: unknown, at) => {
      if (typeof segment === 'string') return segment;
      if (isPlainObject(segment)) {
        const { key, value, index } = segment;
        const isKeyed = key === undefined || typeof key === 'string';
        if (isKeyed && isIdentity(value) && Number.isSafeInteger(index) && Number(index) >= 0) {
          return Object.freeze({ ...(key === undefined ? {} : { key }), value, index: Number(index) });
        }
      }
      throw new InvalidArgumentError(`${what}[${at}]`, 'a field name or { key, value, index }', segment);
    }),
  );
}
