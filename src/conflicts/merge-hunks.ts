import { stableStringify } from '../core/checksum.ts';
import type { JsonValue } from '../core/json-value.ts';
import { matchSequences } from './common-subsequence.ts';

type List = readonly JsonValue[];

/** What one side put in the place of the base's items from `start` up to, not including, `end`. */
interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly items: List;
}

/**
 * A stretch of a list that both sides changed, if each changed other items of it, be they next to each other; undefined if
 * both changed the same item, put the same in, or put items into one place or into the midst of what the other replaced.
 */
export function mergeHunks(base: List, local: List, remote: List): List | undefined {
  const [ofLocal, ofRemote] = [hunksOf(base, local), hunksOf(base, remote)];
  const put = new Set(ofLocal.flatMap(({ items }) => items.map(stableStringify)));
  if (ofRemote.some(({ items }) => items.some((item) => put.has(stableStringify(item))))) return undefined;
  const merged: JsonValue[] = [];
  let last = { start: -1, end: 0 };
  for (const hunk of [...ofLocal, ...ofRemote].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (hunk.start < last.end || hunk.end === last.start) return undefined;
    merged.push(...base.slice(last.end, hunk.start), ...hunk.items);
    last = hunk;
  }
  return [...merged, ...base.slice(last.end)];
}

function hunksOf(base: List, side: List): readonly Hunk[] {
  const partners = matchSequences(base.map(stableStringify), side.map(stableStringify));
  const hunks: Hunk[] = [];
  let [from, next] = [0, 0];
  for (let at = 0; at <= base.length; at++) {
    const partner = at === base.length ? side.length : partners[at]!;
    if (partner < 0) continue;
    if (from < at || next < partner) hunks.push({ start: from, end: at, items: side.slice(next, partner) });
    [from, next] = [at + 1, partner + 1];
  }
  return hunks;
}
