import { type Block, printLine } from './task-blocks.ts';
import { TasksDocument } from './tasks-document.ts';

/**
 * The text of the blocks.
 *
 * @param comments - By block: what to write before its first line; whole lines.
 */
export function printBlocks(blocks: readonly Block[], comments: ReadonlyMap<number, string> = new Map()): string {
  return blocks.map((block, at) => block.lead + (comments.get(at) ?? '') + printLine(block) + block.body).join('');
}

/** Whether the tasks and headings of the text are those of the blocks: an open fence may have swallowed some. */
export function isReadBack(text: string, blocks: readonly Block[]): boolean {
  const read = TasksDocument.parse(text).lines.filter(({ kind }) => kind === 'task' || kind === 'heading');
  const written = blocks.map(printLine).filter((line) => line !== '');
  return read.length === written.length && read.every((line, at) => line.text === written[at]);
}
