import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLegacyDatabase } from '../legacy/legacy-database.ts';
import { LegacySystem } from '../legacy/legacy-system.ts';
import { syncFlowChanges } from '../legacy/sync-changes.ts';
import { findChanges } from './find-changes.ts';
import { type GeneratedChange, generateChanges, generateSiblingChanges } from './generate-changes.ts';
import { type Random, seededRandom } from './random.ts';
import type { ProjectFolder, RuntimeFields, TaskStatus } from './task-system.ts';
import type { Workspace } from './workspace.ts';

const firstDay = Date.UTC(2026, 0, 5, 9);
const minute = 60_000;

/**
 * Makes a workspace of two projects in an empty folder, the same for the same seed.
 *
 * The database is filled as ZyFlow's would have been: by the legacy sync, then by people who work in the application; the
 * finished changes are archived last.
 */
export async function makeWorkspace(root: string, seed: number): Promise<Workspace> {
  const projects: ProjectFolder[] = ['shop', 'back-office'].map((id) => ({ id, path: join(root, id) }));
  const changes = [generateChanges(seed), generateSiblingChanges(seed)];
  const databaseFile = join(root, 'tasks.db');
  let now = firstDay;
  await mkdir(root, { recursive: true });
  const db = openLegacyDatabase(databaseFile);
  const system = new LegacySystem(db, { projects, databaseFile, now: () => now });
  for (const [index, project] of projects.entries()) {
    for (const change of changes[index]!) await writeChange(project, change);
    syncFlowChanges(db, project, now);
  }
  // Synced last, the first project has taken over the rows of the changes that both have (F6).
  for (const project of projects.toReversed()) {
    for (const { changeId } of changes[projects.indexOf(project)]!) {
      now += minute;
      await system.sync({ projectId: project.id, changeId });
    }
  }
  const random = seededRandom(seed ^ 0x5eed);
  for (const { changeId } of changes[0]!) {
    for (const task of (await system.change({ projectId: 'shop', changeId })).tasks) {
      now += minute;
      const fields = runtimeFields(random, task.status);
      if (Object.keys(fields).length > 0) system.rows.update(task.id, fields);
    }
  }
  for (const { changeId, archived } of changes[0]!) {
    if (archived) await archive(projects[0]!, changeId);
  }
  for (const project of projects) syncFlowChanges(db, project, now);
  db.pragma('wal_checkpoint(TRUNCATE)');
  await system.close();
  const withFiles = projects.map(async (project) => ({ ...project, files: await findChanges(project.path) }));
  return { root, projects: await Promise.all(withFiles), databaseFile, notes: [`made from seed ${seed}`] };
}

async function writeChange(project: ProjectFolder, { changeId, text }: GeneratedChange): Promise<void> {
  const folder = join(project.path, 'openspec', 'changes', changeId);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'tasks.md'), text);
}

async function archive(project: ProjectFolder, changeId: string): Promise<void> {
  const folder = join(project.path, 'openspec', 'changes');
  await mkdir(join(folder, 'archive'), { recursive: true });
  await rename(join(folder, changeId), join(folder, 'archive', `2026-01-09-${changeId}`));
}

/** What people set in the application: some of it on every third task. */
function runtimeFields(random: Random, status: TaskStatus): RuntimeFields {
  const open = status === 'todo';
  return {
    ...(open && random.chance(0.3) && { status: random.pick(['in-progress', 'review', 'archived'] as const) }),
    ...(random.chance(0.25) && { assignee: random.pick(['mina', 'joon', '서연', 'alex']) }),
    ...(random.chance(0.2) && { priority: random.pick(['low', 'high'] as const) }),
    ...(random.chance(0.15) && {
      description: random.pick(['Agreed on Monday.', '디자인 확인 필요', 'See the <draft>.']),
    }),
  };
}
