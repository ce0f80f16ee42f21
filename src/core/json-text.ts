import { type ArgumentName, spelled } from './argument-name.ts';
import { StorageError } from './errors.ts';
import { deepFreeze, frozenJson, type JsonValue } from './json-value.ts';

/**
 * A value as JSON text for a storage: what happens to the value afterwards changes nothing. Fields whose value is
 * `undefined` are left out, `toJSON` is never called.
 *
 * @throws {@link InvalidArgumentError} as {@link frozenJson} does, if JSON would drop or change something.
 */
export function toJsonText(value: unknown, what: ArgumentName): string {
  const text = write(value, 0);
  // Whatever is out of the ordinary is decided, and told of, in one place.
  return text === undefined ? JSON.stringify(frozenJson(value, spelled(what))) : flat(text);
}

/** A stored JSON text as a frozen value. @throws {@link StorageError} if it is not JSON. */
export function fromJsonText(text: string, operation: string): JsonValue {
  try {
    return deepFreeze(JSON.parse(text) as JsonValue);
  } catch (cause) {
    throw new StorageError(operation, 'something else wrote it: give this library a place of its own', { cause });
  }
}

/** Deeper values are left to {@link frozenJson}, which tells a cycle from depth. */
const maxDepth = 200;

/**
 * The text of a value that is beyond doubt plain JSON; nothing for any other. Checks and writes in one pass, so that
 * each field is read once: a copy, or a check before `JSON.stringify`, costs as much again as the writing itself.
 */
function write(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      return Number.isFinite(value) ? `${value}` : undefined;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= maxDepth) return undefined;
      return Array.isArray(value) ? writeArray(value, depth + 1) : writeObject(value, depth + 1);
    default:
      return undefined;
  }
}

function writeArray(items: readonly unknown[], depth: number): string | undefined {
  let text = '[';
  for (let index = 0; index < items.length; index++) {
    const item = write(items[index], depth);
    if (item === undefined) return undefined;
    text += index === 0 ? item : `,${item}`;
  }
  return `${text}]`;
}

function writeObject(value: object, depth: number): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  let text = '{';
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!;
    const field = (value as Record<string, unknown>)[key];
    if (field === undefined) continue;
    const name = quoteKey(key);
    const content = write(field, depth);
    if (name === undefined || content === undefined) return undefined;
    if (text.length > 1) text += ',';
    text += name;
    text += content;
  }
  return `${text}}`;
}

function quote(text: string): string | undefined {
  // Short text, most of all, has nothing to escape, and is read faster here than by a call.
  if (text.length > 100) return quoteByCall(text);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || (unit >= 0xd800 && unit <= 0xdfff)) return quoteByCall(text);
  }
  return `"${text}"`;
}

function quoteByCall(text: string): string | undefined {
  return text.isWellFormed() ? JSON.stringify(text) : undefined;
}

/** Keys with their quotes and colon: the same few occur in every event. */
const quotedKeys = new Map<string, string>();

function quoteKey(key: string): string | undefined {
  const known = quotedKeys.get(key);
  if (known !== undefined) return known;
  const quoted = quote(key);
  if (quoted === undefined) return undefined;
  const name = `${quoted}:`;
  if (quotedKeys.size < 1000 && key.length <= 64) quotedKeys.set(key, name);
  return name;
}

/**
 * The same text in one piece, which reading a character makes it: joined by `+` it is a tree, four times as large, and holds
 * the texts that its parts were cut out of.
 */
export function flat(text: string): string {
  text.charCodeAt(0);
  return text;
}
