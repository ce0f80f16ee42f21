import { type Block, printLine } from './task-blocks.ts';
import { normalize } from './title-similarity.ts';

type Ids = ReadonlySet<string>;
/** By key: the places of blocks. */
type Places = [key: string, index: number][];

/**
 * Gives one identity to what both sides wrote with the same words. What both added is one if it stands behind the same
 * thing, though below different ones: a side may have removed or indented what it stands below, or written a heading above
 * that. What one side made of something of the base is that, wherever the other has it.
 */
export function pairAdditions(base: readonly Block[], local: Block[], remote: Block[]): void {
  const known = idsOf(base);
  const [inLocal, inRemote] = [idsOf(local), idsOf(remote)];
  const alone = (side: readonly Block[], other: Ids, isKnown: boolean): Places =>
    side.flatMap((block, index) =>
      other.has(block.id) || known.has(block.id) !== isKnown ? [] : [[wordsOf(block), index]],
    );
  const give = (ours: Places, theirs: Places, idOf: (one: string, other: string) => string) => {
    for (const [mine, yours] of pairsOf(ours, theirs)) {
      const id = idOf(local[mine]!.id, remote[yours]!.id);
      local[mine] = { ...local[mine]!, id };
      remote[yours] = { ...remote[yours]!, id };
    }
  };
  give(alone(local, inRemote, true), alone(remote, inLocal, false), (one) => one);
  give(alone(local, inRemote, false), alone(remote, inLocal, true), (_, other) => other);
  const [ours, theirs] = [additions(local, known, idsOf(remote)), additions(remote, known, idsOf(local))];
  give(ours, theirs, (one, other) => (one < other ? one : other));
}

/** The places of the same key on both sides, in order. */
function pairsOf(ours: Places, theirs: Places): [number, number][] {
  const waiting = new Map<string, number[]>();
  for (const [key, index] of theirs.toReversed()) {
    const sameKey = waiting.get(key);
    if (sameKey) sameKey.push(index);
    else waiting.set(key, [index]);
  }
  return ours.flatMap(([key, index]) => {
    const other = waiting.get(key)?.pop();
    return other === undefined ? [] : [[index, other]];
  });
}

/** What only this side added: its words with what it stands behind, and its place. */
function additions(side: readonly Block[], known: Ids, other: Ids): Places {
  let anchor = '';
  return side.flatMap((block, index) => {
    const isNew = !known.has(block.id);
    const isAlone = !other.has(block.id);
    const found: Places = isNew && isAlone ? [[`${anchor}\n${wordsOf(block)}`, index]] : [];
    const isHeading = block.line !== null && 'heading' in block.line;
    if (isNew ? isHeading : !isAlone) anchor = block.id;
    return found;
  });
}

/** The identities of the blocks. */
export const idsOf = (blocks: readonly Block[]) => new Set(blocks.map(({ id }) => id));

/** What a block says, apart from letter case and white space. */
export function wordsOf(block: Block): string {
  const { line, body } = block;
  return line && 'mark' in line ? `task ${normalize(String(line.title))}` : normalize(printLine(block) + body);
}
