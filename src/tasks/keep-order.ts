import { type ConflictFields, StructuralConflict } from '../conflicts/conflict.ts';
import { inOrder } from './in-order.ts';
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
  const idOf = ({ id }: Block) => id;
  const sides: [Blocks, Blocks] = [inOrder(local, before, idOf), inOrder(remote, before, idOf)];
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
