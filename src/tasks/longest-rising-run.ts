/**
 * The places of a longest strictly rising subsequence of distinct numbers.
 *
 * Patience sorting, O(n log n): Fredman, "On computing the length of longest increasing subsequences" (1975).
 */
export function longestRisingRun(values: readonly number[]): Set<number> {
  /** By length: the place of the smallest value that a rising run of this length can end with. */
  const ends: number[] = [];
  const before: number[] = [];
  for (const [place, value] of values.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[ends[middle]!]! < value) low = middle + 1;
      else high = middle;
    }
    before[place] = ends[low - 1] ?? -1;
    ends[low] = place;
  }
  const run = new Set<number>();
  for (let place = ends.at(-1) ?? -1; place >= 0; place = before[place]!) run.add(place);
  return run;
}
