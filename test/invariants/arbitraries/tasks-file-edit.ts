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

/** The text with titles and headings that are unlike each other, so that everybody knows which is which. */
export function withoutTwins(text: string): string {
  const { lines } = TasksDocument.parse(text);
  return lines
    .map((line, at) => {
      const title = line.kind === 'task' ? line.parts.title : line.kind === 'heading' ? line.title : '';
      // Letters that no other line has, as many as they take to tell it apart.
      const letters = Array.from({ length: 24 }, (_, n) => String.fromCodePoint(0x3400 + 24 * at + n)).join('');
      return title === '' ? line.text : line.text.replace(title, () => `${letters} ${title}`);
    })
    .join('');
}

/** A file and what two people made of different tasks of it: each ticked, renamed, noted, removed or added some. */
export const apart = fc
  .tuple(
    fc.array(fc.constantFrom('tick', 'retitle', 'note', 'remove', 'none'), { minLength: 2, maxLength: 14 }),
    fc.infiniteStream(fc.nat()),
    fc.constantFrom('\n', '\r\n'),
  )
  .map(([edits, chance, end]) => {
    const next = (limit: number) => chance.next().value! % limit;
    const lines = edits.map((_, at) => `- [${next(2) ? 'x' : ' '}] 1.${at + 1} task${end}`);
    const base = withoutTwins(`# Plan${end}${lines.join('')}`);
    const sides = [TasksDocument.parse(base), TasksDocument.parse(base)];
    const done: { side: number; kind: string; taskUid: string }[] = [];
    for (const [at, kind] of edits.entries()) {
      const side = next(2);
      const document = sides[side]!;
      const { taskUid, title } = sides[0]!.tasks
        .concat(sides[1]!.tasks)
        .find(({ displayId }) => displayId === `1.${at + 1}`)!;
      const task = document.get(taskUid)!;
      done.push({ side, kind, taskUid });
      if (kind === 'tick') sides[side] = document.setCompleted(taskUid, !task.completed);
      else if (kind === 'retitle') sides[side] = document.setTitle(taskUid, `${title} word${next(9)}`);
      else if (kind === 'remove') sides[side] = document.remove(taskUid);
      else if (kind === 'note') {
        const text = toLines(document.toString());
        text.splice(task.line, 0, `  - note ${at}${end}`);
        sides[side] = TasksDocument.parse(text.join(''), { previous: document });
      }
    }
    return { base, local: sides[0]!.toString(), remote: sides[1]!.toString(), done };
  });
