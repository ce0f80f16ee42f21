/**
 * The nearest-rank percentile of values that are sorted upwards; NaN for none.
 *
 * @param p - Percent, above 0 to 100.
 */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.ceil((p / 100) * sorted.length) - 1] ?? Number.NaN;
}
