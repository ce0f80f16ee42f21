import { stableStringify } from '../core/checksum.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { Value } from './conflict-records.ts';
import { either } from './equal-versions.ts';
import { mergeOrder } from './merge-order.ts';
import { mergeTokens, toLines, toWords } from './text-merge.ts';
import { compareVersions } from './version-order.ts';

/** That a declared value can't be merged as it is declared: it is no number, say. */
export const unmergeable = Symbol('unmergeable');
type Merged = Value | typeof unmergeable;

/** Both sides' changes of a number, added up. What is absent counts as 0. Whole numbers add up exactly, or not at all. */
export function mergeCounter(base: Value, local: Value, remote: Value): Merged {
  const isNumber = (value: Value) => typeof value === 'number';
  if (!isNumber(local) || !isNumber(remote) || (base !== undefined && !isNumber(base))) return unmergeable;
  const numbers = [local, remote, base ?? 0];
  if (numbers.every(Number.isInteger)) {
    const [one, other, before] = numbers.map(BigInt) as [bigint, bigint, bigint];
    const exact = Number(one + other - before);
    return Number.isSafeInteger(exact) ? exact : unmergeable;
  }
  // In an order that no side has to do with: rounding must be the same on both replicas (CF3).
  const sum = Math.min(local, remote) - (base ?? 0) + Math.max(local, remote);
  return Number.isFinite(sum) ? sum : unmergeable;
}

/** The greater (1) or lesser (-1) of two numbers or versions. */
export function pickExtreme(local: Value, remote: Value, sign: 1 | -1): Merged {
  const order = compareQuantities(local, remote);
  return order === undefined || order === 0 ? unmergeable : order * sign > 0 ? local : remote;
}

/** Which of two numbers is greater, or of two texts the higher version; undefined if they can't be compared. */
export function compareQuantities(one: Value, other: Value): number | undefined {
  return typeof one === 'number' && typeof other === 'number' ? one - other : compareVersions(one, other);
}

/** The one with the greater content: the same on both replicas. */
export function pickByContent(local: Value, remote: Value): Value {
  const text = (value: Value) => (value === undefined ? '' : stableStringify(value));
  return text(local) > text(remote) ? local : remote;
}

/** What either side added and neither removed; in the base's order where the sides disagree. */
export function mergeSet(
  base: readonly JsonValue[],
  local: readonly JsonValue[],
  remote: readonly JsonValue[],
): readonly JsonValue[] {
  const members = [base, local, remote].map((items) => new Map(items.map((item) => [stableStringify(item), item])));
  const [inBase, inLocal, inRemote] = members as [(typeof members)[0], (typeof members)[0], (typeof members)[0]];
  const staying = (side: ReadonlyMap<string, JsonValue>, other: ReadonlyMap<string, JsonValue>) =>
    [...side.keys()].filter((key) => other.has(key) || !inBase.has(key));
  const { order } = mergeOrder([...inBase.keys()], staying(inLocal, inRemote), staying(inRemote, inLocal));
  const member = (key: string) => {
    const [one, other] = [inLocal.get(key), inRemote.get(key)];
    return one === undefined ? other! : other === undefined ? one : either(one, other);
  };
  return order.map((key) => member(key as string));
}

/** Both sides' edits of a text, if no stretch was edited by both. */
export function mergeWholeText(base: string, local: string, remote: string, by: 'line' | 'word'): string | undefined {
  const split = by === 'line' ? toLines : toWords;
  return mergeTokens({ base: split(base), local: split(local), remote: split(remote) })?.join('');
}
