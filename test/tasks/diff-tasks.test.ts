import { describe, expect, it } from 'vitest';
import { diffTasks } from '../../src/tasks/diff-tasks.ts';
import { TasksDocument } from '../../src/tasks/tasks-document.ts';

function typesBetween(before: string, after: string): string[] {
  const previous = TasksDocument.parse(before);
  return diffTasks(previous, TasksDocument.parse(after, { previous })).map(({ type }) => type);
}

describe('diffTasks', () => {
  it('says nothing of a save without changes, of blank lines and of prose', () => {
    expect(typesBetween('- [ ] a\n', '- [ ] a\n')).toEqual([]);
    expect(typesBetween('- [ ] a\n- [ ] b\n', 'hello\n\n- [ ] a\n\n- [ ] b\n')).toEqual([]);
  });

  it('one event for a task moved over many others', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `- [ ] task number ${i}\n`);
    expect(typesBetween(lines.join(''), [...lines.slice(1), lines[0]].join(''))).toEqual(['task.moved']);
  });

  it('tells of nesting and notes', () => {
    expect(typesBetween('- [ ] a\n- [ ] b\n', '- [ ] a\n  - [ ] b\n')).toEqual(['task.moved']);
    expect(typesBetween('- [ ] a\n', '- [ ] a\n  note\n')).toEqual(['task.updated']);
  });

  it('a renamed heading moves the tasks below it', () => {
    expect(typesBetween('# A\n- [ ] a\n- [ ] b\n', '# B\n- [ ] a\n- [ ] b\n')).toEqual(['task.moved', 'task.moved']);
  });

  it('removals come first; changes carry the versions that they lie between', () => {
    const before = TasksDocument.parse('- [ ] a\n- [ ] b\n');
    const after = TasksDocument.parse('- [x] b\n- [ ] milk\n', { previous: before });
    expect(diffTasks(before, after, 'kanban').map(({ type, data }) => [type, data])).toEqual([
      ['task.removed', { taskId: before.tasks[0]!.taskUid }],
      [
        'task.updated',
        { taskId: before.tasks[1]!.taskUid, changes: { completed: true }, previousVersion: 1, newVersion: 2 },
      ],
      ['task.created', expect.objectContaining({ title: 'milk', origin: 'kanban' })],
    ]);
  });
});
