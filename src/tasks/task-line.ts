/** The parts of a line that holds a task; together they are the line. */
export interface TaskLine {
  /** Indentation, bullet and the space behind it. */
  readonly prefix: string;
  /** Between the brackets: a space, `x` or `X`. */
  readonly mark: string;
  /** The space behind the brackets. */
  readonly gap: string;
  /** The number as it is written, with the space behind it; empty if there is none. */
  readonly number: string;
  readonly title: string;
  /** White space behind the title, and the line's end. */
  readonly tail: string;
}

const task = /^(\uFEFF?[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[([ xX])\](?:([ \t]+)(.*))?$/s;
const numbered = /^((?:\d+(?:\.\d+)+\.?|\d+\.)[ \t]+)(.+)$/s;

/** The parts of the line; undefined if it is no task. GitHub's task list items, with any bullet. */
export function parseTaskLine(line: string): TaskLine | undefined {
  const tail = tailOf(line);
  const parts = task.exec(line.slice(0, line.length - tail.length));
  if (!parts) return undefined;
  const [, prefix = '', mark = '', gap = '', text = ''] = parts;
  const [, number = '', title = text] = numbered.exec(text) ?? [];
  return { prefix, mark, gap, number, title, tail };
}

/** The white space behind the text of a line, and the line's end. By hand: a regular expression takes quadratic time. */
export function tailOf(line: string): string {
  let end = line.length;
  if (line[end - 1] === '\n') end -= line[end - 2] === '\r' ? 2 : 1;
  while (line[end - 1] === ' ' || line[end - 1] === '\t') end--;
  return line.slice(end);
}

/** The line that has these parts. */
export function printTaskLine({ prefix, mark, gap, number, title, tail }: TaskLine): string {
  return `${prefix}[${mark}]${gap}${number}${title}${tail}`;
}

/** The number without the space and the dot behind it; null if there is none. */
export function displayIdOf({ number }: TaskLine): string | null {
  return number === '' ? null : number.trimEnd().replace(/\.$/, '');
}

/** The width of the line's indentation; a tab goes to the next multiple of four. */
export function indentOf(line: string): number {
  let width = 0;
  for (const character of line.replace(/^\uFEFF/, '')) {
    if (character === ' ') width++;
    else if (character === '\t') width += 4 - (width % 4);
    else break;
  }
  return width;
}
