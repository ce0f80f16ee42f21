/** Lines apart after which a stretch counts as replaced as a whole: bounds time and memory, never correctness. */
const maxDistance = 1_000;

/**
 * For each item of `a`, the index of its partner in `b`, or -1: a long common subsequence, not always the longest.
 *
 * Items that occur once on both sides are anchors (patience diff, Bram Cohen 2003); the stretches between them, if small
 * enough, are compared by Myers' O(ND) algorithm (1986). Near-linear for versions of one text. What was only added or only
 * removed in one place is found as late as it can be, so that one edit is found in one place whatever stands near.
 */
export function matchSequences<K>(a: readonly K[], b: readonly K[]): Int32Array {
  const ids = new Map<K, number>();
  const left = numbered(a, ids);
  const right = numbered(b, ids);
  const partners = new Int32Array(a.length).fill(-1);
  const stretches: Stretch[] = [{ a: 0, aEnd: a.length, b: 0, bEnd: b.length }];
  for (let next = stretches.pop(); next; next = stretches.pop()) {
    const rest = trim(left, right, next, partners);
    if (rest.a === rest.aEnd || rest.b === rest.bEnd) continue;
    const anchors = findAnchors(left, right, rest);
    if (anchors.length === 0) {
      matchByDistance(left, right, rest, partners);
      continue;
    }
    let { a: fromA, b: fromB } = rest;
    for (const { a: atA, b: atB } of anchors) {
      partners[atA] = atB;
      stretches.push({ a: fromA, aEnd: atA, b: fromB, bEnd: atB });
      fromA = atA + 1;
      fromB = atB + 1;
    }
    stretches.push({ a: fromA, aEnd: rest.aEnd, b: fromB, bEnd: rest.bEnd });
  }
  slideDown(left, right, partners);
  return partners;
}

/** Each item as a number, the same for the same item. */
function numbered<K>(items: readonly K[], ids: Map<K, number>): Int32Array {
  const numbers = new Int32Array(items.length);
  for (let at = 0; at < items.length; at++) {
    const id = ids.get(items[at]!) ?? ids.size;
    if (id === ids.size) ids.set(items[at]!, id);
    numbers[at] = id;
  }
  return numbers;
}

interface Stretch {
  readonly a: number;
  readonly aEnd: number;
  readonly b: number;
  readonly bEnd: number;
}

/** Pairs what is equal at both ends; gives what is left between. */
function trim(left: Int32Array, right: Int32Array, stretch: Stretch, partners: Int32Array): Stretch {
  let { a, aEnd, b, bEnd } = stretch;
  while (a < aEnd && b < bEnd && left[a] === right[b]) partners[a++] = b++;
  const end = aEnd;
  while (a < aEnd && b < bEnd && left[aEnd - 1] === right[bEnd - 1]) partners[--aEnd] = --bEnd;
  // Of equal items in a row the first are paired, here too, so that what is added to them is no part of what changed before.
  const isInRow = () => (a < aEnd && left[aEnd - 1] === left[aEnd]) || (b < bEnd && right[bEnd - 1] === right[bEnd]);
  while (aEnd < end && isInRow()) {
    partners[aEnd++] = -1;
    bEnd++;
  }
  return { a, aEnd, b, bEnd };
}

/**
 * Moves each stretch that stands on one side alone down, as long as it begins with the item that stands behind it: then
 * one edit is found in one place, whatever the search came from.
 */
function slideDown(left: Int32Array, right: Int32Array, partners: Int32Array): void {
  // From the end, so that what is behind has been moved already, and they become one where they meet.
  for (let before = left.length - 1; before >= -1; before--) {
    if (before >= 0 && partners[before]! < 0) continue;
    let a = before + 1;
    let b = before < 0 ? 0 : partners[before]! + 1;
    let aEnd = nextPair(partners, a);
    let bEnd = partners[aEnd] ?? right.length;
    while (aEnd < left.length && (a === aEnd) !== (b === bEnd) && left[a] === right[b]) {
      partners[aEnd] = -1;
      partners[a++] = b++;
      aEnd = nextPair(partners, aEnd + 1);
      bEnd = partners[aEnd] ?? right.length;
    }
  }
}

