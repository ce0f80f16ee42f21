import type { ScannedLine } from './scan-lines.ts';
import type { Task } from './task.ts';
import { displayIdOf, indentOf } from './task-line.ts';

/** What the lines say of each task, its identity apart. */
export function describeTasks(lines: readonly ScannedLine[]): Omit<Task, 'taskUid'>[] {
  const tasks: Omit<Task, 'taskUid'>[] = [];
  const indents: number[] = [];
  const sections = sectionsOf(lines);
  for (const [index, line] of lines.entries()) {
    if (line.kind === 'heading' || line.kind === 'prose') {
      indents.length = 0;
    } else if (line.kind === 'task') {
      const indent = indentOf(line.text);
      while (indents.length > 0 && indents.at(-1)! >= indent) indents.pop();
      tasks.push({
        displayId: displayIdOf(line.parts),
        title: line.parts.title,
        completed: line.parts.mark !== ' ',
        section: sections[index]!,
        depth: indents.length,
        description: notesBelow(lines, index),
        line: index + 1,
      });
      indents.push(indent);
    }
  }
  return tasks;
}

/** The headings above each line, itself included if it is one: one frozen list for all lines below the same heading. */
export function sectionsOf(lines: readonly ScannedLine[]): (readonly string[])[] {
  const headings: { level: number; title: string }[] = [];
  let section: readonly string[] = Object.freeze([]);
  return lines.map((line) => {
    if (line.kind === 'heading') {
      while (headings.length > 0 && headings.at(-1)!.level >= line.level) headings.pop();
      headings.push(line);
      section = Object.freeze(headings.map(({ title }) => title));
    }
    return section;
  });
}

/** The notes that follow a task, blank lines between them too. */
function notesBelow(lines: readonly ScannedLine[], task: number): string {
  let end = task + 1;
  for (let at = task + 1; lines[at]?.kind === 'note' || lines[at]?.kind === 'blank'; at++) {
    if (lines[at]!.kind === 'note') end = at + 1;
  }
  return lines
    .slice(task + 1, end)
    .map(({ text }) => text)
    .join('');
}
