import type { Conflict } from './conflict.ts';

/** Finds what two versions of a state disagree about, given the version they come from. */
export interface ConflictDetector {
  /** The conflicts, none if every change of both versions can stand. The arguments are not changed. */
  detectConflicts(local: unknown, remote: unknown, base: unknown): Promise<Conflict[]>;
}
