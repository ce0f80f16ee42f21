import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { checkboxes } from '../workspace/checkboxes.ts';
import { firstTitle, nextTitle } from './title-revision.ts';

/** How an editor saves: a new file in the place of the old one, or the old one overwritten. */
export type SaveMode = 'atomic' | 'in-place';

/**
 * Edits one task of a tasks.md as a person with an editor does, and saves the file.
 *
 * Reads, changes and saves in one go: the editor looks again before it saves, so it never takes back what others wrote.
 *
 * @param edit - Gets the task's title, gives the title and the box to write; null leaves the file alone.
 * @returns What was written; null if nothing was, or if the file has no such task.
 */
export function editTask(
  path: string,
  task: string,
  edit: (title: string) => { title: string; completed?: boolean } | null,
  mode: SaveMode,
): { title: string } | null {
  const text = readFileSync(path, 'utf8');
  const box = checkboxes(text).find(({ title }) => firstTitle(title) === task);
  const edited = box && edit(box.title);
  if (!edited) return null;
  const lines = text.split('\n');
  const at = lines[box.line]!.lastIndexOf(box.title);
  const rest = lines[box.line]!.slice(at + box.title.length);
  let before = lines[box.line]!.slice(0, at);
  if (edited.completed !== undefined) before = before.replace(/\[[ xX]\]/, edited.completed ? '[x]' : '[ ]');
  lines[box.line] = `${before}${edited.title}${rest}`;
  save(path, lines.join('\n'), mode);
  return edited;
}

/** Rewords the task; the new title. */
export const reword = (path: string, task: string, mode: SaveMode): string | null =>
  editTask(path, task, (title) => ({ title: nextTitle(title) }), mode)?.title ?? null;

/** Brings saves to their end that a kill broke off, as editors do at their next start. */
export function recoverSaves(paths: readonly string[]): void {
  for (const path of paths) {
    const backup = backupOf(path);
    if (!existsSync(backup)) continue;
    writeFileSync(path, readFileSync(backup));
    rmSync(backup);
  }
}

function save(path: string, text: string, mode: SaveMode): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, text);
  if (mode === 'atomic') {
    renameSync(draft, path);
    return;
  }
  // A file that is overwritten is empty for a moment: killed then, the editor would have lost it.
  renameSync(draft, backupOf(path));
  writeFileSync(path, text);
  rmSync(backupOf(path));
}

/** The whole new text, while it overwrites the old one. */
const backupOf = (path: string) => `${path}.backup`;
