/**
 * The places of a longest strictly rising subsequence of distinct numbers.
 *
 * Patience sorting, O(n log n): Fredman, "On computing the length of longest increasing subsequences" (1975).
 */
export function longestRisingRun(values: readonly number[]): Set<number> {
  const lengths = risingLengths(values);
  let length = greatest(lengths);
  let next = Number.POSITIVE_INFINITY;
  const run = new Set<number>();
  for (let place = values.length - 1; length > 0; place--) {
    if (lengths[place] !== length || values[place]! >= next) continue;
    run.add(place);
    next = values[place]!;
    length--;
  }
  return run;
}

/** The places that are in some such subsequence, of several of the same length; the others are out of order for sure. */
export function inLongestRisingRuns(values: readonly number[]): Set<number> {
  const upTo = risingLengths(values);
  const from = risingLengths(values.toReversed().map((value) => -value)).reverse();
  const longest = greatest(upTo);
  return new Set(upTo.flatMap((length, place) => (length + from[place]! - 1 === longest ? [place] : [])));
}

/** By place: the length of a longest rising run that ends there. */
function risingLengths(values: readonly number[]): number[] {
  /** By length: the smallest value that a rising run of this length can end with. */
  const ends: number[] = [];
  return values.map((value) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < value) low = middle + 1;
      else high = middle;
    }
    ends[low] = value;
    return low + 1;
  });
}

function greatest(lengths: readonly number[]): number {
  return lengths.reduce((most, length) => Math.max(most, length), 0);
}
