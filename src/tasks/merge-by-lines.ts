import type { Three } from '../conflicts/merge-objects.ts';
import { isBalanced } from '../conflicts/sequence-balance.ts';
import { mergeText } from '../conflicts/text-merge.ts';
import { type Block, isTask } from './task-blocks.ts';
import type { TasksDocument } from './tasks-document.ts';
import type { ReadTasks } from './version-reader.ts';

/**
 * What a merge by lines gives, where it is right about the tasks too; else undefined.
 *
 * It is if no line is in dispute, each line stands there as often as the sides' edits say and is read as what they wrote,
 * and exactly those tasks are there that neither side removed: lines alone double what both sides moved, and bring back
 * what one moved and the other removed. A side that has all edits of the other is read as it is.
 */
export function mergeByLines(
  texts: Three<string>,
  blocks: Three<readonly Block[]>,
  read: ReadTasks,
): string | undefined {
  const versions = { base: texts[0], local: texts[1], remote: texts[2] };
  const { text, conflicts } = mergeText(versions);
  if (conflicts.length > 0) return undefined;
  const documents = texts.map((each) => read(each, versions.base).document);
  const [base, local, remote] = documents as unknown as Three<TasksDocument>;
  if (text === versions.local) return hasEditsOf(remote, local, base) ? text : undefined;
  if (text === versions.remote) return hasEditsOf(local, remote, base) ? text : undefined;
  const merged = read(text, versions.base);
  const sides = { base: linesOf(base), local: linesOf(local), remote: linesOf(remote) };
  return isBalanced(sides, linesOf(merged.document)) && hasTasksOf(merged.blocks, blocks) ? text : undefined;
}

/** The lines that are not blank, each with what it is read as. */
function linesOf({ lines }: TasksDocument): string[] {
  return lines.flatMap(({ kind, text }) => {
    if (kind === 'blank') return [];
    return kind === 'task' || kind === 'heading' ? `${kind} ${text}` : `text ${text}`;
  });
}

/**
 * Whether a side with all lines of the other's edits has these edits: it reads the lines as the other does, and has nothing
 * that the other removed, which it must have moved. Told by words that stand in the base once, not by identities: these may
 * be others when a merge is merged again (CF6).
 */
function hasEditsOf(other: TasksDocument, side: TasksDocument, base: TasksDocument): boolean {
  const [known, read] = [new Set(linesOf(base)), new Set(linesOf(side))];
  if (!linesOf(other).every((line) => known.has(line) || read.has(line))) return false;
  const [before, inSide, inOther] = [wordsOf(base), new Set(wordsOf(side)), new Set(wordsOf(other))];
  const repeated = new Set(before.toSorted().filter((words, at, all) => words === all[at - 1]));
  return before.every((words) => !inSide.has(words) || inOther.has(words) || repeated.has(words));
}

function wordsOf({ lines }: TasksDocument): string[] {
  return lines.flatMap((line) => (line.kind === 'blank' ? [] : line.kind === 'task' ? line.parts.title : line.text));
}

/** Of the base's tasks those that both sides kept, and as many new ones as the sides have. */
function hasTasksOf(merged: readonly Block[], versions: Three<readonly Block[]>): boolean {
  const [base, local, remote, now] = [...versions, merged].map(
    (blocks) => new Set(blocks.filter(isTask).map(({ id }) => id)),
  ) as [Set<string>, Set<string>, Set<string>, Set<string>];
  const addedTo = (...sets: Set<string>[]) =>
    new Set(sets.flatMap((ids) => [...ids].filter((id) => !base.has(id)))).size;
  const areKept = [...base].every((id) => now.has(id) === (local.has(id) && remote.has(id)));
  return areKept && addedTo(now) === addedTo(local, remote);
}
