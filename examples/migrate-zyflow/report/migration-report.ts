/** A success criterion of the migration and what was measured. */
export interface Criterion {
  readonly id: string;
  readonly name: string;
  readonly bound: { readonly relation: 'at least' | 'at most' | 'exactly'; readonly value: number };
  /** Such as `ms`, `%`, `events/s`; empty for counts. */
  readonly unit: string;
  /** Null where it was not measured; such a criterion is not met. */
  readonly measured: number | null;
  /** Of what it was measured, in words. */
  readonly detail?: string;
  /** False where it is shown and asks nothing of the run: it tells as much of the machine. Default: true. */
  readonly decides?: boolean;
}

export function isMet({ bound, measured }: Criterion): boolean {
  if (measured === null) return false;
  if (bound.relation === 'at least') return measured >= bound.value;
  return bound.relation === 'at most' ? measured <= bound.value : measured === bound.value;
}

/** A fault of the legacy system, as it showed in the legacy system and shows in the new one. */
export interface FaultComparison {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** How many there could have been; absent where the value is no count. */
  readonly of?: number;
  readonly before: number;
  /** Null where the run ended before the new system was measured. */
  readonly after: number | null;
  readonly beforeDetail: string;
  readonly afterDetail?: string;
}

export interface StageReading {
  readonly name: string;
  readonly outcome: 'completed' | 'rolled back' | 'failed' | 'not reached';
  /** Ms since the migration began. */
  readonly fromMs: number;
  readonly toMs: number;
  /** What the stage showed, in a sentence. */
  readonly detail: string;
}

/** Single measured durations of one kind, all in ms. */
export interface LatencySeries {
  readonly name: string;
  readonly system: 'legacy' | 'new';
  readonly samples: readonly number[];
  /** What the strategy asks of the 95th percentile, where it asks something. */
  readonly targetMs?: number;
}

/** A window of the canary. */
export interface CanaryPoint {
  /** Ms since the migration began. */
  readonly atMs: number;
  /** Share of the requests that go to the new system, 0 to 100. */
  readonly percent: number;
  readonly requests: number;
  readonly errors: number;
  /** Shadow comparisons that differed. */
  readonly mismatches: number;
}

/** What was done within one window. */
export interface ThroughputPoint {
  /** Ms since the migration began, at the window's start. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly reads: number;
  readonly writes: number;
}

/** All that a run of the migration found: the terminal's tables and the HTML page are functions of it alone. */
export interface MigrationReport {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly environment: { readonly node: string; readonly platform: string; readonly cpus: number };
  readonly workspace: {
    readonly path: string;
    readonly projects: number;
    readonly changes: number;
    readonly tasks: number;
    readonly notes: readonly string[];
  };
  readonly stages: readonly StageReading[];
  readonly criteria: readonly Criterion[];
  readonly faults: readonly FaultComparison[];
  readonly latencies: readonly LatencySeries[];
  readonly canary: readonly CanaryPoint[];
  readonly throughput: readonly ThroughputPoint[];
  /** What else a reader should know, such as what the rollback brought back. */
  readonly notes: readonly string[];
}

/** Whether the run may be called a success: there are criteria, all were measured, and all that decide were met. */
export const isSuccess = ({ criteria }: MigrationReport): boolean =>
  criteria.length > 0 && criteria.every((each) => isMet(each) || (each.decides === false && each.measured !== null));
