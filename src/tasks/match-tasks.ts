import { createHash } from 'node:crypto';
import type { Task } from './task.ts';
import { letterPairs, normalize, pairSimilarity } from './title-similarity.ts';

/** What tasks are told apart by. */
export type TaskFeatures = Pick<Task, 'displayId' | 'title' | 'section'>;

/** Below this, a task with another title is another task. */
export const minSimilarity = 0.6;
/** How many leftover tasks of before each new one is compared with by similarity. */
const maxCandidates = 200;

/**
 * The identity of each task, given those of the version before.
 *
 * From the surest to the least sure: same number and title, in the same section and then anywhere; same title in the
 * same section, then anywhere; a similar title, in the same section or with the same number first; in the same section,
 * the only title that goes on where the other ends. Never by place alone.
 * Tasks that match nothing get an identity made of their title, so every process that reads the same gives the same.
 *
 * @param scope - Goes into new identities, so that equal titles of two files are told apart.
 */
export function matchTasks(
  tasks: readonly TaskFeatures[],
  previous: readonly (TaskFeatures & { readonly taskUid: string })[],
  scope: string,
): string[] {
  const uids = new Array<string | undefined>(tasks.length);
  let [now, before] = [featuresOf(tasks), featuresOf(previous)];
  for (const matchIn of [...sureKeys.map(matchByKey), matchSimilar, matchExtended]) {
    if (now.length === 0 || before.length === 0) break;
    const matched = new Set<Features>();
    matchIn(now, before, (task, old) => {
      uids[task.index] = previous[old.index]!.taskUid;
      matched.add(task).add(old);
    });
    [now, before] = [now, before].map((each) => each.filter((task) => !matched.has(task))) as [Features[], Features[]];
  }
  const newUid = uidMaker(scope, new Set(previous.map((task) => task.taskUid)));
  return tasks.map((task, index) => uids[index] ?? newUid(task.title));
}

/** A maker of identities for new tasks, none of them taken and none given twice. */
export function uidMaker(scope: string, taken: ReadonlySet<string>): (title: string) => string {
  const counts = new Map<string, number>();
  return (title) => {
    const name = normalize(title);
    for (let n = counts.get(name) ?? 0; ; n++) {
      const hash = createHash('sha256').update(JSON.stringify([scope, name, n]));
      const uid = hash.digest('hex').slice(0, 16);
      if (taken.has(uid)) continue;
      counts.set(name, n + 1);
      return uid;
    }
  };
}

/** A task's features, made ready for comparison. */
interface Features {
  readonly index: number;
  readonly number: string | null;
  readonly title: string;
  readonly section: string;
}

type Match = (
  tasks: readonly Features[],
  previous: readonly Features[],
  pair: (task: Features, before: Features) => void,
) => void;

function featuresOf(tasks: readonly TaskFeatures[]): Features[] {
  const sections = new Map<readonly string[], string>();
  return tasks.map(({ displayId, title, section }, index) => {
    const known = sections.get(section) ?? JSON.stringify(section);
    sections.set(section, known);
    return { index, number: displayId, title: normalize(title), section: known };
  });
}

// None of the parts has a line feed in it.
const sureKeys: readonly ((task: Features) => string)[] = [
  ({ section, number, title }) => `${section}\n${number}\n${title}`,
  ({ number, title }) => `${number}\n${title}`,
  ({ section, title }) => `${section}\n${title}`,
  ({ title }) => title,
];

/** Pairs tasks of the same key, in order. */
function matchByKey(keyOf: (task: Features) => string): Match {
  return (tasks, previous, pair) => {
    const waiting = new Map<string, Features[]>();
    for (const before of previous.toReversed()) {
      const key = keyOf(before);
      const sameKey = waiting.get(key);
      if (sameKey) sameKey.push(before);
      else waiting.set(key, [before]);
    }
    for (const task of tasks) {
      const before = waiting.get(keyOf(task))?.pop();
      if (before) pair(task, before);
    }
  };
}

/** Pairs the tasks whose titles are alike, the most alike first; of very many, only those whose places are near. */
const matchSimilar: Match = (tasks, previous, pair) => {
  const pairsBefore = previous.map((before) => letterPairs(before.title));
  /** By score in thousandths: places in both lists, one behind the other. There may be millions of them. */
  const byScore: number[][] = [];
  let start = 0;
  for (const [at, task] of tasks.entries()) {
    const pairs = letterPairs(task.title);
    while (start + maxCandidates < previous.length && previous[start + maxCandidates / 2]!.index < task.index) start++;
    for (let old = start; old < Math.min(previous.length, start + maxCandidates); old++) {
      const similarity = pairSimilarity(pairs, pairsBefore[old]!);
      if (similarity < minSimilarity) continue;
      const { section, number } = previous[old]!;
      const sameSection = task.section === section ? 0.2 : 0;
      const sameNumber = task.number !== null && task.number === number ? 0.1 : 0;
      const score = Math.round(1000 * (similarity + sameSection + sameNumber));
      byScore[score] ??= [];
      byScore[score].push(at, old);
    }
  }
  const done = new Set<Features>();
  for (const candidates of byScore.toReversed()) {
    for (let i = 0; i < (candidates?.length ?? 0); i += 2) {
      const [task, before] = [tasks[candidates![i]!]!, previous[candidates![i + 1]!]!];
      if (done.has(task) || done.has(before)) continue;
      done.add(task).add(before);
      pair(task, before);
    }
  }
};

/** How many letters a title has at least, to be known as the beginning of another. */
const minBeginning = 5;

/** Pairs a task with the only one of its section whose title is the beginning of its own, or goes on where its own ends. */
const matchExtended: Match = (tasks, previous, pair) => {
  const keyOf = ({ section, title }: Features) => `${section}\n${title.slice(0, minBeginning)}`;
  const group = (some: readonly Features[]) => {
    const groups = new Map<string, Features[]>();
    for (const task of some) groups.set(keyOf(task), [...(groups.get(keyOf(task))?.slice(-maxCandidates) ?? []), task]);
    return groups;
  };
  const before = group(previous);
  for (const [key, now] of group(tasks)) {
    const old = before.get(key) ?? [];
    if (now.length > maxCandidates || old.length > maxCandidates) continue;
    for (const task of now) {
      const [match, ...others] = old.filter((each) => isExtended(task.title, each.title));
      if (!match || others.length > 0) continue;
      if (now.filter((each) => isExtended(each.title, match.title)).length === 1) pair(task, match);
    }
  }
};

function isExtended(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= minBeginning && long.startsWith(short) && /^[^\p{L}\p{N}]/u.test(long.slice(short.length));
}
