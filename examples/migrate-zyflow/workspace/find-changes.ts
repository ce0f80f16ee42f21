import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { ChangeFile } from './workspace.ts';

/**
 * Every tasks.md below `openspec/changes`, archive included, by path.
 *
 * An archived change is known by its name without the date that archiving puts before it, unless another has that name.
 */
export async function findChanges(projectPath: string): Promise<ChangeFile[]> {
  const folder = join(projectPath, 'openspec', 'changes');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.name === 'tasks.md' && !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const archived = (path: string) => relative(folder, path).split(sep)[0] === 'archive';
  const ids = new Set<string>();
  const byLiveFirst = paths.toSorted((a, b) => Number(archived(a)) - Number(archived(b)));
  const files = byLiveFirst.map((path) => {
    const name = basename(dirname(path));
    const names = [
      archived(path) ? name.replace(/^\d{4}-\d{2}-\d{2}-/, '') : name,
      name,
      dirname(relative(folder, path)),
    ];
    const changeId = names.find((each) => !ids.has(each)) ?? relative(folder, path);
    ids.add(changeId);
    return { changeId, archived: archived(path), path };
  });
  return files.sort((a, b) => (a.changeId < b.changeId ? -1 : 1));
}
