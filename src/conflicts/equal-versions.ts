import { isPlainObject, jsonEqual } from '../core/json-value.ts';
import type { Value } from './conflict-records.ts';

/** That no two of three versions are equal. */
export const allDiffer = Symbol('all differ');

/**
 * What stands if two of the versions are equal: the other side's, or what both made. Equal values may differ in the order
 * of fields: then too the outcome is the same, byte for byte, whichever side is called local (CF3).
 *
 * @param isCounting - Whether equal changes of both sides are two changes.
 */
export function settleEqual(base: Value, local: Value, remote: Value, isCounting: boolean): Value | typeof allDiffer {
  if (isIdentical(base, remote)) return local;
  if (isIdentical(base, local)) return remote;
  const [isLocalOld, isRemoteOld] = [jsonEqual(base, local), jsonEqual(base, remote)];
  if (isLocalOld !== isRemoteOld) return isLocalOld ? remote : local;
  if (!isLocalOld && (isCounting || !jsonEqual(local, remote))) return allDiffer;
  return either(local, remote);
}

/** One of two equal values: always the same. */
export function either<T extends Value>(one: T, other: T): T {
  return one === other || JSON.stringify(one) < JSON.stringify(other) ? one : other;
}

/** Whether two values have the same JSON text. */
function isIdentical(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) if (!isIdentical(a[index], b[index])) return false;
    return true;
  }
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  const [names, others] = [Object.keys(a), Object.keys(b)];
  if (names.length !== others.length) return false;
  for (let at = 0; at < names.length; at++) {
    if (names[at] !== others[at] || !isIdentical(a[names[at]!], b[names[at]!])) return false;
  }
  return true;
}
