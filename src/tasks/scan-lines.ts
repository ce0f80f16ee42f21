import { indentOf, parseTaskLine, type TaskLine, tailOf } from './task-line.ts';

/** A line, with its end, and what it is. */
export type ScannedLine =
  | { readonly kind: 'task'; readonly text: string; readonly parts: TaskLine }
  | { readonly kind: 'heading'; readonly text: string; readonly level: number; readonly title: string }
  /** Indented below the task before it, or inside its code. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'blank' | 'prose'; readonly text: string };

const heading = /^\uFEFF? {0,3}(#{1,6})(?:[ \t]+(.*))?$/s;
const fence = /^\uFEFF?[ \t]*(`{3,}|~{3,})(.*)$/s;

/**
 * What each line is. Inside fenced code there are neither tasks nor headings; code in the notes of a task ends, as in
 * CommonMark, with those notes, if not before.
 */
export function scanLines(lines: readonly string[]): ScannedLine[] {
  let openFence: string | undefined;
  let taskIndent: number | undefined;
  return lines.map((text): ScannedLine => {
    const isBlank = text.trim() === '' && text !== '\uFEFF';
    const isNote = taskIndent !== undefined && (indentOf(text) > taskIndent || (openFence !== undefined && isBlank));
    const content = text.slice(0, text.length - tailOf(text).length);
    const [, marks = '', info = ''] = fence.exec(content) ?? [];
    if (openFence !== undefined && taskIndent !== undefined && !isNote) openFence = undefined;
    if (openFence !== undefined) {
      if (marks.startsWith(openFence) && info === '') openFence = undefined;
      return { kind: isBlank && isNote ? 'blank' : isNote ? 'note' : 'prose', text };
    }
    if (marks !== '' && !(marks.startsWith('`') && info.includes('`'))) {
      openFence = marks;
      if (!isNote) taskIndent = undefined;
      return { kind: isNote ? 'note' : 'prose', text };
    }
    if (isBlank) return { kind: 'blank', text };
    const parts = parseTaskLine(text);
    if (parts) {
      taskIndent = indentOf(text);
      return { kind: 'task', text, parts };
    }
    const [, level, title = ''] = heading.exec(content) ?? [];
    if (level !== undefined) {
      taskIndent = undefined;
      return { kind: 'heading', text, level: level.length, title: withoutClosing(title) };
    }
    if (isNote) return { kind: 'note', text };
    taskIndent = undefined;
    return { kind: 'prose', text };
  });
}

/** A heading's title without the `#` marks that may close it. */
function withoutClosing(title: string): string {
  let end = title.length;
  while (title[end - 1] === '#') end--;
  if (end === title.length || (end > 0 && !/[ \t]/.test(title[end - 1]!))) return title;
  return title.slice(0, end - tailOf(title.slice(0, end)).length);
}
