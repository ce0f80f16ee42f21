/** What is known of one operation. Durations in ms. */
export interface PerformanceReport {
  readonly operation: string;
  /** All that were ever recorded. */
  readonly totalOperations: number;
  /** How many of the latest ones the figures below are of; 0 means that nothing is known, not that all is well. */
  readonly sampleSize: number;
  /** Share of the sample that succeeded, 0 to 1; 1 of an empty sample. */
  readonly successRate: number;
  readonly averageDuration: number;
  readonly minDuration: number;
  readonly maxDuration: number;
  readonly p50Duration: number;
  readonly p95Duration: number;
  readonly p99Duration: number;
  /** How many of the sample took longer than the operation's threshold; 0 where it has none. */
  readonly slowOperations: number;
}

/** The smallest value that `percent` of the sorted values do not exceed (nearest rank); 0 of no values. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? 0;
}
