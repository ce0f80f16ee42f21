import { jsonEqual } from '../core/json-value.ts';
import type { ConflictRecords, Value } from './conflict-records.ts';
import { allDiffer, settleEqual } from './equal-versions.ts';
import { mergeCounter, mergeWholeText, pickByContent, pickExtreme, unmergeable } from './merge-declared.ts';
import type { MergeRule } from './merge-schema.ts';

/** Merges values that are not looked into, by what the schema says they are; else by line, or not at all. */
export function mergeScalars(
  base: Value,
  local: Value,
  remote: Value,
  rule: MergeRule | undefined,
  records: ConflictRecords,
): Value {
  const settled = settleEqual(base, local, remote, rule?.as === 'counter');
  if (settled !== allDiffer) return settled;
  if (rule?.as === 'counter') {
    const sum = mergeCounter(base, local, remote);
    if (sum !== unmergeable) return sum;
    if (jsonEqual(local, remote)) return local;
  }
  if (rule?.as === 'max' || rule?.as === 'min') {
    const extreme = pickExtreme(local, remote, rule.as === 'max' ? 1 : -1);
    if (extreme !== unmergeable) return extreme;
  } else if (rule?.as === 'ignored') {
    return pickByContent(local, remote);
  } else if (typeof base === 'string' && typeof local === 'string' && typeof remote === 'string') {
    const isText =
      rule?.as === 'text' || (rule === undefined && [base, local, remote].every((text) => text.includes('\n')));
    const by = rule?.as === 'text' ? (rule.by ?? 'line') : 'line';
    const text = isText ? mergeWholeText(base, local, remote, by) : undefined;
    if (text !== undefined) return text;
  }
  return records.undecided(base, local, remote, rule?.as === 'atomic');
}
