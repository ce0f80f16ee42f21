import { mergeOrder } from '../conflicts/merge-order.ts';
import { inOrder } from './in-order.ts';
import { inLongestRisingRuns, longestRisingRun } from './longest-rising-run.ts';
import { swapsBetween } from './swaps-between.ts';

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
  const inAll = [base, local, remote].map((ids) => new Set(ids));
  const [shared, ours, theirs] = [base, local, remote].map((ids) =>
    ids.filter((id) => inAll.every((some) => some.has(id))),
  ) as [string[], string[], string[]];
  const order = orderOf(shared, ours, theirs);
  // An order that would not stay when it is merged again with a side is a guess (CF6).
  const stays = order && [ours, theirs].every((side) => orderOf(shared, order, side)?.join('\n') === order.join('\n'));
  return stays
    ? (mergeOrder(order, inOrder(local, order, String), inOrder(remote, order, String)).order as Ids)
    : undefined;
}

function orderOf(base: Ids, local: Ids, remote: Ids): Ids | undefined {
  if (areMovedApart(base, local, remote, inLongestRisingRuns)) return undefined;
  return joinSwaps(base, local, remote) ?? placeMoved(base, local, remote);
}

/** Each thing where the side put it that moved it, among what neither moved. */
function placeMoved(base: Ids, local: Ids, remote: Ids): Ids | undefined {
  if (areMovedApart(base, local, remote, longestRisingRun)) return undefined;
  const [ours, theirs] = [local, remote].map((side) => movedIn(base, side, longestRisingRun)) as [Moved, Moved];
  const order = mergeOrder(
    base.filter((id) => !ours.has(id) && !theirs.has(id)),
    local.filter((id) => ours.has(id) || !theirs.has(id)),
    remote.filter((id) => theirs.has(id) || !ours.has(id)),
  ).order as Ids;
  const isLost = (side: Ids) => {
    const swaps = swapsBetween(base, side);
    return swaps > 0 && swapsBetween(side, order) === swaps + swapsBetween(base, order);
  };
  return [local, remote].some(isLost) ? undefined : order;
}

/** The order in which those pairs are swapped that either side swapped; undefined if there is no such order. */
function joinSwaps(base: Ids, local: Ids, remote: Ids): Ids | undefined {
  const [before, ours, theirs] = [base, local, remote].map(placesIn) as [Places, Places, Places];
  const isBefore = (places: Places, a: string, b: string) => places.get(a)! < places.get(b)!;
  const joined = base.toSorted((a, b) => {
    const stays = isBefore(before, a, b);
    const isSwapped = [ours, theirs].some((places) => isBefore(places, a, b) !== stays);
    return stays === isSwapped ? 1 : -1;
  });
  const [one, other] = [swapsBetween(base, local), swapsBetween(base, remote)];
  const swaps = (one + other + swapsBetween(local, remote)) / 2;
  const hasBoth = one + swapsBetween(local, joined) === swaps && other + swapsBetween(remote, joined) === swaps;
  return hasBoth && swapsBetween(base, joined) === swaps ? joined : undefined;
}

/** Whether there is something that both sides moved, each to another place between what neither moved. */
function areMovedApart(base: Ids, local: Ids, remote: Ids, steadyIn: SteadyIn): boolean {
  const [ours, theirs] = [local, remote].map((side) => movedIn(base, side, steadyIn)) as [Moved, Moved];
  const gapsIn = (order: Ids) => {
    let gap = 0;
    const isSteady = (id: string) => !ours.has(id) && !theirs.has(id);
    return new Map(order.map((id) => [id, isSteady(id) ? gap++ : gap]));
  };
  const [mine, yours] = [gapsIn(local), gapsIn(remote)];
  return [...ours].some((id) => theirs.has(id) && mine.get(id) !== yours.get(id));
}

type Moved = ReadonlySet<string>;
type SteadyIn = (values: readonly number[]) => Set<number>;

function movedIn(base: Ids, side: Ids, steadyIn: SteadyIn): Moved {
  const places = placesIn(base);
  const steady = steadyIn(side.map((id) => places.get(id)!));
  return new Set(side.filter((_, at) => !steady.has(at)));
}

type Places = ReadonlyMap<string, number>;

const placesIn = (ids: Ids): Places => new Map(ids.map((id, place) => [id, place]));
