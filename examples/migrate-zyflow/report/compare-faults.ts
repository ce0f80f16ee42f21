import type { FaultReading } from '../faults/measure-faults.ts';
import type { FaultComparison } from './migration-report.ts';

/** Puts the readings of the two systems beside each other, by the fault's id. */
export function compareFaults(before: readonly FaultReading[], after: readonly FaultReading[]): FaultComparison[] {
  return before.map(({ id, title, unit, of, value, detail }) => {
    const then = after.find((reading) => reading.id === id);
    return {
      id,
      title,
      unit,
      ...(of !== undefined && { of }),
      before: value,
      beforeDetail: detail,
      after: then?.value ?? null,
      ...(then && { afterDetail: then.detail }),
    };
  });
}
