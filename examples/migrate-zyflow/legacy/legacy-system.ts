import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  ChangeRef,
  OpenOptions,
  ProjectFolder,
  RuntimeFields,
  SeenChange,
  SystemUnderTest,
  TaskSystem,
} from '../workspace/task-system.ts';
import { type LegacyDatabase, openLegacyDatabase } from './legacy-database.ts';
import { parseTasksFile } from './parse-tasks-file.ts';
import { legacySync, type SyncChangeTasksForProject } from './sync-change-tasks.ts';
import { liveChangeIds } from './sync-changes.ts';
import { TaskRows } from './task-rows.ts';
import { toggleTaskInFile } from './toggle-task-in-file.ts';
import { startTasksWatcher } from './watch-tasks.ts';

/** ZyFlow's server as it is today, without HTTP: what its routes do, on the same files and tables. */
export class LegacySystem implements TaskSystem {
  readonly db: LegacyDatabase;
  readonly rows: TaskRows;
  /** The plain function that ZyFlow's watcher, routes and scheduler call; wrap it to hear of syncs. */
  syncChangeTasksForProject: SyncChangeTasksForProject;
  /** What the watcher wrote to the server's log, and nobody looked at: syncs that failed. */
  readonly log: unknown[] = [];
  readonly #projects: readonly ProjectFolder[];

  constructor(db: LegacyDatabase, options: OpenOptions) {
    const { now = Date.now, legacyIdentity = 'title' } = options;
    this.db = db;
    this.rows = new TaskRows(db, now);
    this.syncChangeTasksForProject = legacySync(db, { now, identity: legacyIdentity });
    this.#projects = options.projects;
  }

  async change({ projectId, changeId }: ChangeRef): Promise<SeenChange> {
    const tasks = this.rows.ofChange(projectId, changeId);
    const live = tasks.filter(({ status }) => status !== 'archived');
    const done = live.filter(({ status }) => status === 'done');
    return { progress: live.length === 0 ? 0 : Math.round((100 * done.length) / live.length), tasks };
  }

  async toggle(change: ChangeRef, taskId: string): Promise<boolean> {
    const file = this.#file(change);
    const content = await readFile(file, 'utf8');
    const title = this.rows.title(taskId);
    const tasks = parseTasksFile(change.changeId, content).groups.flatMap((group) => group.tasks);
    const id = tasks.find((task) => task.title === title)?.id ?? `with the title ${title}`;
    const { newContent, completed } = toggleTaskInFile(content, id);
    await writeFile(file, newContent);
    return completed;
  }

  async update(_change: ChangeRef, taskId: string, fields: RuntimeFields): Promise<void> {
    this.rows.update(taskId, fields);
  }

  async createTask(projectId: string, title: string): Promise<string> {
    return this.rows.create(projectId, title);
  }

  async sync({ projectId, changeId }: ChangeRef): Promise<void> {
    await this.syncChangeTasksForProject(changeId, this.#project(projectId).path, projectId);
  }

  async watch(): Promise<{ close(): Promise<void> }> {
    const watchers = this.#projects.map(({ id, path }) =>
      startTasksWatcher(
        path,
        (changeId) => this.sync({ projectId: id, changeId }),
        (error) => this.log.push(error),
      ),
    );
    return { close: async () => void (await Promise.all(watchers.map((watcher) => watcher.close()))) };
  }

  async settle(): Promise<void> {
    for (const { id, path } of this.#projects) {
      for (const changeId of liveChangeIds(path)) await this.sync({ projectId: id, changeId });
    }
  }

  async close(): Promise<void> {
    this.db.close();
  }

  #project(projectId: string): ProjectFolder {
    const project = this.#projects.find(({ id }) => id === projectId);
    if (!project) throw new Error(`Project not found: ${projectId}`);
    return project;
  }

  #file({ projectId, changeId }: ChangeRef): string {
    return join(this.#project(projectId).path, 'openspec', 'changes', changeId, 'tasks.md');
  }
}

const legacy: SystemUnderTest = {
  name: 'legacy',
  module: import.meta.url,
  async open(options) {
    return new LegacySystem(openLegacyDatabase(options.databaseFile), options);
  },
};

export default legacy;
