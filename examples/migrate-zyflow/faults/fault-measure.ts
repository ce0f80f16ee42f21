import type { SystemUnderTest } from '../workspace/task-system.ts';
import type { Workspace } from '../workspace/workspace.ts';

export interface MeasureContext {
  /** The system that is measured: the legacy one before, the new one after. */
  readonly system: SystemUnderTest;
  /** An empty folder for this measure alone. */
  readonly folder: string;
  /** The workspace of the migration; measures that use its files copy them. */
  readonly workspace: Workspace;
  readonly signal?: AbortSignal | undefined;
}

/** What a measure found: 0 is a system without the fault. */
export interface Measured {
  readonly value: number;
  /** How many there could have been; absent where the value is no count. */
  readonly of?: number;
  readonly detail: string;
  /** The single values, where the value sums them up. */
  readonly samples?: readonly number[];
}

/** One fault of the legacy system, made visible by what people do every day: only through `TaskSystem` and by saving files. */
export interface FaultMeasure {
  /** As in the description of the legacy system, such as `F3`. */
  readonly id: string;
  readonly title: string;
  /** Of the value, such as `toggles`. */
  readonly unit: string;
  measure(context: MeasureContext): Promise<Measured>;
}
