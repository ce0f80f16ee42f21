import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Conflict, DeletionConflict, FieldConflict } from '../../src/conflicts/conflict.ts';
import { isBalanced } from '../../src/conflicts/sequence-balance.ts';
import { mergeText } from '../../src/conflicts/text-merge.ts';
import { diffTasks } from '../../src/tasks/diff-tasks.ts';
import { mergeTasks, type TaskFileVersions } from '../../src/tasks/merge-tasks.ts';
import { TaskEventHandler } from '../../src/tasks/task-event-handler.ts';
import { TasksDocument } from '../../src/tasks/tasks-document.ts';
import { titleSimilarity } from '../../src/tasks/title-similarity.ts';
import { tasksEdit, tasksText } from './arbitraries/tasks-text.ts';
import { isJoinedTitle } from './models/joined-title.ts';
import { runs } from './runs.ts';

const history = '../shared/data/zyflow-tasks';

/** What the events of a document's life must tell. */
const told = (document: TasksDocument) =>
  document.tasks.map(({ line: _line, ...task }) => ({ ...task, origin: 'openspec' }));

function edited(document: TasksDocument, edits: readonly ((document: TasksDocument) => TasksDocument)[]) {
  return edits.reduce((before, edit) => edit(before), document);
}

/** What must stand in the merged file of one task: its tick and title; nothing if it is gone. */
function expectedOf(
  uid: string,
  documents: readonly TasksDocument[],
  conflicts: readonly Conflict[],
  merged: readonly string[],
): string[] {
  const [base, local, remote] = documents.map((document) => document.get(uid));
  const own = conflicts.filter(({ location }) => typeof location[0] === 'object' && location[0].value === uid);
  const isWhole = own.some(({ location }) => location.length === 1);
  const print = (task: { completed: boolean; title: string }) => [`${task.completed} ${task.title}`];
  if (!base) {
    const { title } = (local ?? remote)!;
    const isAdded = ({ baseValue, localValue }: Conflict) =>
      baseValue === undefined && (localValue as { line?: { title?: string } } | undefined)?.line?.title === title;
    if (conflicts.some(isAdded)) return [];
    // The same below two headings, or nested in two tasks, is two.
    const isTwice = local && remote && merged.filter((each) => each === title).length === 2;
    if (isTwice) return [...print(local), ...print(remote)];
    return print({ ...(local ?? remote)!, completed: [local, remote].some((side) => side?.completed) });
  }
  if (!local && !remote) return [];
  const kept = local && remote ? undefined : (local ?? remote)!;
  if (kept) {
    if (kept.title !== base.title || kept.completed !== base.completed) expect(own[0]).toBeInstanceOf(DeletionConflict);
    return isWhole ? print(base) : [];
  }
  const completed = local!.completed === base.completed ? remote!.completed : local!.completed;
  const [ours, theirs] = [local!.title, remote!.title];
  const isDispute = ours !== theirs && ours !== base.title && theirs !== base.title;
  const named = own.filter(({ location }) => location.at(-1) === 'title');
  // Words apart from each other merge.
  const joined = merged.find(
    (title) => ![ours, theirs].includes(title) && isJoinedTitle(title, base.title, ours, theirs),
  );
  if (isDispute && named.length === 0 && joined !== undefined) return print({ completed, title: joined });
  expect(named.map(({ localValue, remoteValue }) => [localValue, remoteValue])).toEqual(
    isDispute ? [[ours, theirs]] : [],
  );
  return print({ completed, title: isDispute || ours !== base.title ? (isDispute ? base.title : ours) : theirs });
}

/** Of tasks with the same words the lines say better which is which, where they merge. */
function areTwinsMergedByLines(versions: TaskFileVersions, merged: string): boolean {
  const plain = (text: string) =>
    `${text
      .replace(/^\uFEFF/, '')
      .replaceAll('\r\n', '\n')
      .replace(/\n?$/, '')}\n`;
  const [base, local, remote] = [versions.base, versions.local, versions.remote].map(plain) as [string, string, string];
  const byLines = mergeText({ base, local, remote });
  const titles = TasksDocument.parse(base).tasks.map(({ title }) => title);
  const hasTwins = new Set(titles).size < titles.length;
  return hasTwins && byLines.conflicts.length === 0 && plain(byLines.text) === plain(merged);
}

