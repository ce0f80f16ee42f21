import type { JsonValue } from './json-value.ts';

/** Whether a value takes at least so many units as JSON text, or nearly so: stops there, and makes no text. */
export function isLongJson(value: JsonValue, length: number): boolean {
  return count(value, length) <= 0;
}

/** What is left of so many units. Escapes are not counted, and a number is taken for eight. */
function count(value: JsonValue, left: number): number {
  if (typeof value === 'string') return left - value.length - 2;
  if (typeof value !== 'object' || value === null) return left - 8;
  let rest = left - 2;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && rest > 0; index++) rest = count(value[index], rest) - 1;
    return rest;
  }
  for (const key in value) {
    if (rest <= 0) break;
    rest = count((value as { readonly [key: string]: JsonValue })[key]!, rest) - key.length - 4;
  }
  return rest;
}
