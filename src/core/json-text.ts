import { StorageError } from './errors.ts';
import { deepFreeze, frozenJson, type JsonValue } from './json-value.ts';

/** A value as JSON text for a storage. @throws {@link InvalidArgumentError} if it is not JSON. */
export function toJsonText(value: unknown, what: string): string {
  return JSON.stringify(frozenJson(value, what));
}

/** A stored JSON text as a frozen value. @throws {@link StorageError} if it is not JSON. */
export function fromJsonText(text: string, operation: string): JsonValue {
  try {
    return deepFreeze(JSON.parse(text) as JsonValue);
  } catch (cause) {
    throw new StorageError(operation, 'something else wrote it: give this library a place of its own', { cause });
  }
}
