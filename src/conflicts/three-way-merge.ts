import { checkObject } from '../core/check-argument.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { compareVersions } from './compare-versions.ts';
import type { Conflict } from './conflict.ts';
import { type ConflictOrigin, ConflictRecords } from './conflict-records.ts';
import type { MergeSchema } from './merge-schema.ts';
import { MergeWalk } from './merge-walk.ts';

/** What {@link threeWayMerge} merges. */
export interface ThreeWayMergeOptions<T> extends ConflictOrigin {
  /** The version that both others come from. */
  readonly base: T;
  readonly local: T;
  readonly remote: T;
  /** What values are, where it is not for the merge to find out. */
  readonly schema?: MergeSchema | undefined;
}

/** What {@link threeWayMerge} gives. */
export interface ThreeWayMergeResult<T> {
  /** All changes that can stand together; what is in conflict stands as in the base. Shares parts with the versions. */
  readonly state: T;
  /** What is left to decide; see `applyResolutions`. */
  readonly conflicts: readonly Conflict[];
}

/**
 * Merges two versions of a JSON value that come from one base: every change of either side is in the state, or in a
 * conflict that holds it (CF5), and nothing else is (CF4).
 *
 * - Objects merge field by field, at any depth, over the fields of all three (CF8).
 * - Lists merge by identity where the items have one: objects with an id-like field, texts of which none occurs twice.
 *   Additions of both sides stay, and an edit survives the other side's move. Other lists merge as sequences (diff3).
 * - Texts of several lines merge by line; any other value is atomic.
 * - A schema says otherwise where it is given, by path.
 * - A value that both sides added merges if that leaves no conflict inside, and is one conflict otherwise.
 *
 * Equal changes are no conflict (CF1); swapping the sides swaps the sides of the conflicts and nothing else (CF3). Time
 * grows linearly with size for keyed data (CF11). The versions are not changed.
 *
 * @throws {@link InvalidArgumentError} if a version is no JSON value, or nested more than 1,000 deep.
 *
 * @example
 * ```ts
 * const { state, conflicts } = threeWayMerge({
 *   base: { title: 'a', done: false },
 *   local: { title: 'b', done: false },
 *   remote: { title: 'a', done: true },
 * }); // { title: 'b', done: true }, []
 * ```
 */
export function threeWayMerge<T>(options: ThreeWayMergeOptions<T>): ThreeWayMergeResult<T> {
  checkObject(options);
  const { base, local, remote, schema } = options;
  const { difference, hasUndefined } = compareVersions(base, local, remote);
  if (hasUndefined) return threeWayMerge({ ...options, base: clean(base), local: clean(local), remote: clean(remote) });
  const records = new ConflictRecords(options);
  const [b, l, r] = [base, local, remote] as unknown as [JsonValue, JsonValue, JsonValue];
  const state = difference ? new MergeWalk(records).value(b, l, r, schema?.root, difference) : base;
  // A strategy that changed a conflict would change what a decision overwrites.
  for (const conflict of records.found) Object.freeze(conflict);
  return { state: state as T, conflicts: Object.freeze(records.found) };
}

/** Without the fields that are `undefined`. */
const clean = <T>(version: T): T => frozenJson(version, 'version');
