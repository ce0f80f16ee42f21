import { InvalidArgumentError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import { type ConflictResolution, ManualResolutionRequired } from './conflict-resolution.ts';
import type { MergeSchema } from './merge-schema.ts';
import { settle } from './settle-conflict.ts';
import { type OwnCopies, updateAt } from './update-at.ts';

/** What {@link applyResolutions} and {@link undoResolution} need to find what they change. */
export interface ApplyOptions {
  /** Only for lists whose items a function or several fields of the schema tell apart: the schema of the merge. */
  readonly schema?: MergeSchema | undefined;
}

/**
 * The state with each decision in its place. Items of lists are found by identity, wherever they have moved since.
 *
 * Works on the state that the merge gave and on a later one, as long as nobody has changed the disputed values in it: a
 * decision never overwrites what it did not know. One that has been applied already changes nothing, and neither does a
 * `ManualResolutionRequired`. The state given is not changed; what no decision touches is shared with it.
 *
 * @throws {@link ResolutionOutdatedError} if a disputed value is no longer what the conflict says: merge again.
 * @throws {@link InvalidArgumentError} for what is no resolution, for a decided item of a list that is not told by the
 * identity in dispute, and for decided items that are not told apart.
 */
export function applyResolutions<T>(
  state: T,
  resolutions: readonly ConflictResolution[],
  options: ApplyOptions = {},
): T {
  if (!Array.isArray(resolutions)) throw new InvalidArgumentError('resolutions', 'a list of resolutions', resolutions);
  for (const resolution of resolutions) checkResolution(resolution);
  const copies: OwnCopies = new WeakSet();
  // From the last to the first, so that an item put into a list does not move the places of those before it.
  return resolutions
    .filter((resolution) => !(resolution instanceof ManualResolutionRequired))
    .reduceRight(
      (result, { conflict, value }) => put(result, conflict, conflict.baseValue, value, options, copies),
      state,
    );
}

/**
 * The state without this decision: what it decided is as in the base again, and the conflict is open.
 *
 * @throws {@link ResolutionOutdatedError} if what was decided has changed since: undoing it would undo more.
 */
export function undoResolution<T>(
  state: T,
  resolution: Pick<ConflictResolution, 'conflict' | 'value'>,
  options: ApplyOptions = {},
): T {
  checkResolution(resolution);
  const { conflict, value } = resolution;
  return put(state, conflict, value, conflict.baseValue, options, new WeakSet());
}

function checkResolution(resolution: Pick<ConflictResolution, 'conflict' | 'value'>): void {
  if (Array.isArray(resolution?.conflict?.location)) return;
  throw new InvalidArgumentError('resolution', 'a ConflictResolution: choose() or decide() makes one', resolution);
}

function put<T>(
  state: T,
  conflict: ConflictResolution['conflict'],
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  { schema }: ApplyOptions,
  copies: OwnCopies,
): T {
  const update = (current: JsonValue | undefined, cursor: MergeSchema['root']) =>
    settle(current, conflict, before, after, cursor);
  return updateAt(state as JsonValue, conflict, update, schema?.root, copies) as T;
}
