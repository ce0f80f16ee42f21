import { childPointer } from '../core/json-pointer.ts';
import type { JsonObject, JsonValue } from '../core/json-value.ts';
import type { JsonPatchOperation } from './apply-json-patch.ts';

/**
 * The JSON Patch (RFC 6902) that makes one value of another, of `add`, `remove` and `replace` only.
 *
 * Objects are compared key by key. Of two arrays the common beginning and end are left alone; in between items at the same
 * index are compared, and the rest is added or removed. It takes time linear in the size of both values, and finds an
 * item that moved as one removed and one added.
 */
export function diffJson(before: JsonValue, after: JsonValue): JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = [];
  compare(before, after, { pointer: '', operations, same: equality() });
  return operations;
}

interface Comparison {
  readonly pointer: string;
  readonly operations: JsonPatchOperation[];
  readonly same: (a: JsonValue, b: JsonValue) => boolean;
}

function compare(before: JsonValue, after: JsonValue, at: Comparison): void {
  if (at.same(before, after)) return;
  if (isArray(before) && isArray(after)) compareArrays(before, after, at);
  else if (isObject(before) && isObject(after)) compareObjects(before, after, at);
  else at.operations.push({ op: 'replace', path: at.pointer, value: after });
}

function compareObjects(before: JsonObject, after: JsonObject, at: Comparison): void {
  for (const key of Object.keys(before)) {
    const pointer = childPointer(at.pointer, key);
    if (Object.hasOwn(after, key)) compare(before[key]!, after[key]!, { ...at, pointer });
    else at.operations.push({ op: 'remove', path: pointer });
  }
  for (const key of Object.keys(after)) {
    if (Object.hasOwn(before, key)) continue;
    at.operations.push({ op: 'add', path: childPointer(at.pointer, key), value: after[key]! });
  }
}

function compareArrays(before: readonly JsonValue[], after: readonly JsonValue[], at: Comparison): void {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && at.same(before[start]!, after[start]!)) start++;
  let end = 0;
  while (end < shorter - start && at.same(before[before.length - 1 - end]!, after[after.length - 1 - end]!)) end++;
  const pointer = (index: number) => childPointer(at.pointer, index);
  const common = shorter - end;
  for (let index = start; index < common; index++) {
    compare(before[index]!, after[index]!, { ...at, pointer: pointer(index) });
  }
  // From the end, so that no index moves before its turn.
  for (let index = before.length - end - 1; index >= common; index--) {
    at.operations.push({ op: 'remove', path: pointer(index) });
  }
  for (let index = common; index < after.length - end; index++) {
    at.operations.push({ op: 'add', path: pointer(index), value: after[index]! });
  }
}

/**
 * Tells equal values in constant time, once each was looked at: equal ones get the same number, made of the numbers of their
 * parts. To compare them anew at each level would take time quadratic in the depth.
 */
function equality() {
  const numbers = new Map<string, number>();
  const known = new Map<object, number>();
  const numberOf = (value: JsonValue): number => {
    if (typeof value !== 'object' || value === null) return intern(JSON.stringify(value));
    const found = known.get(value);
    if (found !== undefined) return found;
    const number = intern(isArray(value) ? `[${value.map(numberOf).join()}]` : describe(value as JsonObject));
    known.set(value, number);
    return number;
  };
  const describe = (value: JsonObject) => {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${numberOf(value[key]!)}`).join()}}`;
  };
  const intern = (content: string) => {
    const found = numbers.get(content);
    if (found !== undefined) return found;
    numbers.set(content, numbers.size);
    return numbers.size - 1;
  };
  return (a: JsonValue, b: JsonValue) => a === b || numberOf(a) === numberOf(b);
}

const isArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);
const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !isArray(value);