/** The first place from here on that has a partner; the end if none has. */
function nextPair(partners: Int32Array, from: number): number {
  let at = from;
  while (at < partners.length && partners[at]! < 0) at++;
  return at;
}

/** The items that occur exactly once on either side, as far as they are in the same order: a longest such row. */
function findAnchors(left: Int32Array, right: Int32Array, { a, aEnd, b, bEnd }: Stretch): { a: number; b: number }[] {
  const seen = new Map<number, { a: number; b: number }>();
  const several = -2;
  for (let at = a; at < aEnd; at++) seen.set(left[at]!, { a: seen.has(left[at]!) ? several : at, b: -1 });
  for (let at = b; at < bEnd; at++) {
    const found = seen.get(right[at]!);
    if (found) found.b = found.b === -1 ? at : several;
  }
  const unique = [...seen.values()].filter((pair) => pair.a >= 0 && pair.b >= 0);
  return unique.length === 0 ? [] : increasing(unique);
}

/** A longest row of pairs, already in order of `a`, whose `b` grows too (patience sorting). */
function increasing(pairs: readonly { a: number; b: number }[]): { a: number; b: number }[] {
  const tops: number[] = [];
  const before = new Int32Array(pairs.length).fill(-1);
  pairs.forEach((pair, at) => {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[tops[middle]!]!.b < pair.b) low = middle + 1;
      else high = middle;
    }
    if (low > 0) before[at] = tops[low - 1]!;
    tops[low] = at;
  });
  const row: { a: number; b: number }[] = [];
  for (let at = tops.at(-1) ?? -1; at >= 0; at = before[at]!) row.push(pairs[at]!);
  return row.reverse();
}

/** Myers' greedy algorithm. Pairs nothing if the sides are more than {@link maxDistance} apart. */
function matchByDistance(left: Int32Array, right: Int32Array, stretch: Stretch, partners: Int32Array): void {
  const { a, b } = stretch;
  const width = stretch.aEnd - a;
  const height = stretch.bEnd - b;
  const limit = Math.min(width + height, maxDistance);
  // reach[distance][k + distance]: how far along `a` one gets on diagonal k (x - y) in that many steps.
  const reach: Int32Array[] = [];
  for (let distance = 0; distance <= limit; distance++) {
    const previous = reach[distance - 1];
    const current = new Int32Array(2 * distance + 1);
    reach.push(current);
    for (let k = -distance; k <= distance; k += 2) {
      let x = previous ? startOf(previous, k, distance) : 0;
      while (x < width && x - k < height && left[a + x] === right[b + x - k]) x++;
      current[k + distance] = x;
      if (x >= width && x - k >= height) {
        traceBack(reach, k, stretch, partners);
        return;
      }
    }
  }
}

/** Where distance `distance` begins on diagonal k: a step down from k + 1 or right from k - 1, whichever is further. */
function startOf(previous: Int32Array, k: number, distance: number): number {
  return isDown(previous, k, distance) ? previous[k + distance]! : previous[k + distance - 2]! + 1;
}

/** Whether the step that leads to diagonal k goes down, from k + 1. */
function isDown(previous: Int32Array, k: number, distance: number): boolean {
  return k === -distance || (k !== distance && previous[k + distance - 2]! < previous[k + distance]!);
}

function traceBack(reach: readonly Int32Array[], end: number, { a, b }: Stretch, partners: Int32Array): void {
  let k = end;
  for (let distance = reach.length - 1; distance >= 0; distance--) {
    const previous = reach[distance - 1];
    const start = previous ? startOf(previous, k, distance) : 0;
    for (let x = reach[distance]![k + distance]! - 1; x >= start; x--) partners[a + x] = b + x - k;
    if (!previous) return;
    k += isDown(previous, k, distance) ? 1 : -1;
  }
}
