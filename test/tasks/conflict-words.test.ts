import { describe, expect, it } from 'vitest';
import { Conflict } from '../../src/conflicts/conflict.ts';
import { renderConflicts } from '../../src/conflicts/render-conflicts.ts';
import { mergeTasks, type TaskFileVersions } from '../../src/tasks/merge-tasks.ts';

const file = `# Plan

## Store

- [ ] 1.1 Write it
  - [ ] 1.2 Read it
    as it was written

Some words.
`;
const edited = (ours: readonly [string, string], theirs: readonly [string, string]): TaskFileVersions => ({
  base: file,
  local: file.replace(...ours),
  remote: file.replace(...theirs),
});
const shownOf = (versions: TaskFileVersions) => mergeTasks(versions).conflicts.map(({ shown }) => shown);

describe('what a person is shown of a conflict in a task file', () => {
  it.each<[string, TaskFileVersions, object]>([
    [
      'a title: the line of each version, and what it stands below',
      edited(['1.2 Read it', '1.2 Read it back'], ['[ ] 1.2 Read it', '[x] 1.2 Read it twice']),
      {
        place: 'Plan > Store > 1.1 Write it > 1.2 Read it',
        base: '  - [ ] 1.2 Read it',
        local: '  - [ ] 1.2 Read it back',
        remote: '  - [x] 1.2 Read it twice',
      },
    ],
    [
      'notes: their lines',
      edited(['as it was', 'just as it was'], ['as it was written', 'to the byte\n    and back']),
      {
        place: 'Plan > Store > 1.1 Write it > 1.2 Read it',
        base: '    as it was written',
        local: '    just as it was written',
        remote: '    to the byte\n    and back',
      },
    ],
    [
      'notes that the base has not: nothing there',
      edited(['Write it\n', 'Write it\n  soon\n'], ['Write it\n', 'Write it\n  late\n']),
      { place: 'Plan > Store > 1.1 Write it', local: '  soon', remote: '  late' },
    ],
    [
      'a task that one side removed: all of its lines',
      edited(['  - [ ] 1.2 Read it\n    as it was written\n', ''], ['[ ] 1.2', '[x] 1.2']),
      {
        place: 'Plan > Store > 1.1 Write it > 1.2 Read it',
        base: '  - [ ] 1.2 Read it\n    as it was written',
        remote: '  - [x] 1.2 Read it\n    as it was written',
      },
    ],
    [
      'a heading',
      edited(['## Store', '## Shelf'], ['## Store', '## Drawer']),
      { place: 'Plan > Store', base: '## Store', local: '## Shelf', remote: '## Drawer' },
    ],
    [
      'a text',
      edited(['Some words.', 'Ours.'], ['Some words.', 'Theirs.']),
      { place: 'Plan > Store', base: 'Some words.', local: 'Ours.', remote: 'Theirs.' },
    ],
    [
      'a text above all headings',
      { base: 'old\n', local: 'ours\n', remote: 'theirs\n' },
      { place: 'the top of the file', base: 'old', local: 'ours', remote: 'theirs' },
    ],
    [
      'what both sides added',
      edited(['Some words', '- [ ] New\n  a\n  b\n\nSome words'], ['Some words', '- [ ] New\n  b\n  a\n\nSome words']),
      { place: 'Plan > Store > New', local: '- [ ] New\n  a\n  b', remote: '- [ ] New\n  b\n  a' },
    ],
    [
      'an order: the first line of each thing, in each order',
      {
        base: '# A\n- [ ] one\n  a note\n- [ ] two\n- [ ] three\n',
        local: '# A\n- [ ] two\n- [ ] one\n  a note\n- [ ] three\n',
        remote: '# A\n- [ ] one\n  a note\n- [ ] three\n- [ ] two\n',
      },
      {
        place: 'A',
        base: '- [ ] one\n- [ ] two\n- [ ] three',
        local: '- [ ] two\n- [ ] one\n- [ ] three',
        remote: '- [ ] one\n- [ ] three\n- [ ] two',
      },
    ],
    [
      'a file that could not be merged: all of it, with one kind of line ends',
      { base: '- [ ] a\r\n', local: '- [ ] a\r\n\r\n```\r\ncode\r\n', remote: '- [ ] a\r\n- [ ] b' },
      {
        place: 'the whole file',
        base: '- [ ] a',
        local: '- [ ] a\n\n```\ncode',
        remote: '- [ ] a\n- [ ] b',
      },
    ],
  ])('%s', (_, versions, shown) => {
    expect(shownOf(versions)).toEqual([shown]);
    const { base, local, remote } = versions;
    const mirrored = shownOf({ base, local: remote, remote: local })[0]!;
    expect([{ ...mirrored, local: mirrored.remote, remote: mirrored.local }]).toEqual([shown]);
  });

  it('says of a moved task where it was moved to, and of a text that it is one', () => {
    const base = '# A\n- [ ] one\n- [ ] two\n# B\n- [ ] three\n';
    const local = base.replace('- [ ] one\n', '');
    const moved = mergeTasks({ base, local, remote: `${local}- [ ] one\n` });
    expect(moved.conflicts.map(({ reason }) => reason)).toEqual([
      'local removed the task "one", remote moved it below another heading: B',
    ]);
    const text = mergeTasks({ base: 'old\n', local: 'ours\n', remote: 'theirs\n' });
    expect(text.conflicts.map(({ reason }) => reason)).toEqual([
      'both sides changed the text "old", each in its own way',
    ]);
  });

  it('changes no id, survives JSON, and is what a page of conflicts shows', () => {
    const { conflicts } = mergeTasks(
      edited(['1.2 Read it', '1.2 Read it back'], ['1.2 Read it', '1.2 Read\tit twice']),
    );
    const [conflict] = conflicts;
    const { shown: _, ...bare } = conflict!.toJSON();
    expect(Conflict.fromJSON(bare).id).toBe(conflict!.id);
    const stored = Conflict.fromJSON(JSON.parse(JSON.stringify(conflict))).about('add-login');
    expect(renderConflicts([stored])).toBe(
      `1. add-login: Plan > Store > 1.1 Write it > 1.2 Read it
   FIELD_CONFLICT, medium, ${stored.id}
   both sides changed the title of the task "Read it", each in its own way

base                                   | local                                  | remote
  - [ ] 1.2 Read it                    |   - [ ] 1.2 Read it back               |   - [ ] 1.2 Read\\tit twice
`,
    );
  });

  it.each([
    ['a part', edited(['Read it', 'Read it back'], ['Read it', 'Read it twice'])],
    ['the whole file', { base: '- [ ] a\n', local: '- [ ] a\n\n```\ncode\n', remote: '- [ ] a\n- [ ] b\n' }],
  ])('is about the file that the merge was told of, in conflicts about %s', (_, versions) => {
    const [conflict] = mergeTasks(versions).conflicts;
    expect(mergeTasks(versions, { subject: 'add-login' }).conflicts).toEqual([conflict!.about('add-login')]);
  });

  it.each([
    [[], 'conflict.shown'],
    [{ base: 'a' }, 'conflict.shown.place'],
    [{ place: 'a', local: 1 }, 'conflict.shown.local'],
  ])('refuses %j in the place of it', (shown, argument) => {
    const [conflict] = mergeTasks({ base: 'old\n', local: 'ours\n', remote: 'theirs\n' }).conflicts;
    expect(() => Conflict.fromJSON({ ...conflict!.toJSON(), shown })).toThrow(expect.objectContaining({ argument }));
  });
});
