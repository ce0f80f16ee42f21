import { DeletionConflict } from '../conflicts/conflict.ts';
import { jsonEqual } from '../core/json-value.ts';
import type { Block } from './task-blocks.ts';

type Blocks = readonly Block[];

/**
 * The sides, with what one removed and the other put below another heading standing in both where the other put it, and
 * the disputes about it. Of what was edited too, the removal is a conflict without this.
 */
export function keepMoved(
  base: Blocks,
  local: Blocks,
  remote: Blocks,
): { sides: [Blocks, Blocks]; disputes: DeletionConflict[] } {
  const [kept, other] = [movedFrom(base, local, remote), movedFrom(base, remote, local)];
  const reason = 'one side removed it, the other moved it';
  const dispute = (block: Block, sides: Pick<DeletionConflict, 'localValue' | 'remoteValue'>) =>
    new DeletionConflict({ location: [{ key: 'id', value: block.id, index: 0 }], baseValue: block, ...sides, reason });
  return {
    sides: [putBack(local, other, remote), putBack(remote, kept, local)],
    disputes: [
      ...[...kept.values()].map((block) => dispute(block, { localValue: block, remoteValue: undefined })),
      ...[...other.values()].map((block) => dispute(block, { localValue: undefined, remoteValue: block })),
    ],
  };
}

/** What this side put below another heading, without an edit, and the other removed. */
function movedFrom(base: Blocks, side: Blocks, other: Blocks): Map<string, Block> {
  const before = new Map(base.map((block) => [block.id, block]));
  const there = new Set(side.map(({ id }) => id));
  const inOther = new Set(other.map(({ id }) => id));
  const [was, is] = [headingsOf(base), headingsOf(side)];
  const moved = side.filter((block) => {
    const [from, to] = [was.get(block.id), is.get(block.id)];
    if (from === undefined || to === undefined || inOther.has(block.id) || !jsonEqual(block, before.get(block.id)!)) {
      return false;
    }
    // A heading that was written or removed above it moved nothing.
    return from !== to && before.has(to) && there.has(from);
  });
  return new Map(moved.map((block) => [block.id, block]));
}

/** The heading above each task and text. */
function headingsOf(blocks: Blocks): Map<string, string> {
  const headings = new Map<string, string>();
  let heading = '#start';
  for (const { id, line } of blocks) {
    if (line && 'heading' in line) heading = id;
    else if (id !== '#start' && id !== '#end') headings.set(id, heading);
  }
  return headings;
}

/** The side with these blocks too, each behind what it stands behind in the other side. */
function putBack(side: Blocks, blocks: ReadonlyMap<string, Block>, other: Blocks): Blocks {
  if (blocks.size === 0) return side;
  const there = new Set(side.map(({ id }) => id));
  const behind = new Map<string, Block[]>();
  let previous = '#start';
  for (const { id } of other) {
    const block = blocks.get(id);
    if (block) behind.set(previous, [...(behind.get(previous) ?? []), block]);
    else if (there.has(id)) previous = id;
  }
  return side.flatMap((block) => [block, ...(behind.get(block.id) ?? [])]);
}
