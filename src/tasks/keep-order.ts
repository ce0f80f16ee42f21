import { type ConflictFields, StructuralConflict } from '../conflicts/conflict.ts';
import type { Block } from './task-blocks.ts';

type Blocks = readonly Block[];

/** The sides, with what is in all versions in the base's order, and the dispute about it; none if they have one order. */
export function keepOrder(
  base: Blocks,
  local: Blocks,
  remote: Blocks,
): { sides: [Blocks, Blocks]; dispute?: StructuralConflict } {
  const versions = [base, local, remote].map((blocks) => blocks.map(({ id }) => id));
  const inAll = versions.map((ids) => new Set(ids));
  const [before, ours, theirs] = versions.map((ids) => ids.filter((id) => inAll.every((some) => some.has(id)))) as [
    string[],
    string[],
    string[],
  ];
  const sides: [Blocks, Blocks] = [inOrder(local, before), inOrder(remote, before)];
  const isMoved = (id: string, at: number) => ours[at] !== id || theirs[at] !== id;
  const [from, to] = [before.findIndex(isMoved), before.findLastIndex(isMoved) + 1];
  if (from < 0) return { sides };
  const [baseValue, localValue, remoteValue] = [before, ours, theirs].map((ids) => ids.slice(from, to)) as [
    string[],
    string[],
    string[],
  ];
  const fields: ConflictFields = { location: [], baseValue, localValue, remoteValue, reason: 'both sides moved them' };
  return { sides, dispute: new StructuralConflict({ ...fields, aspect: 'order', key: 'id' }) };
}

/** The blocks in this order; those that are not in it stay behind what they stood behind. */
function inOrder(blocks: Blocks, order: readonly string[]): Blocks {
  const isOrdered = new Set(order);
  const runs = new Map<string | undefined, Block[]>();
  let run: Block[] = [];
  runs.set(undefined, run);
  for (const block of blocks) {
    if (isOrdered.has(block.id)) {
      run = [];
      runs.set(block.id, run);
    }
    run.push(block);
  }
  return [undefined, ...order].flatMap((id) => runs.get(id)!);
}
