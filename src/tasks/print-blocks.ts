import { type Block, blocksOf, printLine } from './task-blocks.ts';
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

/** Whether the tasks and headings of the text are those of the blocks, whatever became of the texts. */
export function hasLinesOf(text: string, blocks: readonly Block[]): boolean {
  const read = TasksDocument.parse(text).lines.filter(({ kind }) => kind === 'task' || kind === 'heading');
  const written = blocks.map(printLine).filter((line) => line !== '');
  return read.length === written.length && read.every((line, at) => line.text === written[at]);
}
