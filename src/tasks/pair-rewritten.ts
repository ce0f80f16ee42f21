import { idsOf, wordsOf } from './pair-additions.ts';
import { type Block, isHeading, isTask, isTextBlock } from './task-blocks.ts';

type Blocks = readonly Block[];

/**
 * Gives a heading or text that a side wrote quite anew the identity of what stands in its place in the base.
 *
 * Only if the other side has that still, and not the new words beside it: else it was removed and something was added, and
 * a merge that is merged again would take the one for an edit of the other (CF6).
 */
export function pairRewritten(base: Blocks, local: Block[], remote: Block[]): void {
  for (const isKind of [isHeading, isTextBlock]) {
    const [ours, theirs] = [rewritten(base, local, isKind), rewritten(base, remote, isKind)];
    const pairs = [pairsKept(ours, local, theirs, remote, base), pairsKept(theirs, remote, ours, local, base)] as const;
    rename(local, pairs[0]);
    rename(remote, pairs[1]);
  }
}

/** The same of one version, whatever others there are. */
export function keepRewritten(base: Blocks, blocks: Block[]): void {
  for (const isKind of [isHeading, isTextBlock]) rename(blocks, rewritten(base, blocks, isKind));
}

/** By identity in the base: the place in the side of what was written for it. */
type Rewritten = ReadonlyMap<string, number>;

function pairsKept(ours: Rewritten, local: Blocks, theirs: Rewritten, remote: Blocks, base: Blocks): Rewritten {
  if (ours.size === 0) return ours;
  const known = idsOf(base);
  const kept = idsOf(remote);
  const added = new Set(remote.filter(({ id }) => !known.has(id)).map(wordsOf));
  const isKept = ([id, at]: [string, number]) => (kept.has(id) || theirs.has(id)) && !added.has(wordsOf(local[at]!));
  return new Map([...ours].filter(isKept));
}

function rename(side: Block[], pairs: Rewritten): void {
  for (const [id, at] of pairs) side[at] = { ...side[at]!, id };
}

/** What is the only one in its place that is gone, and the only one that is new. */
function rewritten(base: Blocks, side: Blocks, isKind: (block: Block) => boolean): Rewritten {
  const [known, there] = [idsOf(base), idsOf(side)];
  const gone = soleByPlace(base, (block) => isKind(block) && !there.has(block.id));
  if (gone.size === 0) return new Map();
  const added = soleByPlace(side, (block) => isKind(block) && !known.has(block.id));
  return new Map([...gone].flatMap(([place, at]) => (added.has(place) ? [[base[at]!.id, added.get(place)!]] : [])));
}

/** By place: what is alone there. A heading's place is its first task, a text's what is above it. */
function soleByPlace(blocks: Blocks, isMeant: (block: Block) => boolean): Map<string, number> {
  const sole = new Map<string, number>();
  const several = new Set<string>();
  let heading = '';
  for (const [at, block] of blocks.entries()) {
    const place = isHeading(block) ? firstTaskOf(blocks, at) : heading;
    if (isHeading(block)) heading = block.id;
    if (place === undefined || !isMeant(block)) continue;
    if (sole.has(place)) several.add(place);
    sole.set(place, at);
  }
  for (const place of several) sole.delete(place);
  return sole;
}

function firstTaskOf(blocks: Blocks, heading: number): string | undefined {
  const [next, second] = blocks.slice(heading + 1, heading + 3);
  const first = next && isTextBlock(next) ? second : next;
  return first && isTask(first) ? first.id : undefined;
}
