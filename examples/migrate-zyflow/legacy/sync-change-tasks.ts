import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LegacyDatabase } from './legacy-database.ts';
import { parseTasksFile } from './parse-tasks-file.ts';

interface LegacySyncResult {
  readonly tasksCreated: number;
  readonly tasksUpdated: number;
  readonly tasksArchived: number;
}

/** ZyFlow's sync function: no class, no emitter. */
export type SyncChangeTasksForProject = (
  changeId: string,
  projectPath: string,
  projectId?: string,
) => Promise<LegacySyncResult>;

export interface LegacySyncOptions {
  readonly now?: () => number;
  /** How a row is known again: by title (F4), or by position (F5) as until 351d614. */
  readonly identity?: 'title' | 'position';
}

/**
 * Brings a tasks.md into the rows, as ZyFlow does, mistakes included.
 *
 * F2: the status is overwritten from the checkbox. F4: a row is found by its title, so a renamed task gets a new row and a
 * removed one keeps its own. F5: by position, an inserted task takes over the row of its follower. F6: a row of the same
 * change in another project is found too. F7: nothing is in a transaction, and the next id is taken in two statements.
 * F10: times are written in ms, where the rest of the server writes seconds.
 */
export function legacySync(db: LegacyDatabase, options: LegacySyncOptions = {}): SyncChangeTasksForProject {
  const { now = Date.now, identity = 'title' } = options;
  const byDisplayId = db.prepare('SELECT id FROM tasks WHERE change_id = ? AND display_id = ?');
  const byTitle = db.prepare('SELECT id FROM tasks WHERE change_id = ? AND title = ?');
  const known = db.prepare(`
    SELECT id, display_id AS displayId FROM tasks
    WHERE change_id = ? AND display_id IS NOT NULL AND status != 'archived'`);
  const takeId = db.prepare(`UPDATE sequences SET value = value + 1 WHERE name = 'task_moai'`);
  const readId = db.prepare(`SELECT value FROM sequences WHERE name = 'task_moai'`);
  const update = db.prepare(`
    UPDATE tasks SET title = ?, status = ?, group_title = ?, group_order = ?, task_order = ?, major_title = ?,
      sub_order = ?, display_id = ?, project_id = ?, updated_at = ? WHERE id = ?`);
  const insert = db.prepare(`
    INSERT INTO tasks (title, status, group_title, group_order, task_order, major_title, sub_order, display_id,
      project_id, updated_at, id, change_id, "order", created_at, origin)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'moai')`);
  const archive = db.prepare(`UPDATE tasks SET status = 'archived', archived_at = ?, updated_at = ? WHERE id = ?`);

  return async (changeId, projectPath, projectId = 'default') => {
    const time = Math.floor(now());
    const content = await readFile(join(projectPath, 'openspec', 'changes', changeId, 'tasks.md'), 'utf8');
    const result = { tasksCreated: 0, tasksUpdated: 0, tasksArchived: 0 };
    const displayIds = new Set<string>();
    for (const group of parseTasksFile(changeId, content).groups) {
      for (const [index, task] of group.tasks.entries()) {
        const displayId = identity === 'position' ? `${group.majorOrder}.${group.subOrder}.${index + 1}` : null;
        if (displayId) displayIds.add(displayId);
        const { title, completed, lineNumber } = task;
        const status = completed ? 'done' : 'todo';
        const place = [group.title, group.majorOrder, index + 1, group.majorTitle, group.subOrder, displayId];
        const fields = [title, status, ...place, projectId, time];
        const row = (displayId && byDisplayId.get(changeId, displayId)) ?? byTitle.get(changeId, title);
        if (row) {
          update.run(...fields, (row as { id: number }).id);
          result.tasksUpdated++;
        } else {
          takeId.run();
          const { value } = readId.get() as { value: number };
          insert.run(...fields, value, changeId, lineNumber, time);
          result.tasksCreated++;
        }
      }
    }
    if (displayIds.size === 0) return result;
    for (const row of known.all(changeId) as { id: number; displayId: string }[]) {
      if (displayIds.has(row.displayId)) continue;
      archive.run(time, time, row.id);
      result.tasksArchived++;
    }
    return result;
  };
}
