import { mergeOrder } from '../conflicts/merge-order.ts';
import { longestRisingRun } from './longest-rising-run.ts';

type Ids = readonly string[];

/**
 * One order of what stands in one place, or undefined if both sides moved the same there, each its own way.
 *
 * What a side moved goes where it put it, also where the other side moved something else; what it added stays together,
 * behind what it follows there.
 *
 * @param keyOf - What decides which of two additions in one place comes first; another one for each id.
 */
export function mergeSiblings(base: Ids, local: Ids, remote: Ids, keyOf: (id: string) => string): Ids | undefined {
  const runs = new Map<string, string[]>();
  const order = mergeMoves(base, foldRuns(local, remote, keyOf, runs), foldRuns(remote, local, keyOf, runs));
  return order?.flatMap((id) => runs.get(id) ?? [id]);
}

/** One side, in which each run of what it has alone is one item, named by a key. */
function foldRuns(side: Ids, other: Ids, keyOf: (id: string) => string, runs: Map<string, string[]>): Ids {
  const inOther = new Set(other);
  const folded: string[] = [];
  let run: string[] | undefined;
  for (const id of side) {
    if (inOther.has(id)) {
      folded.push(id);
      run = undefined;
    } else if (run) run.push(id);
    else {
      run = [id];
      runs.set(keyOf(id), run);
      folded.push(keyOf(id));
    }
  }
  return folded;
}

function mergeMoves(base: Ids, local: Ids, remote: Ids): Ids | undefined {
  const merged = mergeOrder(base, local, remote);
  const inAll = [base, local, remote].map((ids) => new Set(ids));
  const [shared, one, other] = [base, local, remote].map((ids) =>
    ids.filter((id) => inAll.every((some) => some.has(id))),
  ) as [string[], string[], string[]];
  if (one.every((id, at) => id === other[at])) return merged.order as Ids;
  const places = new Map(shared.map((id, place) => [id, place]));
  const movedIn = (order: Ids): ReadonlySet<string> => {
    const steady = longestRisingRun(order.map((id) => places.get(id)!));
    return new Set(order.filter((_, at) => !steady.has(at)));
  };
  const [ours, theirs] = [movedIn(one), movedIn(other)];
  if ([...ours].some((id) => theirs.has(id))) return undefined;
  if (merged.conflicts.length === 0) return merged.order as Ids;
  // What only one side moved is as if that side had added it.
  const steady = shared.filter((id) => !ours.has(id) && !theirs.has(id));
  return mergeOrder(
    steady,
    local.filter((id) => !theirs.has(id)),
    remote.filter((id) => !ours.has(id)),
  ).order as Ids;
}
