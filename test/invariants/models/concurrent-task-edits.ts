import { existsSync, readFileSync } from 'node:fs';
import { matchSequences } from '../../../src/conflicts/common-subsequence.ts';
import { toLines } from '../../../src/conflicts/text-merge.ts';
import type { TaskFileVersions } from '../../../src/tasks/merge-tasks.ts';
import { TasksDocument } from '../../../src/tasks/tasks-document.ts';
import { titleSimilarity } from '../../../src/tasks/title-similarity.ts';

const history = '../shared/data/zyflow-tasks';

/** Two people's edits of one real file, made from what happened to it. */
export interface ConcurrentEdit extends TaskFileVersions {
  readonly kind: (typeof kinds)[number];
  /** What the file became in truth, where the two sides are parts of one real edit. */
  readonly real?: string;
}

/** How the sides were made. */
export const kinds = [
  'one real edit, divided between two',
  'a real edit, and generated ones',
  'generated edits on both sides',
  'the next edit, and the last one taken back',
] as const;

/** Whether the histories are there. */
export const hasHistories = existsSync(history);

/** The same cases each time, from consecutive revisions of real task files; `seeds` of each kind a revision. */
export function concurrentTaskEdits(seeds: number): ConcurrentEdit[] {
  const random = randomFrom(5);
  const steps = readFileSync(`${history}/index.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { file: string | null; previous: string | null; newContent: boolean })
    .filter(({ file, previous, newContent }) => file !== null && previous !== null && newContent);
  const textOf = (file: string) => readFileSync(`${history}/${file}`, 'utf8');
  const before = new Map(steps.map(({ file, previous }) => [file, previous]));
  return steps.flatMap(({ file, previous }) => {
    const [base, real] = [textOf(previous!), textOf(file!)];
    const cases: ConcurrentEdit[] = [];
    for (let seed = 0; seed < seeds; seed++) {
      const [local, remote] = divide(base, real, random);
      cases.push({ kind: kinds[0], base, local, remote, real });
      cases.push({ kind: kinds[1], base, local: real, remote: edit(base, random) });
      cases.push({ kind: kinds[2], base, local: edit(base, random), remote: edit(base, random) });
    }
    const earlier = before.get(previous);
    if (earlier) cases.push({ kind: kinds[3], base, local: textOf(earlier), remote: real });
    return cases;
  });
}

/** A real edit's changes, each given to one of two sides: line by line where lines were edited, else as they stand. */
function divide(base: string, real: string, random: () => number): [string, string] {
  const [before, after] = [toLines(base), toLines(real)];
  const partners = matchSequences(before, after);
  const sides: [string[], string[]] = [[], []];
  const give = (old: readonly string[], now: readonly string[]) => {
    const chosen = random() < 0.5 ? 0 : 1;
    sides[chosen].push(...now);
    sides[1 - chosen]!.push(...old);
  };
  let [from, to] = [0, 0];
  const changed = (end: number, endAfter: number) => {
    const [old, now] = [before.slice(from, end), after.slice(to, endAfter)];
    const areEdits = old.length === now.length && old.every((line, at) => titleSimilarity(line, now[at]!) >= 0.6);
    if (areEdits) for (const [at, line] of old.entries()) give([line], [now[at]!]);
    else give(old, now);
  };
  for (const [at, partner] of [...partners].entries()) {
    if (partner < 0) continue;
    changed(at, partner);
    for (const side of sides) side.push(before[at]!);
    [from, to] = [at + 1, partner + 1];
  }
  changed(before.length, after.length);
  return [sides[0].join(''), sides[1].join('')];
}

/** One to six edits of the kinds that people make, near each other, as a person works down a list. */
function edit(base: string, random: () => number): string {
  const below = (end: number) => Math.floor(random() * end);
  let document = TasksDocument.parse(base);
  const start = below(document.tasks.length);
  for (let left = 1 + below(6); left > 0; left--) {
    const { tasks } = document;
    const task = tasks[Math.min(tasks.length - 1, start + below(8))];
    if (!task) return document.add(`first ${below(1000)}`).toString();
    const chance = random();
    if (chance < 0.6) document = document.setCompleted(task.taskUid, !task.completed);
    else if (chance < 0.72) document = document.add(`new task ${below(10_000)}`, { after: task.taskUid });
    else if (chance < 0.8) document = document.setTitle(task.taskUid, retitled(task.title, below));
    else if (chance < 0.86) document = document.remove(task.taskUid);
    else {
      const lines = toLines(document.toString());
      const at = task.line - 1;
      if (chance < 0.92) lines.splice(at + 1, 0, `  - note ${below(10_000)}\n`);
      else if (chance < 0.96) {
        const [line] = lines.splice(at, 1);
        lines.splice(tasks[below(tasks.length)]!.line - 1, 0, line!);
      } else {
        for (const { line, displayId } of tasks.slice(start)) {
          const number = displayId && /^(.*\.)(\d+)$/.exec(displayId);
          if (number) lines[line - 1] = lines[line - 1]!.replace(displayId, `${number[1]}${Number(number[2]) + 1}`);
        }
      }
      document = TasksDocument.parse(lines.join(''), { previous: document });
    }
  }
  return document.toString();
}

function retitled(title: string, below: (end: number) => number): string {
  const words = title.split(' ');
  const at = below(words.length + 1);
  words.splice(at, below(2), `word${below(100)}`);
  return words.join(' ');
}

/** Mulberry32: the same numbers from 0 to 1 each time. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
