import type { ConflictView, SideView } from './conflict-view.ts';

const width = 38;
const linesOfGlance = 3;

/** Plain text, the three versions in columns. */
export function asText(views: readonly ConflictView[]): string {
  return views
    .map(({ id, title, facts, reason, sides }, at) => {
      const heads = sides.map(({ name, stamp }) => [name, stamp].flatMap(wrap));
      // The values begin in one row, and without a gap.
      const top = Math.max(...heads.map((head) => head.filter((line) => line !== '').length));
      const cells = sides.map((side, column) => [
        ...Array.from({ length: top }, (_, line) => heads[column]![line] ?? ''),
        ...shownValue(side).split('\n').flatMap(wrap),
      ]);
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

/** In what is longer than a glance, changes are marked as git does words: `[-gone-]`, `{+come+}`. */
function shownValue({ name, value }: SideView): string {
  if (!value) return '(nothing)';
  const text = value.map((part) => part.text).join('');
  if (text.length <= 2 * width && text.split('\n').length <= linesOfGlance) return text;
  const [before, after] = name === 'base' ? ['[-', '-]'] : ['{+', '+}'];
  return value.map((part) => (part.kind === 'changed' ? before + part.text + after : part.text)).join('');
}

function wrap(line: string): string[] {
  const parts: string[] = [];
  let part = '';
  let used = 0;
  for (const character of line) {
    const columns = columnsOf(character);
    if (used + columns > width) {
      parts.push(part);
      part = '';
      used = 0;
    }
    part += character;
    used += columns;
  }
  return [...parts, part];
}

const pad = (text: string) =>
  text + ' '.repeat(Math.max(0, width - Array.from(text).reduce((sum, character) => sum + columnsOf(character), 0)));

const wide =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

/** How many columns a terminal gives to a character. Source: Unicode Standard Annex 11, as far as scripts tell it. */
const columnsOf = (character: string) => (/\p{M}/u.test(character) ? 0 : wide.test(character) ? 2 : 1);
