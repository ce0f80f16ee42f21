import { displayWidth, pad, truncate } from './display-width.ts';

export interface TableColumn {
  readonly title: string;
  /** Default left. */
  readonly align?: 'left' | 'right';
  /** May be cut where the table is too wide. */
  readonly shrinks?: true;
  /** Is left out where less than a few words of it would fit; only for the last column. */
  readonly optional?: true;
}

const gap = 2;
const leastOptional = 24;
const leastShrunk = 12;

/** Lines of a table whose columns stand below each other in a terminal, in at most `columns` where that is possible. */
export function textTable(
  head: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const titles = head.map(({ title }) => title);
  const widths = head.map((_column, n) => Math.max(...[titles, ...rows].map((row) => displayWidth(row[n] ?? ''))));
  let excess = widths.reduce((sum, width) => sum + width, gap * (head.length - 1)) - columns;
  if (head.at(-1)?.optional && widths.at(-1)! - excess < Math.min(leastOptional, widths.at(-1)!)) {
    const shorter = rows.map((row) => row.slice(0, head.length - 1));
    return textTable(head.slice(0, -1), shorter, columns);
  }
  for (let n = head.length - 1; n >= 0 && excess > 0; n--) {
    if (!head[n]!.shrinks && !head[n]!.optional) continue;
    const spare = Math.min(excess, Math.max(0, widths[n]! - leastShrunk));
    widths[n]! -= spare;
    excess -= spare;
  }
  const line = (cells: readonly string[]) =>
    head
      .map(({ align = 'left' }, n) => pad(truncate(cells[n] ?? '', widths[n]!), widths[n]!, align))
      .join(' '.repeat(gap))
      .trimEnd();
  return [line(titles), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)];
}
