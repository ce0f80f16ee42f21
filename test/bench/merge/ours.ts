import { applyResolutions } from '../../../src/conflicts/apply-resolutions.ts';
import { AutoConflictResolver } from '../../../src/conflicts/auto-conflict-resolver.ts';
import type { Conflict } from '../../../src/conflicts/conflict.ts';
import type { ConflictResolution } from '../../../src/conflicts/conflict-resolution.ts';
import { ManualResolutionRequired } from '../../../src/conflicts/conflict-resolution.ts';
import { readyRules } from '../../../src/conflicts/ready-rules.ts';
import { threeWayMerge } from '../../../src/conflicts/three-way-merge.ts';
import { isPlainObject, type JsonObject, type JsonValue, jsonEqual, setOwn } from '../../../src/core/json-value.ts';
import { threeWayMerge as builtMerge } from './built-merge.ts';
import type { RealMerge } from './real-merges.ts';
import { type MergeTool, undecided } from './tool.ts';

export const ours: readonly MergeTool[] = [
  {
    name: 'threeWayMerge',
    merge(base, local, remote) {
      const { state, conflicts } = builtMerge({ base, local, remote });
      return conflicts.length === 0 ? state : undecided;
    },
  },
  { name: 'fields only, lists whole', merge: (base, local, remote) => mergeFields(base, local, remote) ?? null },
];

type Merged = JsonValue | undefined | typeof undecided;

/** The plain structural merge that a careful application writes for itself; undefined stands for absent. */
function mergeFields(base: Merged, local: Merged, remote: Merged): Merged {
  if (jsonEqual(local, remote) || jsonEqual(base, remote)) return local;
  if (jsonEqual(base, local)) return remote;
  if (!isPlainObject(base) || !isPlainObject(local) || !isPlainObject(remote)) return undecided;
  const merged: JsonObject = {};
  for (const key of new Set([...Object.keys(local), ...Object.keys(remote)])) {
    const [ofBase, ofLocal, ofRemote] = [base, local, remote].map((version) =>
      Object.hasOwn(version, key) ? (version[key] as JsonValue) : undefined,
    );
    const value = mergeFields(ofBase, ofLocal, ofRemote);
    if (value === undecided) return undecided;
    if (value !== undefined) setOwn(merged, key, value);
  }
  return merged;
}

/** What the ready-made rules make of a case. */
export interface Decided {
  readonly state: JsonValue | typeof undecided;
  readonly conflicts: readonly Conflict[];
  readonly resolutions: readonly ConflictResolution[];
}

export async function decideByRules(
  { base, ours: local, theirs: remote }: RealMerge,
  deletions: 'edit-wins' | 'deletion-wins',
): Promise<Decided> {
  const { state, conflicts } = threeWayMerge({ base, local, remote });
  const resolutions = await new AutoConflictResolver({ rules: readyRules({ deletions }) }).resolve(conflicts);
  const isOpen = resolutions.some((resolution) => resolution instanceof ManualResolutionRequired);
  return { state: isOpen ? undecided : applyResolutions(state, resolutions), conflicts, resolutions };
}
