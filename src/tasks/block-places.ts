import { type Block, printLine } from './task-blocks.ts';
import { indentOf } from './task-line.ts';

/** A block where it stands in a file. */
export interface PlacedBlock {
  readonly block: Block;
  /** What the headings and tasks that it stands below are called, from the outermost. */
  readonly above: readonly string[];
}

/** The blocks of a file by identity. */
export function placesOf(blocks: readonly Block[]): Map<string, PlacedBlock> {
  let above: { readonly name: string; readonly rank: number }[] = [];
  return new Map(
    blocks.map((block) => {
      const rank = rankOf(block);
      above = above.filter((other) => other.rank < rank);
      const placed = { block, above: above.map(({ name }) => name) };
      if (block.line) above.push({ name: nameOf(block), rank });
      return [block.id, placed];
    }),
  );
}

/** What a task or heading is called; a text has no name. */
export function nameOf({ line }: Block): string {
  if (line === null) return '';
  return 'mark' in line ? `${line.number}${line.title}` : String(line.heading).replace(/^\s*#+\s*/, '');
}

/** A block stands below those before it of lesser rank: headings by level, then texts and tasks by indentation. */
function rankOf(block: Block): number {
  const { line } = block;
  const first = 7;
  if (line && 'mark' in line) return first + indentOf(String(line.prefix));
  return line
    ? printLine(block)
        .trimStart()
        .search(/[^#]|$/)
    : first;
}
