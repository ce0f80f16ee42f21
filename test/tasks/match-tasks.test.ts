import { describe, expect, it } from 'vitest';
import { TasksDocument } from '../../src/tasks/tasks-document.ts';

/** For each task of the second text: the place in the first of the task that it is; -1 if it is new. */
function places(before: string, after: string): number[] {
  const previous = TasksDocument.parse(before);
  const uids = previous.tasks.map(({ taskUid }) => taskUid);
  return TasksDocument.parse(after, { previous }).tasks.map(({ taskUid }) => uids.indexOf(taskUid));
}

describe('matchTasks', () => {
  it('follows titles that changed places, although the numbers did not', () => {
    expect(places('- [ ] 1.1 parse\n- [ ] 1.2 print\n', '- [ ] 1.1 print\n- [ ] 1.2 parse\n')).toEqual([1, 0]);
  });

  it('follows a renumbered task behind an inserted one', () => {
    expect(places('- [ ] 1.1 a\n- [ ] 1.2 b\n', '- [ ] 1.1 new\n- [ ] 1.2 a\n- [ ] 1.3 b\n')).toEqual([-1, 0, 1]);
  });

  it('tells equal titles apart by section, then by number, then by order', () => {
    const before = '# A\n- [ ] test\n- [ ] test\n# B\n- [ ] 2.1 test\n';
    expect(places(before, '# B\n- [ ] 2.1 test\n# A\n- [ ] test\n- [ ] test\n')).toEqual([2, 0, 1]);
  });

  it('gives a place to nobody: another title with the same number is another task', () => {
    expect(places('- [ ] 1.1 write the parser\n', '- [ ] 1.1 buy some milk\n')).toEqual([-1]);
  });

  it('knows a task by a title that is alike, and prefers its own section', () => {
    const before = '# A\n- [ ] write the parser\n# B\n- [ ] write the parsers\n';
    expect(places(before, '# B\n- [ ] write the parser now\n# A\n- [ ] write a parser\n')).toEqual([1, 0]);
  });

  it('knows each of many tasks when all of them are edited', () => {
    const text = (suffix: string) =>
      Array.from({ length: 1000 }, (_, i) => `- [ ] task ${i * 7919}${suffix}\n`).join('');
    expect(places(text(''), text(' done'))).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  it('finds a title anywhere in a long file, although section and number are others and all the rest is new', () => {
    const rest = (word: string) => Array.from({ length: 500 }, (_, i) => `- [ ] 1.${i} ${word} ${i}\n`).join('');
    const before = `# A\n${rest('abcdefgh')}- [ ] 1.600 needle\n`;
    expect(places(before, `# B\n- [ ] 2.1 needle\n${rest('stuvwxyz')}`)[0]).toBe(500);
  });

  it('letter case and white space in a title make no other task', () => {
    expect(places('- [ ] Write  it\n', '- [ ] write it\n')).toEqual([0]);
  });
});
