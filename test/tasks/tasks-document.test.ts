import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { type ParseTasksOptions, TasksDocument } from '../../src/tasks/tasks-document.ts';

const uidOf = (document: TasksDocument, title: string) => document.tasks.find((task) => task.title === title)!.taskUid;
const titles = (document: TasksDocument) => document.tasks.map(({ title }) => title);

describe('TasksDocument', () => {
  it('reads numbers, ticks, sections, nesting and notes', () => {
    const document = TasksDocument.parse(
      '# A\n## B ##\n- [ ] 1.1 one\n  note\n\n  more\n\n  * [X] two\n# C\n1. [x] 2. three\n',
    );
    expect(document.tasks.map(({ taskUid: _uid, ...task }) => task)).toEqual([
      {
        displayId: '1.1',
        title: 'one',
        completed: false,
        section: ['A', 'B'],
        depth: 0,
        description: '  note\n\n  more\n',
        line: 3,
      },
      { displayId: null, title: 'two', completed: true, section: ['A', 'B'], depth: 1, description: '', line: 8 },
      { displayId: '2', title: 'three', completed: true, section: ['C'], depth: 0, description: '', line: 10 },
    ]);
  });

  it('code in the notes of a task ends where the notes end, as in CommonMark; blank lines in it belong to it', () => {
    const document = TasksDocument.parse('- [ ] a\n  ```\n\n  - [ ] code\n- [ ] b\n');
    expect(titles(document)).toEqual(['a', 'b']);
    expect(document.tasks[0]!.description).toBe('  ```\n\n  - [ ] code\n');
    expect(document.remove(uidOf(document, 'a')).toString()).toBe('- [ ] b\n');
  });

  it('a checkbox in fenced code is no task; a longer fence closes it, another kind does not', () => {
    expect(titles(TasksDocument.parse('```\n- [ ] a\n~~~\n- [ ] b\n````\n- [ ] c\n'))).toEqual(['c']);
  });

  it('reads long runs of white space in linear time', () => {
    const spaces = ' '.repeat(1_000_000);
    for (const start of ['- [ ] a', '# a', '``` a', '# #']) {
      const text = `${start}${spaces}b\n`;
      expect(TasksDocument.parse(text).toString()).toBe(text);
    }
  });

  it('gives ten thousand tasks of one title ten thousand identities', () => {
    const { tasks } = TasksDocument.parse('- [ ] a\n'.repeat(10_000));
    expect(new Set(tasks.map(({ taskUid }) => taskUid)).size).toBe(10_000);
  });

  it('is frozen, and equal for two who read the same', () => {
    const [one, two] = [TasksDocument.parse('- [ ] a\n'), TasksDocument.parse('- [ ] a\n')];
    expect(one.tasks).toEqual(two.tasks);
    expect([one.tasks, one.tasks[0], one.tasks[0]!.section].every(Object.isFrozen)).toBe(true);
    expect(TasksDocument.parse('- [ ] a\n', { scope: 'other' }).tasks[0]!.taskUid).not.toBe(one.tasks[0]!.taskUid);
  });

  describe('setCompleted', () => {
    it('keeps the bytes of a task that is so already', () => {
      const document = TasksDocument.parse('- [X] a  \r\n');
      expect(document.setCompleted(uidOf(document, 'a'), true)).toBe(document);
      expect(document.setCompleted(uidOf(document, 'a'), false).toString()).toBe('- [ ] a  \r\n');
    });

    it('refuses a task that is not there', () => {
      expect(() => TasksDocument.parse('').setCompleted('x', true)).toThrow(InvalidArgumentError);
    });
  });

  describe('setTitle', () => {
    it('gives a task without a title one', () => {
      const document = TasksDocument.parse('- [ ]\n');
      expect(document.setTitle(uidOf(document, ''), 'a').toString()).toBe('- [ ] a\n');
    });

    it.each(['', ' a', 'a ', 'a\nb', '1.2 a', 'a\r'])('refuses %j, which would not be read as it is', (title) => {
      const document = TasksDocument.parse('- [ ] before\n- [ ] 1.1 other\n');
      expect(() => document.setTitle(uidOf(document, 'before'), title)).toThrow(InvalidArgumentError);
    });

    it('changes no number', () => {
      const document = TasksDocument.parse('- [ ] 1.1 a\n');
      expect(document.setTitle(uidOf(document, 'a'), '1.2 b').tasks[0]).toMatchObject({
        displayId: '1.1',
        title: '1.2 b',
      });
    });
  });

  describe('add', () => {
    it('writes behind the nested tasks and notes of the neighbour, as the neighbour is written', () => {
      const document = TasksDocument.parse('* [x]  a\r\n  note\r\n  * [ ] b\r\n    note\r\n\r\n* [ ] c');
      const after = document.add('new', { after: uidOf(document, 'a'), displayId: '1.2' });
      expect(after.toString()).toBe('* [x]  a\r\n  note\r\n  * [ ] b\r\n    note\r\n* [ ]  1.2 new\r\n\r\n* [ ] c');
    });

    it('takes the line end of its neighbour where the file mixes them', () => {
      const document = TasksDocument.parse('# A\r\n- [ ] a\n- [ ] b');
      expect(document.add('c').toString()).toBe('# A\r\n- [ ] a\n- [ ] b\n- [ ] c\n');
    });

    it('leaves the identity of a task with the same title behind it as it is', () => {
      const document = TasksDocument.parse('- [ ] b\n- [x] a\n');
      const after = document.add('a', { after: uidOf(document, 'b') });
      expect(after.tasks.map(({ taskUid }) => taskUid)).toEqual([
        uidOf(document, 'b'),
        expect.not.stringMatching(uidOf(document, 'a')),
        uidOf(document, 'a'),
      ]);
    });

    it('adds to a text without tasks, and refuses to where it would be code', () => {
      expect(TasksDocument.parse('').add('a').toString()).toBe('- [ ] a\n');
      expect(TasksDocument.parse('# A').add('a').toString()).toBe('# A\n- [ ] a\n');
      expect(() => TasksDocument.parse('```\n').add('a')).toThrow(InvalidArgumentError);
    });

    it('refuses a number that would be read as part of the title', () => {
      expect(() => TasksDocument.parse('').add('a', { displayId: 'one' })).toThrow(InvalidArgumentError);
    });
  });

  describe('remove', () => {
    it('takes the notes along and leaves nested tasks, blank lines and a byte order mark', () => {
      const document = TasksDocument.parse('\uFEFF- [ ] a\n  note\n  - [ ] b\n\n- [ ] c');
      const after = document.remove(uidOf(document, 'a'));
      expect(after.toString()).toBe('\uFEFF  - [ ] b\n\n- [ ] c');
      expect(after.tasks.map(({ taskUid, depth }) => [taskUid, depth])).toEqual([
        [uidOf(document, 'b'), 0],
        [uidOf(document, 'c'), 0],
      ]);
    });

    it('gives every task an identity, also one that code had hidden', () => {
      const document = TasksDocument.parse('- [ ] a\n    - [ ] b\n  ```\n- [ ] c\n  ```\n');
      const after = document.remove(uidOf(document, 'b'));
      expect(after.tasks.map(({ taskUid }) => typeof taskUid)).toEqual(['string', 'string']);
      expect(TasksDocument.parse(after.toString(), { previous: document }).tasks).toEqual(after.tasks);
    });
  });

  it('counts on from the version before, be it a document or what a fold of events knows; from 1 if that has none', () => {
    const before = TasksDocument.parse('- [ ] a\n');
    const { tasks } = before;
    const versionAfter = (previous: NonNullable<ParseTasksOptions['previous']>) =>
      TasksDocument.parse('- [x] a\n', { previous }).version;
    expect([before, { tasks, version: 41 }, { tasks, version: 0 }, { tasks }].map(versionAfter)).toEqual([2, 42, 1, 1]);
  });

  it.each([[-1], [1.5], ['2']])('refuses %j as the version before', (version) => {
    const previous = { tasks: [], version: version as number };
    expect(() => TasksDocument.parse('', { previous })).toThrow(
      expect.objectContaining({ argument: 'options.previous.version' }),
    );
  });
});
