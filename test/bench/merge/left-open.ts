import { type Conflict, DeletionConflict, StructuralConflict } from '../../../src/conflicts/conflict.ts';
import { isMovingVersion, parseVersion } from '../../../src/conflicts/version-order.ts';
import { isPlainObject } from '../../../src/core/json-value.ts';
import type { BenchTable } from '../compare.ts';
import type { Decided } from './ours.ts';
import { undecided } from './tool.ts';

/** What sorts of conflicts are left without rules, and which of them the ready-made rules leave to a person. */
export function leftOpen(decided: readonly Decided[]): BenchTable {
  const isOpen = (one: Decided) => one.conflicts.length > 0;
  const classes = new Map<
    string,
    { conflicts: number; cases: number; alone: number; left: number; leftCases: number }
  >();
  for (const { conflicts, resolutions } of decided.filter(isOpen)) {
    const all = new Set(conflicts.map(classOf));
    const stillOpen = new Set(resolutions.flatMap((one) => (one.confidence === 0 ? [classOf(one.conflict)] : [])));
    for (const name of all) {
      const row = classes.get(name) ?? { conflicts: 0, cases: 0, alone: 0, left: 0, leftCases: 0 };
      row.conflicts += conflicts.filter((conflict) => classOf(conflict) === name).length;
      row.cases++;
      if (all.size === 1) row.alone++;
      row.left += resolutions.filter((one) => one.confidence === 0 && classOf(one.conflict) === name).length;
      if (stillOpen.has(name)) row.leftCases++;
      classes.set(name, row);
    }
  }
  const rows = [...classes].sort(([, a], [, b]) => b.cases - a.cases);
  return {
    title: 'what is left open in those that conflict as text',
    rows: [
      ...rows.map(([name, row]) => ({
        conflict: name,
        conflicts: row.conflicts,
        cases: row.cases,
        'with nothing else': row.alone,
        'conflicts left by the rules': row.left,
        'cases left by the rules': row.leftCases,
      })),
      {
        conflict: 'all',
        conflicts: decided.reduce((sum, { conflicts }) => sum + conflicts.length, 0),
        cases: decided.filter(isOpen).length,
        'with nothing else': '',
        'conflicts left by the rules': decided.reduce(
          (sum, { resolutions }) => sum + resolutions.filter(({ confidence }) => confidence === 0).length,
          0,
        ),
        'cases left by the rules': decided.filter(({ state }) => state === undecided).length,
      },
    ],
  };
}

function classOf(conflict: Conflict): string {
  if (conflict instanceof DeletionConflict) return 'one removed what the other changed';
  const values = [conflict.localValue, conflict.remoteValue];
  if (conflict instanceof StructuralConflict) {
    return conflict.aspect === 'kind' ? 'two kinds of value' : 'items of a list without identity';
  }
  if (values.every(isPlainObject)) return 'two objects added under one name';
  const isVersion = values.every((value) => parseVersion(value) !== undefined || isMovingVersion(value));
  return isVersion ? 'two versions for one' : 'two texts for one';
}
