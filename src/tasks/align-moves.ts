import { mergeOrder } from '../conflicts/merge-order.ts';
import { longestRisingRun } from './longest-rising-run.ts';

interface Identified {
  readonly id: string;
}

/**
 * Puts both sides in one order, if the sides moved different things: each goes where its mover put it, behind the nearest
 * one before it that nobody moved. If both moved the same one, or their orders don't meet at all, nothing happens.
 */
export function alignMoves<T extends Identified>(
  base: readonly T[],
  local: readonly T[],
  remote: readonly T[],
): [readonly T[], readonly T[]] {
  const shared = [base, local, remote].map((side) => new Set(side.map(({ id }) => id)));
  const [before, ours, theirs] = [base, local, remote].map((side) =>
    side.map(({ id }) => id).filter((id) => shared.every((ids) => ids.has(id))),
  ) as [string[], string[], string[]];
  if (mergeOrder(before, ours, theirs).conflicts.length === 0) return [local, remote];
  const places = new Map(before.map((id, place) => [id, place]));
  const moved = [ours, theirs].map((side) => {
    const steady = longestRisingRun(side.map((id) => places.get(id)!));
    return new Set(side.filter((_, at) => !steady.has(at)));
  }) as [Set<string>, Set<string>];
  if ([...moved[0]].some((id) => moved[1].has(id))) return [local, remote];
  const spine = before.filter((id) => !moved[0].has(id) && !moved[1].has(id));
  const { order } = mergeOrder(
    spine,
    ours.filter((id) => !moved[1].has(id)),
    theirs.filter((id) => !moved[0].has(id)),
  );
  return [inOrder(local, order as readonly string[]), inOrder(remote, order as readonly string[])];
}

/** The side's items in this order; those that are not in it stay behind what they stood behind. */
function inOrder<T extends Identified>(side: readonly T[], order: readonly string[]): T[] {
  const isOrdered = new Set(order);
  const runs = new Map<string | undefined, T[]>([[undefined, []]]);
  let run = runs.get(undefined)!;
  for (const item of side) {
    if (isOrdered.has(item.id)) {
      run = [];
      runs.set(item.id, run);
    }
    run.push(item);
  }
  return [undefined, ...order].flatMap((id) => runs.get(id)!);
}
