import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LegacyDatabase } from './legacy-database.ts';

/** The changes in a project's folder that have a tasks.md and are not archived. */
export function liveChangeIds(projectPath: string): string[] {
  const folder = join(projectPath, 'openspec', 'changes');
  return readdirSync(folder)
    .filter((name) => name !== 'archive' && existsSync(join(folder, name, 'tasks.md')))
    .sort();
}

/** Makes or renews the row of every live change, and archives the rows of changes that are gone, as ZyFlow's flow-sync does. */
export function syncFlowChanges(db: LegacyDatabase, project: { id: string; path: string }, now: number): void {
  const ids = liveChangeIds(project.path);
  const upsert = db.prepare(`
    INSERT INTO changes (id, project_id, title, spec_path, current_stage, created_at, updated_at)
    VALUES (?, ?, ?, ?, 'task', ?, ?)
    ON CONFLICT (id, project_id) DO UPDATE SET title = excluded.title, status = 'active', updated_at = excluded.updated_at`);
  for (const id of ids) {
    const specPath = join('openspec', 'changes', id);
    const text = readFileSync(join(project.path, specPath, 'tasks.md'), 'utf8');
    upsert.run(id, project.id, /^# (.+)$/m.exec(text)?.[1] ?? id, specPath, now, now);
  }
  const gone = ids.map(() => '?').join(', ');
  db.prepare(`UPDATE changes SET status = 'archived', updated_at = ? WHERE project_id = ? AND id NOT IN (${gone})`).run(
    now,
    project.id,
    ...ids,
  );
}
