import { mergeSiblings } from './merge-siblings.ts';
import { type Block, printLine } from './task-blocks.ts';
import { displayIdOf, indentOf, type TaskLine } from './task-line.ts';

/** What each block stands below: a task it is nested in, or a heading; undefined for headings and the file's ends. */
type Parents = ReadonlyMap<string, string | undefined>;

/**
 * The order of merged blocks as a tree: headings, the tasks and texts below each, and the tasks nested in them.
 *
 * A block stands below what the side that moved it put it below, and goes along if that is moved. Undefined if both sides
 * moved the same block, each somewhere else, or each into what the other moved into it.
 *
 * @param state - The merged blocks, in any order.
 */
export function arrangeBlocks(
  state: readonly Block[],
  base: readonly Block[],
  local: readonly Block[],
  remote: readonly Block[],
): readonly Block[] | undefined {
  const blocks = new Map(state.map((block) => [block.id, block]));
  const parents = mergeParents(blocks, [base, local, remote].map(parentsOf) as [Parents, Parents, Parents]);
  if (!parents) return undefined;
  if (parents === 'split') return arrangeFlat(blocks, [base, local, remote]);
  const children = [base, local, remote].map((side) => childrenOf(side, parents));
  const keyOf = (id: string) => sortKey(blocks.get(id)!);
  const arranged: Block[] = [];
  const open: (string | undefined)[] = [undefined];
  while (open.length > 0) {
    const parent = open.pop();
    if (parent !== undefined) arranged.push(blocks.get(parent)!);
    const [before = [], ours = [], theirs = []] = children.map((lists) => lists.get(parent));
    const order = mergeSiblings(before, ours, theirs, keyOf);
    if (!order) return undefined;
    for (const id of order.toReversed()) open.push(id);
  }
  // What is nested in itself is below nothing; what is indented is nested in whatever task it comes to stand behind.
  const read = parentsOf(arranged);
  const isRead = arranged.length === state.length && arranged.every(({ id }) => read.get(id) === parents.get(id));
  return isRead ? arranged : undefined;
}

/** The order of one list: right where headings were written between blocks that nobody moved. */
function arrangeFlat(
  blocks: ReadonlyMap<string, Block>,
  versions: readonly (readonly Block[])[],
): readonly Block[] | undefined {
  const [base = [], local = [], remote = []] = versions.map((side) =>
    side.map(({ id }) => id).filter((id) => blocks.has(id)),
  );
  const order = mergeSiblings(base, local, remote, (id) => sortKey(blocks.get(id)!));
  return order?.map((id) => blocks.get(id)!);
}

function parentsOf(blocks: readonly Block[]): Parents {
  const parents = new Map<string, string | undefined>();
  let heading: string | undefined;
  let open: { id: string; indent: number }[] = [];
  for (const { id, line } of blocks) {
    if (line && 'mark' in line) {
      const indent = indentOf(String(line.prefix));
      open = open.filter((task) => task.indent < indent);
      parents.set(id, open.at(-1)?.id ?? heading);
      open.push({ id, indent });
      continue;
    }
    open = [];
    const isRoot = line !== null || id === '#start' || id === '#end';
    parents.set(id, isRoot ? undefined : heading);
    if (isRoot) heading = id;
  }
  return parents;
}

/** `'split'` if both sides changed a parent only because of headings that they wrote; undefined if they dispute one. */
function mergeParents(
  blocks: ReadonlyMap<string, Block>,
  versions: [Parents, Parents, Parents],
): Parents | 'split' | undefined {
  const [base, local, remote] = versions;
  const merged = new Map<string, string | undefined>();
  let isSplit = false;
  const isKnown = (parent: string | undefined) => Number(parent === undefined || base.has(parent));
  const isNewHeading = (parent: string | undefined) => parent?.startsWith('#') && !base.has(parent);
  const above = new Map(versions.map((side) => [side, rootsAbove(side)]));
  const standing = (side: Parents, id: string) => {
    let parent = side.get(id);
    while (parent !== undefined && !blocks.has(parent)) parent = side.get(parent) ?? above.get(side)!.get(parent);
    return parent;
  };
  for (const id of blocks.keys()) {
    const sides = [local, remote].filter((side) => side.has(id));
    const [side = base, other = side] = sides;
    const [before, ours, theirs] = [standing(base, id), standing(side, id), standing(other, id)];
    const isNew = !base.has(id);
    if (ours === theirs || before === theirs) merged.set(id, ours);
    else if (before === ours) merged.set(id, theirs);
    // What both added is below what is new too: the other side does not know of that.
    else if (isNew) merged.set(id, [ours, theirs].sort((a, b) => isKnown(a) - isKnown(b) || (a! < b! ? -1 : 1))[0]);
    else if (isNewHeading(ours) || isNewHeading(theirs)) isSplit = true;
    else return undefined;
  }
  if (isSplit) return 'split';
  for (const side of [local, remote]) followSplits(side, base, merged, side === local ? remote : local);
  return merged;
}

/** What a heading's tasks stand below once it is gone: the heading before it, or the beginning of the file. */
function rootsAbove(side: Parents): Parents {
  const roots = [...side.keys()].filter((id) => side.get(id) === undefined);
  return new Map(roots.map((id, at) => [id, roots[at - 1]]));
}

/** What a side added behind something that now stands below a new heading stands there too. */
function followSplits(side: Parents, base: Parents, merged: Map<string, string | undefined>, other: Parents): void {
  let previous: string | undefined;
  for (const [id, parent] of side) {
    const isAdded = !base.has(id) && !other.has(id) && merged.has(id);
    if (isAdded && previous !== undefined && side.get(previous) === parent) {
      const heading = merged.get(previous);
      if (heading !== parent && heading !== undefined && !base.has(heading)) merged.set(id, heading);
    }
    if (parent !== undefined) previous = id;
  }
}

function childrenOf(side: readonly Block[], parents: Parents): Map<string | undefined, string[]> {
  const children = new Map<string | undefined, string[]>();
  for (const { id } of side) {
    if (!parents.has(id)) continue;
    const siblings = children.get(parents.get(id));
    if (siblings) siblings.push(id);
    else children.set(parents.get(id), [id]);
  }
  return children;
}

/** Numbers in the order of counting, then words. */
function sortKey(block: Block): string {
  const { line, body, id } = block;
  const number = line && 'mark' in line ? displayIdOf(line as TaskLine) : null;
  const words = line && 'mark' in line ? String(line.title) : printLine(block) + body;
  return `+${(number ?? '').replace(/\d+/g, (digits) => digits.padStart(9, '0'))} ${words} ${id}`;
}
