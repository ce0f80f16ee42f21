import type { Conflict } from './conflict.ts';
import type { ConflictResolution } from './conflict-resolution.ts';

/** Decides conflicts. */
export interface ConflictResolver {
  /** One resolution for each conflict, in their order; `ManualResolutionRequired` where a person must decide. */
  resolve(conflicts: readonly Conflict[]): Promise<ConflictResolution[]>;
}

/**
 * Decides conflicts of the kinds it is given.
 *
 * It must be deterministic: replicas that hold the same conflict, be it with the sides swapped, must decide alike (CF3).
 */
export interface ConflictResolutionStrategy {
  readonly name: string;
  /** Whether the search for a strategy ends here, even if this one leaves the conflict to a person. Default: no. */
  readonly isFinal?: boolean;
  /** Whether it puts parts of both versions together: it is not asked about what the schema calls atomic. Default: no. */
  readonly mergesInside?: boolean;
  /** The decision, or `ManualResolutionRequired` if this strategy can't decide this conflict. */
  resolve(conflict: Conflict): ConflictResolution | Promise<ConflictResolution>;
}
