/**
 * How many pairs stand in another order in the one than in the other: two orders of the same ids, each once.
 *
 * Kendall's distance, counted with a binary indexed tree, O(n log n): Fenwick, "A new data structure for cumulative
 * frequency tables" (1994).
 */
export function swapsBetween(one: readonly string[], other: readonly string[]): number {
  const places = new Map(one.map((id, index) => [id, index + 1]));
  const counts = new Uint32Array(one.length + 1);
  let swaps = 0;
  for (const [at, id] of other.entries()) {
    const place = places.get(id)!;
    let before = 0;
    for (let node = place; node > 0; node -= node & -node) before += counts[node]!;
    swaps += at - before;
    for (let node = place; node < counts.length; node += node & -node) counts[node]!++;
  }
  return swaps;
}
