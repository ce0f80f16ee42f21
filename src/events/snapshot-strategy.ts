/** What a strategy knows when a fold has ended. */
export interface SnapshotOccasion {
  readonly stream: string;
  /** The version that the fold has reached. */
  readonly version: number;
  /** The version of the snapshot it began with; 0 without one. */
  readonly snapshotVersion: number;
}

/** Decides when a fold is worth keeping. It has no influence on results, only on how fast they come (ES8). */
export interface SnapshotStrategy {
  shouldSnapshot(occasion: SnapshotOccasion): boolean;
}
