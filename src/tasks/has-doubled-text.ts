import { toLines } from '../conflicts/text-merge.ts';
import { type Block, isTextBlock } from './task-blocks.ts';

/**
 * Whether a line of text stands there more often than all edits say: in a part that a side cut off, beside the base's
 * version of the whole.
 */
export function hasDoubledText(
  blocks: readonly Block[],
  versions: readonly [base: string, local: string, remote: string],
): boolean {
  const [base, local, remote] = versions.map(countOfLines) as [Count, Count, Count];
  const texts = blocks
    .filter(isTextBlock)
    .map(({ body }) => body)
    .join('');
  const now = countOfLines(texts);
  return toLines(texts).some((line) => {
    const [was, ours, theirs] = [base(line), local(line), remote(line)];
    const most = Math.max(was, ours, theirs, ours + theirs - was);
    return line.trim() !== '' && most > 0 && now(line) > most;
  });
}

type Count = (line: string) => number;

function countOfLines(text: string): Count {
  const counts = new Map<string, number>();
  for (const line of toLines(text)) counts.set(line, (counts.get(line) ?? 0) + 1);
  return (line) => counts.get(line) ?? 0;
}
