import type { JsonValue } from '../../../src/core/json-value.ts';

/** What a tool gives where a person must decide something. */
export const undecided = Symbol('undecided');

/** Something that merges. */
export interface MergeTool {
  readonly name: string;
  /** Starts a process for each merge: run once only. */
  readonly isSlow?: boolean;
  merge(base: JsonValue, local: JsonValue, remote: JsonValue): JsonValue | typeof undecided;
}

/** The first of the usual keys that an item has: for tools that must be told the keys. */
export function usualKey(item: JsonValue, otherwise: () => string): string {
  if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
    for (const field of ['id', 'key', 'slug', 'name', 'path', 'url', 'title', 'version', 'details']) {
      const value = (item as Record<string, JsonValue>)[field];
      if (typeof value === 'string' || typeof value === 'number') return `${field}:${value}`;
    }
  }
  return otherwise();
}
