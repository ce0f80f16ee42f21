import { InvalidArgumentError } from './errors.ts';

/** Any value that JSON can hold and give back unchanged. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** An object of JSON values. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Whether a value is an object with string keys rather than an array, a class instance or null. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** Sets a key as an own property, so that `__proto__` and its like are data and never reach a prototype. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    (target as Record<string, unknown>)[key] = value;
  }
}

/** Deeper nesting is refused: what walks a value by recursion must not run out of stack. */
const maxJsonDepth = 1000;

/**
 * A deep, frozen copy of a JSON value: nobody who holds the original can change it.
 *
 * Fields whose value is `undefined` are left out, as in JSON; -0 becomes 0.
 *
 * @param what - Name of the argument, for the message.
 * @throws {@link InvalidArgumentError} for what JSON would drop or change: functions, class instances (Date, Map),
 * bigint, NaN, infinities, lone surrogates, holes, cycles; and for more than 1,000 levels. The message
 * names the path.
 */
export function frozenJson<T>(value: T, what: string): T {
  return copy(value, { what, keys: [], ancestors: [] }) as T;
}

/** Where the copying is: spelled out only when something is wrong. */
interface Trail {
  readonly what: string;
  readonly keys: (string | number)[];
  readonly ancestors: object[];
}

function copy(value: unknown, trail: Trail): unknown {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      if (!value.isWellFormed()) throw refused(trail, 'well-formed Unicode text', value);
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw refused(trail, 'a finite number', value);
      return value === 0 ? 0 : value;
    case 'object':
      return value === null ? null : copyObject(value, trail);
    default:
      throw refused(trail, 'a JSON value', value);
  }
}

function copyObject(value: object, trail: Trail): object {
  const { keys, ancestors } = trail;
  if (ancestors.length >= maxJsonDepth) {
    if (ancestors.includes(value)) throw refused(trail, 'a JSON value without cycles', value);
    throw refused({ ...trail, keys: [] }, `at most ${maxJsonDepth} levels of nesting`, value);
  }
  ancestors.push(value);
  let result: object;
  if (Array.isArray(value)) {
    const items = new Array<unknown>(value.length);
    for (let index = 0; index < value.length; index++) {
      keys.push(index);
      items[index] = copy(value[index], trail);
      keys.pop();
    }
    result = items;
  } else if (isPlainObject(value)) {
    result = {};
    for (const key of Object.keys(value)) {
      if (!key.isWellFormed()) throw refused(trail, 'well-formed Unicode keys', key);
      const field = value[key];
      if (field === undefined) continue;
      keys.push(key);
      setOwn(result, key, copy(field, trail));
      keys.pop();
    }
  } else {
    throw refused(trail, 'a JSON value (plain objects, arrays, text, numbers, booleans, null)', value);
  }
  ancestors.pop();
  return Object.freeze(result);
}

function refused(trail: Trail, expected: string, received: unknown): InvalidArgumentError {
  // The cycle's own path may be a thousand keys long: its first turn says enough.
  const path = trail.keys.slice(0, 20).map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`));
  return new InvalidArgumentError(trail.what + path.join(''), expected, received);
}

/** A frozen object of the fields that are there; their values must be frozen JSON already, however deep. */
export function presentFields(fields: Readonly<Record<string, unknown>>): JsonObject {
  return Object.freeze(
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  ) as JsonObject;
}

/** Freezes a value that is already known to be JSON, in depth and in place. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) freezeTree(value);
  return value;
}

/** Every event that is read comes by here: nothing is made on the way, and nothing called for what is frozen anyway. */
function freezeTree(value: object): void {
  Object.freeze(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item === 'object' && item !== null) freezeTree(item);
    }
    return;
  }
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index++) {
    const field = (value as Record<string, unknown>)[keys[index]!];
    if (typeof field === 'object' && field !== null) freezeTree(field);
  }
}

/** Whether two JSON values have the same content, whatever the order of their keys. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) if (!jsonEqual(a[index], b[index])) return false;
    return true;
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  for (const key of keys) if (!Object.hasOwn(right, key) || !jsonEqual(left[key], right[key])) return false;
  return true;
}
