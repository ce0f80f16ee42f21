import fc from 'fast-check';
import { TasksDocument } from '../../../src/tasks/tasks-document.ts';

const words = [
  'parse',
  'print',
  'merge',
  'watch',
  'store',
  '작업',
  '동기화',
  'cache',
  'roll',
  'back',
  'cut',
  'over',
  'test',
];
const title = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 }).map((some) => some.join(' '));

/** A tasks.md as people write them, in all the ways they do. */
export const tasksText = fc
  .record({
    lineEnd: fc.constantFrom('\n', '\r\n'),
    mark: fc.constantFrom('', '\uFEFF'),
    bullet: fc.constantFrom('-', '*', '+', '1.'),
    lastLineEnd: fc.boolean(),
    sections: fc.array(
      fc.record({
        heading: fc.constantFrom('## Phase', '### Part', '#### Detail', ''),
        name: title,
        numbered: fc.boolean(),
        lines: fc.array(
          fc.record({
            kind: fc.constantFrom('task', 'task', 'task', 'task', 'nested', 'note', 'blank', 'prose', 'fence', 'code'),
            title,
            tick: fc.constantFrom(' ', ' ', 'x', 'X'),
          }),
          { maxLength: 8 },
        ),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ lineEnd, mark, bullet, lastLineEnd, sections }) => {
    const lines = sections.flatMap(({ heading, name, numbered, lines }, part) => {
      let number = 0;
      return [
        ...(heading === '' ? [] : ['', `${heading} ${name}`]),
        ...lines.flatMap(({ kind, title, tick }) => {
          const id = numbered ? `${part + 1}.${++number} ` : '';
          if (kind === 'task') return [`${bullet} [${tick}] ${id}${title}`];
          if (kind === 'nested') return [`    ${bullet} [${tick}] ${id}${title}  `];
          if (kind === 'note') return [`\t- ${title}`];
          if (kind === 'prose') return [title];
          if (kind === 'code') return ['\t```', '', `\t- [ ] ${title}`, '\t```'];
          return kind === 'blank' ? [''] : ['```', `- [ ] ${title}`, '```'];
        }),
      ];
    });
    return mark + lines.join(lineEnd) + (lastLineEnd && lines.length > 0 ? lineEnd : '');
  });

/** One edit of a document by somebody, as a function of any document. */
export const tasksEdit = fc
  .record({
    kind: fc.constantFrom('tick', 'rename', 'add', 'remove', 'renumber', 'move'),
    at: fc.nat(),
    to: fc.nat(),
    title,
  })
  .map(({ kind, at, to, title }) => (document: TasksDocument): TasksDocument => {
    const { tasks } = document;
    const task = tasks[at % Math.max(1, tasks.length)];
    if (!task) return document.add(title);
    if (kind === 'tick') return document.setCompleted(task.taskUid, !task.completed);
    if (kind === 'rename') return document.setTitle(task.taskUid, `${task.title} ${title.split(' ')[0]}`);
    if (kind === 'add') return document.add(`${title} ${at % 1000}`, { after: task.taskUid });
    if (kind === 'remove') return document.remove(task.taskUid);
    const lines = document.toString().split(/(?<=\n)/);
    if (kind === 'move' && !lines.at(-1)!.endsWith('\n')) lines.push(`${lines.pop()}\n`);
    if (kind === 'move') {
      const [line] = lines.splice(task.line - 1, 1);
      const other = tasks[to % tasks.length]!;
      lines.splice(Math.min(other.line - 1, lines.length), 0, line!);
    } else {
      let number = 0;
      for (const { line } of tasks) lines[line - 1] = lines[line - 1]!.replace(/\d+\.\d+ /, () => `7.${++number} `);
    }
    return TasksDocument.parse(lines.join(''), { previous: document });
  });
