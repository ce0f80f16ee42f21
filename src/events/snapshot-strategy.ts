import { checkMethods } from '../core/check-argument.ts';

/** What a strategy knows when a fold has ended. */
export interface SnapshotOccasion {
  readonly stream: string;
  /** The version that the fold has reached. */
  readonly version: number;
  /** The version of the snapshot it began with; 0 without one. */
  readonly snapshotVersion: number;
  /** How many bytes of data the events folded since then take in the storage. */
  readonly foldedBytes: number;
  /** How long ago that snapshot was made, in ms; `Infinity` without one. */
  readonly snapshotAgeMs: number;
}

/** Decides when a fold is worth keeping. It has no influence on results, only on how fast they come (ES8). */
export interface SnapshotStrategy {
  shouldSnapshot(occasion: SnapshotOccasion): boolean;
}

/** Keeps a snapshot when at least one of the strategies would. */
export function anyOf(...strategies: readonly SnapshotStrategy[]): SnapshotStrategy {
  for (const strategy of strategies) checkMethods(strategy, 'strategies', 'SnapshotStrategies', 'shouldSnapshot');
  return { shouldSnapshot: (occasion) => strategies.some((strategy) => strategy.shouldSnapshot(occasion)) };
}