describe('tasks', () => {
  it('SY5 print(parse(text)) is the text, whatever it is', () => {
    const anything = fc.oneof(
      tasksText,
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.constantFrom(
            '- [ ] a',
            '\n',
            '\r',
            '\r\n',
            '```',
            '~~~',
            '\t',
            '# b',
            '\uFEFF',
            '  * [x] 1.1 c',
            ' ',
            '\u2028',
            '[X]',
          ),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const document = TasksDocument.parse(text);
        expect(document.toString()).toBe(text);
        expect(new Set(document.tasks.map((task) => task.taskUid)).size).toBe(document.tasks.length);
      }),
      runs(500),
    );
  });

  it('SY5 an edit of one task changes its line alone, and no identity', () => {
    fc.assert(
      fc.property(tasksText, fc.nat(), fc.boolean(), (text, at, rename) => {
        const before = TasksDocument.parse(text);
        const task = before.tasks[at % Math.max(1, before.tasks.length)];
        if (!task) return;
        const after = rename
          ? before.setTitle(task.taskUid, 'renamed')
          : before.setCompleted(task.taskUid, !task.completed);
        const [old, now] = [before, after].map((document) => document.toString().split('\n'));
        expect(now!.length).toBe(old!.length);
        const changed = old!.flatMap((line, index) => (line === now![index] ? [] : [index + 1]));
        expect(changed).toEqual(rename && task.title === 'renamed' ? [] : [task.line]);
        expect(after.tasks.map((each) => each.taskUid)).toEqual(before.tasks.map((each) => each.taskUid));
        expect(TasksDocument.parse(after.toString()).tasks.map((each) => each.title)).toEqual(
          after.tasks.map((each) => each.title),
        );
      }),
      runs(300),
    );
  });

  it('SY5 identity survives renumbering, moves and edits of others', () => {
    // Titles that occur once: those that occur twice can change places without anybody seeing it.
    const titles = fc.uniqueArray(fc.stringMatching(/^[a-z]{6,12}( [a-z]{4,9}){1,3}$/), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(titles, fc.infiniteStream(fc.nat()), fc.array(fc.boolean()), (titles, chance, keep) => {
        const print = (list: readonly string[]) => list.map((title, i) => `- [ ] 1.${i + 1} ${title}\n`).join('');
        const before = TasksDocument.parse(print(titles));
        const uidOf = new Map(before.tasks.map((task) => [task.title, task.taskUid]));
        const kept = titles.filter((_, i) => keep[i] ?? true);
        const order = kept.map((title) => [chance.next().value!, title] as const).sort(([a], [b]) => a - b);
        const after = TasksDocument.parse(print(['brand new task here', ...order.map(([, title]) => title)]), {
          previous: before,
        });
        for (const task of after.tasks.slice(1)) expect(task.taskUid).toBe(uidOf.get(task.title));
      }),
      runs(200),
    );
  });

  it('the events between two versions, folded onto the first, give the second; a save without changes gives none', () => {
    fc.assert(
      fc.property(tasksText, fc.array(fc.array(tasksEdit, { maxLength: 4 }), { maxLength: 4 }), (text, saves) => {
        const handler = new TaskEventHandler();
        let document = TasksDocument.parse('');
        for (const next of [TasksDocument.parse(text, { previous: document }), ...saves]) {
          const after = Array.isArray(next) ? edited(document, next) : next;
          const events = diffTasks(document, after);
          for (const event of events) handler.apply(event);
          for (const event of events) handler.apply(event); // at least once
          document = after;
          expect(handler.tasks).toEqual(told(document));
          expect(diffTasks(document, TasksDocument.parse(document.toString(), { previous: document }))).toEqual([]);
        }
      }),
      runs(200),
    );
  });

  it('CF1 CF2 merging with an unchanged or an equal side gives the other side, byte for byte', () => {
    fc.assert(
      fc.property(tasksText, fc.array(tasksEdit, { maxLength: 5 }), (base, edits) => {
        const text = edited(TasksDocument.parse(base), edits).toString();
        expect(mergeTasks({ base, local: text, remote: base })).toEqual({ text, conflicts: [] });
        expect(mergeTasks({ base, local: base, remote: text })).toEqual({ text, conflicts: [] });
        expect(mergeTasks({ base, local: text, remote: text })).toEqual({ text, conflicts: [] });
      }),
      runs(200),
    );
  });

  it('CF3 CF5 both sides’ ticks and additions are in the merged file, whichever side they are on', () => {
    fc.assert(
      fc.property(tasksText, fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 8 }), (base, ticks) => {
        const before = TasksDocument.parse(base);
        if (before.tasks.length === 0) return;
        let [local, remote] = [before, before];
        for (const [at, isLocal] of ticks) {
          const { taskUid, completed } = before.tasks[at % before.tasks.length]!;
          if (isLocal) local = local.setCompleted(taskUid, !completed);
          else remote = remote.setCompleted(taskUid, !completed);
        }
        const versions = {
          base,
          local: local.add('added here').toString(),
          remote: remote.add('added there').toString(),
        };
        const merged = mergeTasks(versions);
        expect(merged.conflicts).toEqual([]);
        const after = TasksDocument.parse(merged.text, { previous: before });
        const ticked = (document: TasksDocument) => document.tasks.map((task) => [task.title, task.completed]);
        const byTitle = new Map(after.tasks.map((task) => [task.taskUid, task.completed]));
        for (const { taskUid, completed } of before.tasks) {
          const changed = local.get(taskUid)!.completed !== completed || remote.get(taskUid)!.completed !== completed;
          expect(byTitle.get(taskUid)).toBe(changed ? !completed : completed);
        }
        expect(ticked(after).length).toBe(before.tasks.length + 2);
        expect(mergeTasks({ base, local: versions.remote, remote: versions.local }).text).toBe(merged.text);
      }),
      runs(200),
    );
  });

  it('CF3 CF4 CF5 each title and tick that a side changed is in the merged file or in a conflict, and nothing else is', () => {
    const edits = fc.array(tasksEdit, { maxLength: 5 });
    const versions = fc.tuple(tasksText, edits, edits).map(([base, ...sides]) => {
      const before = TasksDocument.parse(base);
      const [local, remote] = sides.map((some) => edited(before, some).toString()) as [string, string];
      return { base, local, remote };
    });
    fc.assert(
      fc.property(versions, ({ base, local, remote }) => {
        const before = TasksDocument.parse(base);
        const { text, conflicts } = mergeTasks({ base, local: local, remote: remote });
        const swapped = mergeTasks({ base, local: remote, remote: local });
        expect(swapped.text).toBe(text);
        expect(swapped.conflicts.map(({ path, localValue, remoteValue }) => [path, remoteValue, localValue])).toEqual(
          conflicts.map(({ path, localValue, remoteValue }) => [path, localValue, remoteValue]),
        );
        if (conflicts.some((conflict) => conflict instanceof FieldConflict && conflict.path === '')) {
          expect([text, conflicts.length]).toEqual([base, 1]);
          return;
        }
        const [l, r] = [local, remote].map((side) => TasksDocument.parse(side, { previous: before }));
        if (areTwinsMergedByLines({ base, local: local, remote: remote }, text)) {
          const [b, ours, theirs, now] = [before, l!, r!, TasksDocument.parse(text)].map(({ tasks }) =>
            tasks.map(({ title }) => title),
          ) as [string[], string[], string[], string[]];
          expect(isBalanced({ base: b, local: ours, remote: theirs }, now)).toBe(true);
          return;
        }
        const uids = new Set([before, l!, r!].flatMap(({ tasks }) => tasks.map(({ taskUid }) => taskUid)));
        const { tasks } = TasksDocument.parse(text);
        const titles = tasks.map(({ title }) => title);
        const expected = [...uids].flatMap((uid) => expectedOf(uid, [before, l!, r!], conflicts, titles));
        const merged = tasks.map(({ title, completed }) => `${completed} ${title}`);
        expect(merged.sort()).toEqual(expected.sort());
      }),
      runs(500),
    );
  });
});

