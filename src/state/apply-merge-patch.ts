import { frozenJson, isPlainObject, type JsonObject, type JsonValue, setOwn } from '../core/json-value.ts';

/** A JSON Merge Patch (RFC 7396): anything but an array, which would be taken for a JSON Patch. */
export type MergePatch = JsonObject | string | number | boolean;

/**
 * The value that a JSON Merge Patch (RFC 7396) makes of another: members of an object are set one by one, `null` removes one, and
 * whatever is no object replaces what was there. What it was made of stays as it is; keys such as `__proto__` are data.
 *
 * @param value - Undefined for none.
 * @returns A frozen value.
 * @throws {@link InvalidArgumentError} if the patch is not JSON.
 */
export function applyMergePatch(value: JsonValue | undefined, patch: JsonValue): JsonValue {
  return frozenJson(merge(value, frozenJson(patch, 'patch')), 'value');
}

function merge(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isPlainObject(patch)) return patch;
  const members = new Map<string, JsonValue>(isPlainObject(target) ? Object.entries(target as object) : []);
  for (const [key, change] of Object.entries(patch as object) as [string, JsonValue][]) {
    if (change === null) members.delete(key);
    else members.set(key, merge(members.get(key), change));
  }
  const merged = {};
  for (const [key, member] of members) setOwn(merged, key, member);
  return merged;
}
