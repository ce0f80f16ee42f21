import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crossProject } from './cross-project.ts';
import { failedSyncs } from './failed-syncs.ts';
import type { FaultMeasure, MeasureContext, Measured } from './fault-measure.ts';
import { idCollisions } from './id-collisions.ts';
import { invisibleTasks } from './invisible-tasks.ts';
import { lostStatus } from './lost-status.ts';
import { lostToggles } from './lost-toggles.ts';
import { mixedTimeUnits } from './mixed-time-units.ts';
import { staleRows } from './stale-rows.ts';
import { syncLatency } from './sync-latency.ts';
import { takenOverRows } from './taken-over-rows.ts';

/** A fault as one system showed it. */
export interface FaultReading extends Measured {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
}

export const faultMeasures: readonly FaultMeasure[] = [
  invisibleTasks,
  lostStatus,
  lostToggles,
  staleRows,
  takenOverRows,
  crossProject,
  failedSyncs,
  idCollisions,
  mixedTimeUnits,
  syncLatency,
];

export interface MeasureFaultsOptions extends MeasureContext {
  readonly measures?: readonly FaultMeasure[];
  readonly onMeasured?: (reading: FaultReading, index: number, total: number) => void;
}

/** Measures one after the other, each in a folder of its own below `folder`, so that none disturbs another. */
export async function measureFaults(options: MeasureFaultsOptions): Promise<FaultReading[]> {
  const { system, workspace, signal, measures = faultMeasures, onMeasured = () => {} } = options;
  const readings: FaultReading[] = [];
  for (const { id, title, unit, measure } of measures) {
    signal?.throwIfAborted();
    const folder = join(options.folder, `${system.name}-${id}`);
    // A measure that was killed may have left something behind.
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const reading = { id, title, unit, ...(await measure({ system, folder, workspace, signal })) };
    readings.push(reading);
    onMeasured(reading, readings.length, measures.length);
  }
  return readings;
}