interface Step {
  readonly change: string;
  readonly op: string;
  readonly file: string | null;
  readonly previous: string | null;
  readonly newContent: boolean;
}

describe.runIf(existsSync(history))('the real histories of task files', () => {
  const steps = readFileSync(`${history}/index.jsonl`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Step);
  const textOf = (file: string) => readFileSync(`${history}/${file}`, 'utf8');

  it('SY5 every version is read without loss, and each of its checkboxes is a task', () => {
    let checkboxes = 0;
    for (const file of new Set(steps.flatMap((step) => step.file ?? []))) {
      const text = textOf(file);
      const document = TasksDocument.parse(text);
      expect(document.toString()).toBe(text);
      const seen = text.match(/^[ \t]*[-*+] \[[ xX]\]/gm)?.length ?? 0;
      expect(document.tasks.length).toBe(seen);
      checkboxes += seen;
    }
    expect(checkboxes).toBeGreaterThan(2000);
  });

  it('replayed as events and folded, each version’s tasks come back; no task is taken over by another', () => {
    const documents = new Map<string, TasksDocument>();
    const handlers = new Map<string, TaskEventHandler>();
    let edits = 0;
    for (const { change, file, newContent } of steps) {
      if (!file || !newContent) continue;
      const before = documents.get(change) ?? TasksDocument.parse('', { scope: change });
      const after = TasksDocument.parse(textOf(file), { previous: before });
      const handler = handlers.get(change) ?? new TaskEventHandler();
      for (const event of diffTasks(before, after)) handler.apply(event);
      expect(handler.tasks).toEqual(told(after));
      for (const task of after.tasks) {
        const old = before.get(task.taskUid);
        const isExtended =
          old &&
          [old.title, task.title].some((title) => [old.title, task.title].every((other) => other.startsWith(title)));
        if (old && !isExtended) expect(titleSimilarity(old.title, task.title)).toBeGreaterThanOrEqual(0.5);
      }
      documents.set(change, after);
      handlers.set(change, handler);
      edits++;
    }
    expect(edits).toBeGreaterThan(30);
  });
});
