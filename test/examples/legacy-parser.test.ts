import { describe, expect, it } from 'vitest';
import { parseTasksFile } from '../../examples/migrate-zyflow/legacy/parse-tasks-file.ts';
import { toggleTaskInFile } from '../../examples/migrate-zyflow/legacy/toggle-task-in-file.ts';
import { checkboxes } from '../../examples/migrate-zyflow/workspace/checkboxes.ts';
import { generateChanges } from '../../examples/migrate-zyflow/workspace/generate-changes.ts';

const titles = (text: string) =>
  parseTasksFile('c', text).groups.flatMap((group) => group.tasks.map(({ title }) => title));

describe('the legacy parser', () => {
  it('reads numbered, three-level, phased and plain files', () => {
    const text = `# T
## 1. First
- [ ] 1.1 one
### 1.2 Part
- [x] 1.2.1 two
## Phase 0: Begin
- [X] three
## Plain
- [ ] four
`;
    const { groups } = parseTasksFile('c', text);
    expect(groups.map(({ id, title, tasks }) => [id, title, tasks.map(({ id: task }) => task)])).toEqual([
      ['group-1', 'First', ['task-1-1']],
      ['group-1-2', '1.2 Part', ['task-1-2-1']],
      ['group-phase-0', 'Phase 0: Begin', ['task-group-phase-0-1']],
      ['group-1', 'Plain', ['task-group-1-1']],
    ]);
    expect(groups.flatMap(({ tasks }) => tasks.map(({ completed }) => completed))).toEqual([false, true, true, false]);
  });

  it('drops what follows an unnumbered ### straight below a ## (F1), but not below a section with tasks', () => {
    expect(titles('## Phase 1: A\n### Part\n- [x] lost\n')).toEqual([]);
    expect(titles('## Phase 1: A\n- [ ] kept\n### Part\n- [x] kept too\n')).toEqual(['kept', 'kept too']);
  });

  it('sees nothing in CRLF files, takes code for tasks, and overlooks stars and indented boxes (F17)', () => {
    expect(titles('## A\r\n- [ ] one\r\n')).toEqual([]);
    expect(titles('## A\n```\n- [ ] code\n```\n* [ ] star\n  - [ ] below\n')).toEqual(['code']);
  });

  it('toggles the line of every id that it gives, and changes no other', () => {
    for (const { text } of generateChanges(3)) {
      for (const { id, title, completed, lineNumber } of parseTasksFile('c', text).groups.flatMap(
        ({ tasks }) => tasks,
      )) {
        const toggled = toggleTaskInFile(text, id);
        expect(toggled.completed).toBe(!completed);
        const changed = toggled.newContent
          .split('\n')
          .flatMap((line, n) => (line === text.split('\n')[n] ? [] : [n + 1]));
        expect([title, changed]).toEqual([title, [lineNumber]]);
      }
    }
  });

  it('says when it does not find a task, as in a file that somebody is writing', () => {
    expect(() => toggleTaskInFile('', 'task-1-1')).toThrow('Task not found: task-1-1');
  });
});

describe('the count of checkboxes', () => {
  it('knows that a code block ends with a mark as long as its first', () => {
    const text = '````\n```\n- [ ] code\n```\n- [ ] code still\n````\n- [ ] a task\n';
    expect(checkboxes(text).map(({ title }) => title)).toEqual(['a task']);
  });

  it('is that of a reader: any bullet, any depth, any line end, no code', () => {
    const text =
      '\uFEFF## A\r\n- [ ] 1.1 one \r\n* [x] two\r\n\t+ [X] 3 three\r\n~~~\r\n- [ ] code\r\n~~~\r\n- [ ] four';
    expect(checkboxes(text)).toEqual([
      { title: 'one', completed: false, line: 1 },
      { title: 'two', completed: true, line: 2 },
      { title: 'three', completed: true, line: 3 },
      { title: 'four', completed: false, line: 7 },
    ]);
  });
});
