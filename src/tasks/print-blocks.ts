import { type Block, blocksOf, isTextBlock, printLine } from './task-blocks.ts';
import { TasksDocument } from './tasks-document.ts';

/**
 * The text of the blocks.
 *
 * @param comments - By block: what to write before its first line; whole lines.
 */
export function printBlocks(blocks: readonly Block[], comments: ReadonlyMap<number, string> = new Map()): string {
  return blocks.map((block, at) => block.lead + (comments.get(at) ?? '') + printLine(block) + block.body).join('');
}

/** Whether the text is read as these blocks: an open fence swallows tasks, and texts that meet become one. */
export function isReadBack(text: string, blocks: readonly Block[]): boolean {
  const read = blocksOf(TasksDocument.parse(text));
  const isSame = (one: Block, other: Block) => printLine(one) === printLine(other) && one.body === other.body;
  return read.length === blocks.length && read.every((block, at) => isSame(block, blocks[at]!));
}

/** Whether the text is read with the blocks' tasks and headings, and with some of the blocks whole; other texts may meet. */
export function hasLinesOf(text: string, blocks: readonly Block[], isWhole: (block: Block) => boolean): boolean {
  const read = blocksOf(TasksDocument.parse(text));
  const [found, written] = [read, blocks].map((some) => some.filter(({ line }) => line !== null)) as [Block[], Block[]];
  const isSame = (one: Block, other: Block) =>
    printLine(one) === printLine(other) && (!isWhole(other) || one.body === other.body);
  const texts = new Set(read.filter(isTextBlock).map(({ body }) => body));
  return (
    found.length === written.length &&
    found.every((block, at) => isSame(block, written[at]!)) &&
    blocks.every((block) => !isTextBlock(block) || !isWhole(block) || texts.has(block.body))
  );
}
