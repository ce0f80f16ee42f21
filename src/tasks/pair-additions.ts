import { type Block, printLine } from './task-blocks.ts';
import { normalize } from './title-similarity.ts';

/**
 * Gives one identity to what both sides wrote with the same words behind the same thing, though it stands below different
 * ones: one side may have removed or indented what it stands below, or written a heading above that. What one side alone
 * knows from the base stays what it is.
 */
export function pairAdditions(base: readonly Block[], local: Block[], remote: Block[]): void {
  const [known, ours, theirs] = [base, local, remote].map((blocks) => new Set(blocks.map(({ id }) => id))) as [
    Set<string>,
    Set<string>,
    Set<string>,
  ];
  const waiting = new Map<string, number[]>();
  for (const [key, index] of unpaired(remote, known, ours).reverse()) {
    const sameKey = waiting.get(key);
    if (sameKey) sameKey.push(index);
    else waiting.set(key, [index]);
  }
  for (const [key, index] of unpaired(local, known, theirs)) {
    const other = waiting.get(key)?.pop();
    if (other === undefined) continue;
    const ids = [local[index]!.id, remote[other]!.id].sort();
    const [id = ids[0]!, second] = ids.filter((each) => known.has(each));
    if (second !== undefined) continue;
    local[index] = { ...local[index]!, id };
    remote[other] = { ...remote[other]!, id };
  }
}

/** What the other side has not: its words with what it stands behind, and its place. */
function unpaired(
  side: readonly Block[],
  known: ReadonlySet<string>,
  other: ReadonlySet<string>,
): [key: string, index: number][] {
  let anchor = '';
  return side.flatMap((block, index) => {
    const isNew = !known.has(block.id);
    const isAlone = !other.has(block.id);
    const found: [string, number][] = isAlone ? [[`${anchor}\n${wordsOf(block)}`, index]] : [];
    const isHeading = block.line !== null && 'heading' in block.line;
    if (isNew ? isHeading : !isAlone) anchor = block.id;
    return found;
  });
}

function wordsOf(block: Block): string {
  const { line, body } = block;
  return line && 'mark' in line ? `task ${normalize(String(line.title))}` : normalize(printLine(block) + body);
}
