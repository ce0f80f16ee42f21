import { isBalanced } from '../conflicts/sequence-balance.ts';
import { mergeText } from '../conflicts/text-merge.ts';
import { type Block, blocksOf, isTask } from './task-blocks.ts';
import { TasksDocument } from './tasks-document.ts';

/** Three versions of one thing: base, local, remote. */
type Versions<T> = readonly [base: T, local: T, remote: T];

/**
 * What a merge by lines gives, where it is right about the tasks too; else undefined.
 *
 * It is if no line is in dispute, each line stands there as often as the sides' edits say and is read as what they wrote,
 * and exactly those tasks are there that neither side removed: lines alone double what both sides moved, and bring back
 * what one moved and the other removed.
 */
export function mergeByLines(
  documents: Versions<TasksDocument>,
  blocks: Versions<readonly Block[]>,
): string | undefined {
  const [base, local, remote] = documents;
  const versions = { base: String(base), local: String(local), remote: String(remote) };
  const { text, conflicts } = mergeText(versions);
  if (conflicts.length > 0) return undefined;
  const merged = TasksDocument.parse(text, { previous: base });
  const read = [...documents, merged].map(({ lines }) =>
    lines.flatMap(({ kind, text }) => {
      if (kind === 'blank') return [];
      return kind === 'task' || kind === 'heading' ? `${kind} ${text}` : `text ${text}`;
    }),
  );
  if (!isBalanced({ base: read[0]!, local: read[1]!, remote: read[2]! }, read[3]!)) return undefined;
  return hasTasksOf(blocksOf(merged, base), blocks) ? text : undefined;
}

/** Of the base's tasks those that both sides kept, and as many new ones as the sides have. */
function hasTasksOf(merged: readonly Block[], versions: Versions<readonly Block[]>): boolean {
  const [base, local, remote, now] = [...versions, merged].map(
    (blocks) => new Set(blocks.filter(isTask).map(({ id }) => id)),
  ) as [Set<string>, Set<string>, Set<string>, Set<string>];
  const addedTo = (...sets: Set<string>[]) =>
    new Set(sets.flatMap((ids) => [...ids].filter((id) => !base.has(id)))).size;
  const areKept = [...base].every((id) => now.has(id) === (local.has(id) && remote.has(id)));
  return areKept && addedTo(now) === addedTo(local, remote);
}
