import fc from 'fast-check';
import { toLines } from '../../../src/conflicts/text-merge.ts';
import { InvalidArgumentError } from '../../../src/core/errors.ts';
import { TasksDocument } from '../../../src/tasks/tasks-document.ts';
import { tasksEdit } from './tasks-text.ts';

const kinds = [
  'retitle',
  'indent',
  'section',
  'note',
  'drop note',
  'comment',
  'heading',
  'lines',
  'cut',
  'line ends',
  'last end',
  'mark',
] as const;

const word = fc.constantFrom('plan', 'ship', '검토', 'größer', '🚀', 'x');

/** One edit of a file by a person, who may do anything to its lines: what `tasksEdit` does and more. */
const lineEdit = fc
  .record({ kind: fc.constantFrom(...kinds), at: fc.nat(), to: fc.nat(), word })
  .map(({ kind, at, to, word }) => (text: string): string => {
    const { tasks, lines: scanned } = TasksDocument.parse(text);
    const lines = toLines(text);
    const end = text.includes('\r\n') ? '\r\n' : '\n';
    const task = tasks[at % Math.max(1, tasks.length)];
    const place = at % (lines.length + 1);
    const headings = scanned.flatMap((line, index) => (line.kind === 'heading' ? [index] : []));
    const heading = headings[to % Math.max(1, headings.length)];
    const insert = (index: number, line: string) => {
      if (index > 0 && !lines[index - 1]!.endsWith('\n')) lines[index - 1] += end;
      lines.splice(index, 0, line + end);
    };
    if (kind === 'comment') insert(place, ['', `<!-- ${word} -->`, `${word} ${to % 9}`][to % 3]!);
    else if (kind === 'cut') lines.splice(place, 1 + (to % 3));
    else if (kind === 'line ends')
      return text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text.replaceAll('\n', '\r\n');
    else if (kind === 'last end') return text.endsWith('\n') ? text.replace(/\r?\n$/, '') : text + end;
    else if (kind === 'mark') return text.startsWith('\uFEFF') ? text.slice(1) : `\uFEFF${text}`;
    else if (kind === 'lines') {
      const from = to % (lines.length + 1);
      const some = lines.splice(from, 1 + (at % 4)).map((line) => (line.endsWith('\n') ? line : line + end));
      lines.splice(at % (lines.length + 1), 0, ...some);
    } else if (!task) return `${text}- [ ] ${word}`;
    else if (kind === 'retitle') {
      const words = task.title.split(' ');
      words.splice(to % (words.length + 1), to % 2, word);
      lines[task.line - 1] = lines[task.line - 1]!.replace(task.title, () => words.join(' '));
    } else if (kind === 'indent')
      lines[task.line - 1] = lines[task.line - 1]!.replace(/^(\uFEFF?)( *)/, to % 2 ? '$1$2  ' : '$1');
    else if (kind === 'note') insert(task.line, `${' '.repeat(4 * task.depth + 2)}- ${word} ${to % 5}`);
    else if (kind === 'drop note') lines.splice(task.line, scanned[task.line]?.kind === 'note' ? 1 : 0);
    else if (heading !== undefined && kind === 'heading')
      lines[heading] = lines[heading]!.replace(/(\r?\n)?$/, ` ${word}$1`);
    else if (heading !== undefined) {
      const [line] = lines.splice(task.line - 1, 1);
      lines.splice(heading + (heading < task.line ? 1 : 0), 0, line!.endsWith('\n') ? line! : line! + end);
    }
    return lines.join('');
  });

const documentEdit = tasksEdit.map((edit) => (text: string): string => {
  try {
    return edit(TasksDocument.parse(text)).toString();
  } catch (error) {
    // Below a fence that is open nothing can be added.
    if (error instanceof InvalidArgumentError) return text;
    throw error;
  }
});

/** One side's edits of a file: related to the other side's, as both work on few tasks. */
const fileEdits = fc
  .array(fc.oneof(documentEdit, lineEdit), { maxLength: 5 })
  .map((edits) => (text: string) => edits.reduce((before, edit) => edit(before), text));

/** A file and what two people made of it. */
export const editedBy = (base: fc.Arbitrary<string>) =>
  fc
    .tuple(base, fileEdits, fileEdits)
    .map(([text, ours, theirs]) => ({ base: text, local: ours(text), remote: theirs(text) }));
