import type { ConflictView } from './conflict-view.ts';

const width = 38;

/** Plain text, the three versions in columns. */
export function asText(views: readonly ConflictView[]): string {
  return views
    .map(({ id, title, facts, reason, sides }, at) => {
      const cells = sides.map(({ name, stamp, value }) =>
        [name, ...(stamp ? [stamp] : []), ...value.split('\n')].flatMap(wrap),
      );
      const height = Math.max(...cells.map(({ length }) => length));
      const rows = Array.from({ length: height }, (_, line) =>
        cells
          .map((cell) => pad(cell[line] ?? ''))
          .join(' | ')
          .trimEnd(),
      );
      return `${at + 1}. ${title}\n   ${facts}, ${id}\n   ${reason}\n\n${rows.join('\n')}\n`;
    })
    .join('\n');
}

function wrap(line: string): string[] {
  const characters = Array.from(line);
  if (characters.length <= width) return [line];
  const parts: string[] = [];
  for (let at = 0; at < characters.length; at += width) parts.push(characters.slice(at, at + width).join(''));
  return parts;
}

const pad = (text: string) => text + ' '.repeat(Math.max(0, width - Array.from(text).length));
