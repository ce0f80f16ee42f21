import type { Conflict } from '../../../src/conflicts/conflict.ts';
import type { TaskFileVersions } from '../../../src/tasks/merge-tasks.ts';
import { TasksDocument } from '../../../src/tasks/tasks-document.ts';
import { isJoinedTitle } from './joined-title.ts';

/**
 * Judges a merged tasks.md without merging: which edits of a side are neither in it nor in a conflict (CF5), and which
 * tasks stand in it more often than in any version.
 */
export function checkTasksMerge(
  { base, local, remote }: TaskFileVersions,
  merged: string,
  conflicts: readonly Conflict[],
): { losses: string[]; doubled: string[] } {
  // A conflict about the whole file holds each edit.
  if (conflicts.some(({ path, baseValue }) => path === '' && baseValue === base)) return { losses: [], doubled: [] };
  const before = TasksDocument.parse(base);
  const [ours, theirs] = [local, remote].map((text) => TasksDocument.parse(text, { previous: before })) as [
    TasksDocument,
    TasksDocument,
  ];
  const [after, ...others] = [before, ours, theirs].map((previous) => TasksDocument.parse(merged, { previous })) as [
    TasksDocument,
    ...TasksDocument[],
  ];
  /** A task whose title both sides changed may be alike to what one of them made of it alone. */
  const resultOf = (uid: string) => [after, ...others].map((document) => document.get(uid)).find((task) => task);
  /** Whether both sides changed the title of this task, and a task has what both edits give together. */
  const isJoined = (uid: string) => {
    const titles = [before, ours, theirs].map((document) => document.get(uid)?.title);
    const [base, one, other] = titles;
    if (base === undefined || one === undefined || other === undefined || one === base || other === base) return false;
    return after.tasks.some(({ title }) => isJoinedTitle(title, base, one, other));
  };
  // What a person is shown has more than what is in dispute.
  const records = conflicts.map((conflict) => JSON.stringify({ ...conflict.toJSON(), shown: undefined }));
  const isRecorded = (text: string) => records.some((record) => record.includes(JSON.stringify(text).slice(1, -1)));
  const losses: string[] = [];
  const titlesOf = [before, ours, theirs].map(({ tasks }) => countOf(tasks.map(({ title }) => title)));
  const hasTwin = (title: string) => titlesOf.some((titles) => (titles.get(title) ?? 0) > 1);
  const areAll = (titles: readonly (string | undefined)[], completed: boolean) => {
    const named = after.tasks.filter(({ title }) => titles.includes(title));
    return named.length > 0 && named.every((task) => task.completed === completed);
  };
  for (const [side, other] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    for (const task of before.tasks) {
      // Of twins, nobody knows which is which.
      if (hasTwin(task.title)) continue;
      const now = side.get(task.taskUid);
      const result = resultOf(task.taskUid);
      if (!now) {
        const isBack =
          result?.title === task.title &&
          !other.tasks.some(({ taskUid, title }) => taskUid !== task.taskUid && title === task.title);
        if (isBack && !isRecorded(task.taskUid)) losses.push(`removal of ${task.title}`);
      } else if (
        now.completed !== task.completed &&
        result?.completed !== now.completed &&
        // Something new may be more like the task than what became of it.
        !areAll([now.title, other.get(task.taskUid)?.title], now.completed) &&
        !isRecorded(task.taskUid)
      ) {
        losses.push(`tick of ${task.title}${other.get(task.taskUid) ? '' : ', which the other side removed'}`);
      }
    }
    const known = countOf(wordsOf(before));
    const inOther = countOf(wordsOf(other));
    const there = countOf(wordsOf(after));
    const merges = new Set(side.tasks.filter(({ taskUid }) => isJoined(taskUid)).map(({ title }) => title));
    for (const [words, count] of countOf(wordsOf(side))) {
      const added = count > (known.get(words) ?? 0);
      // What the other side removed may be gone, as often as it removed it.
      const least = Math.max(1, count - Math.max(0, (known.get(words) ?? 0) - (inOther.get(words) ?? 0)));
      if (added && !merges.has(words) && (there.get(words) ?? 0) < least && !isRecorded(words)) losses.push(words);
    }
  }
  const doubled = [...countOf(after.tasks.map(({ title }) => title))].filter(
    ([title, count]) => count > Math.max(1, ...titlesOf.map((counts) => counts.get(title) ?? 0)),
  );
  return { losses, doubled: doubled.map(([title]) => title) };
}

/** The titles of the tasks, and the other lines, without the space around them. */
function wordsOf(document: TasksDocument): string[] {
  return document.lines
    .map((line) => (line.kind === 'task' ? line.parts.title : line.text.trim()))
    .filter((words) => words !== '');
}

function countOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
