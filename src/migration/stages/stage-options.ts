import type { Gate } from '../gate.ts';
import type { Bake } from '../stage.ts';

/** What every ready-made stage takes. */
export interface StageOptions {
  /** Default: the stage's own name. */
  readonly name?: string;
  /** Measured before the stage; it starts only if all pass. */
  readonly gates?: readonly Gate[];
  /** How the stage is watched when it has run; gates that fail roll it back. */
  readonly bake?: Bake;
}

/** The stage's own gates, watched together with those of the caller and as long as the caller says (default: once). */
export function bakeWith(own: readonly Gate[], bake: Bake | undefined): Bake {
  return bake ? { ...bake, gates: [...own, ...bake.gates] } : { gates: own, durationMs: 0 };
}
