import { applyResolutions } from '../conflicts/apply-resolutions.ts';
import { Conflict } from '../conflicts/conflict.ts';
import type { ConflictResolution } from '../conflicts/conflict-resolution.ts';
import { type ThreeWayMergeOptions, type ThreeWayMergeResult, threeWayMerge } from '../conflicts/three-way-merge.ts';

/** How two versions of a state come together, and how decisions get into one. */
export interface StateMerger<S> {
  /** As {@link threeWayMerge}: what is in conflict stands as in the base. */
  merge(versions: ThreeWayMergeOptions<S>): ThreeWayMergeResult<S>;
  /**
   * As {@link applyResolutions}: the state with the decisions about conflicts of `merge` in it.
   *
   * @param base - What the sides had in common, by which a merger may know parts again; none if they had nothing.
   */
  apply(state: S, resolutions: readonly ConflictResolution[], base: S | undefined): S;
}

/** Merges any JSON. */
export const jsonMerger: StateMerger<unknown> = {
  merge: threeWayMerge,
  apply: (state, resolutions) => applyResolutions(state, resolutions),
};

/** Three versions of a record, each of which may be absent. */
export type RecordVersions<S> = ThreeWayMergeOptions<S | undefined>;

/**
 * Merges versions of a record of which some may be absent. One that a side removed and the other changed is a conflict
 * about the whole, and so are two additions that don't fit together. Each conflict has the subject that `versions` has,
 * whatever the merger does.
 */
export function mergeRecord<S>(
  id: string,
  versions: RecordVersions<S>,
  merger: StateMerger<S>,
): ThreeWayMergeResult<S | undefined> {
  const { state, conflicts } = mergeStates(id, versions, merger);
  return { state, conflicts: conflicts.map((conflict) => aboutSubject(conflict, versions.subject)) };
}

/** The conflict as one about this subject, if there is one. */
export function aboutSubject(conflict: Conflict, subject: string | undefined): Conflict {
  return subject === undefined ? conflict : conflict.about(subject);
}

function mergeStates<S>(
  id: string,
  versions: RecordVersions<S>,
  merger: StateMerger<S>,
): ThreeWayMergeResult<S | undefined> {
  const { base, local, remote, ...stamps } = versions;
  if (base !== undefined && local !== undefined && remote !== undefined) {
    return merger.merge({ base, local, remote, ...stamps });
  }
  // Absence is a field's: the record is one, by its id, of an object that holds nothing else.
  const [inBase, inLocal, inRemote] = [base, local, remote].map((state) =>
    state === undefined ? {} : { [id]: state },
  );
  const { localStamps, remoteStamps } = stamps;
  const merged = threeWayMerge<Record<string, unknown>>({
    base: inBase!,
    local: inLocal!,
    remote: inRemote!,
    localStamps: typeof localStamps === 'function' ? () => localStamps('') : localStamps,
    remoteStamps: typeof remoteStamps === 'function' ? () => remoteStamps('') : remoteStamps,
  });
  const { state, conflicts } = merged;
  return {
    state: (Object.hasOwn(state, id) ? state[id] : undefined) as S | undefined,
    conflicts: conflicts.map((conflict) => {
      const json = conflict.toJSON();
      return Conflict.fromJSON({ ...json, location: conflict.location.slice(1) });
    }),
  };
}

/** The state with decisions in it, those about the record as a whole too. */
export function decideRecord<S>(
  state: S | undefined,
  resolutions: readonly ConflictResolution[],
  { merger, base }: { readonly merger: StateMerger<S>; readonly base: S | undefined },
): S | undefined {
  const isWhole = ({ conflict }: ConflictResolution) => conflict.location.length === 0;
  const parts = resolutions.filter((resolution) => !isWhole(resolution));
  const decided = applyResolutions(state, resolutions.filter(isWhole));
  return parts.length === 0 ? decided : merger.apply(decided as S, parts, base);
}
