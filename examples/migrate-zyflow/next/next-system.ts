import { randomUUID } from 'node:crypto';
import { join, relative, sep } from 'node:path';
import {
  EventBus,
  EventEnabledFileWatcher,
  EventStore,
  type FileChangedEvent,
  isMigrationError,
  MemoryCacheProvider,
  MultiLevelCache,
  type NewEvent,
} from '@zyflow/migration';
import { SqliteEventAdapter } from '@zyflow/migration/sqlite';
import { diffTasks, TaskCreatedEvent, type TasksDocument, TaskUpdatedEvent } from '@zyflow/migration/tasks';
import Database from 'libsql';
import type {
  ChangeRef,
  OpenOptions,
  ProjectFolder,
  RuntimeFields,
  SeenChange,
  SystemUnderTest,
  TaskSystem,
} from '../workspace/task-system.ts';
import { ChangeView, type RuntimeState, runtimeOf, tickOf } from './change-view.ts';
import { editTasksFile } from './tasks-file.ts';

/** Told of what a change shows after something new was recorded. */
export type OnRecorded = (change: ChangeRef, seen: SeenChange) => void;

/**
 * ZyFlow's server on the library: one stream of events a change is the truth, tasks.md and every screen are made of it.
 *
 * Each write expects the version it was decided on; whoever comes second decides again. Files keep what belongs to them
 * (titles, order, ticks), the events hold that and what belongs to the run time.
 */
export class NextSystem implements TaskSystem {
  readonly store: EventStore;
  /** Serves reads once it is set; its keys hold the version, so that an entry is never older than the store. */
  cache: MultiLevelCache | null = null;
  onRecorded: OnRecorded = () => {};
  readonly #db: Database.Database;
  readonly #projects: readonly ProjectFolder[];
  readonly #now: () => number;
  readonly #views = new Map<string, ChangeView>();

  constructor(db: Database.Database, options: OpenOptions) {
    this.#db = db;
    this.#projects = options.projects;
    this.#now = options.now ?? Date.now;
    this.store = new EventStore({ adapter: new SqliteEventAdapter(db), compressionEnabled: true });
  }

  async change(change: ChangeRef): Promise<SeenChange> {
    if (!this.cache) return (await this.#fold(change, new ChangeView())).seen();
    const stream = streamOf(change);
    const key = `${stream}@${await this.store.streamVersion(stream)}`;
    const seen = await this.cache.getOrLoad(key, async () =>
      JSON.parse(JSON.stringify((await this.view(change)).seen())),
    );
    return seen as unknown as SeenChange;
  }

  async toggle(change: ChangeRef, taskId: string): Promise<boolean> {
    return this.#tick(change, taskId, (completed) => !completed);
  }

  async update(change: ChangeRef, taskId: string, fields: RuntimeFields): Promise<void> {
    const tick = tickOf(fields.status);
    if (tick !== undefined) await this.#tick(change, taskId, () => tick);
    await this.setRuntime(change, () => new Map([[taskId, { ...fields, changedAt: this.#now() }]]));
  }

  /** Sets fields that belong to the run time, decided on the newest version of the change. */
  async setRuntime(change: ChangeRef, decide: (view: ChangeView) => ReadonlyMap<string, RuntimeState>): Promise<void> {
    await this.#record(change, (view) =>
      [...decide(view)].map(([taskId, fields]) => {
        const task = view.get(taskId);
        if (!task) throw new Error(`there is no task ${taskId} in ${change.changeId}`);
        const runtime = { ...runtimeOf(task), ...fields };
        return new TaskUpdatedEvent(taskId, { runtime }, view.version, view.version + 1);
      }),
    );
  }

  async createTask(projectId: string, title: string): Promise<string> {
    const id = randomUUID();
    await this.#record({ projectId, changeId: '' }, () => [new TaskCreatedEvent(id, title, '', 'inbox')]);
    return id;
  }

  async sync(change: ChangeRef): Promise<void> {
    await this.#edit(change, (document) => document);
  }

  async watch(): Promise<{ close(): Promise<void> }> {
    const bus = new EventBus();
    bus.subscribe('file.changed', {
      handle: async (event) => {
        const change = this.#changeAt((event as FileChangedEvent).change.path);
        if (change && (event as FileChangedEvent).change.kind !== 'removed') await this.sync(change);
      },
    });
    const watchers = this.#projects.map(
      ({ path }) =>
        new EventEnabledFileWatcher(bus, join(path, 'openspec', 'changes'), {
          debounceMs: 10,
          stableMs: 5,
          includeFile: (file) => file.endsWith(`${sep}tasks.md`),
        }),
    );
    await Promise.all(watchers.map((watcher) => watcher.start()));
    return { close: async () => void (await Promise.all(watchers.map((watcher) => watcher.close()))) };
  }

  async settle(): Promise<void> {
    for (const change of await this.changes()) await this.sync(change);
  }

  async close(): Promise<void> {
    await this.store.close();
    this.#db.close();
  }

  /** The changes that were ever synced. */
  async changes(): Promise<ChangeRef[]> {
    const streams = new Set<string>();
    for await (const { stream } of this.store.readAll()) if (stream.startsWith('change/')) streams.add(stream);
    return [...streams].map(changeOf).filter(({ changeId }) => changeId !== '');
  }

  /** The change as its events tell it now. */
  async view(change: ChangeRef): Promise<ChangeView> {
    const stream = streamOf(change);
    const view = this.#views.get(stream) ?? new ChangeView();
    this.#views.set(stream, view);
    return this.#fold(change, view);
  }

  /** Goes on with a fold where it is; two that go on at once do no harm. */
  async #fold(change: ChangeRef, view: ChangeView): Promise<ChangeView> {
    for await (const event of this.store.read(streamOf(change), { fromVersion: view.version + 1 })) view.apply(event);
    return view;
  }

  /** Ticks a task in the file, and records that with whatever else has changed there. */
  async #tick(change: ChangeRef, taskId: string, decide: (completed: boolean) => boolean): Promise<boolean> {
    let ticked: boolean | undefined;
    await this.#edit(change, (document) => {
      const task = document.get(taskId);
      if (!task) throw new Error(`there is no task ${taskId} in ${change.changeId}`);
      ticked ??= decide(task.completed); // decided once: a second try must not toggle it back
      return document.setCompleted(taskId, ticked);
    });
    return ticked!;
  }

  async #edit(change: ChangeRef, edit: (document: TasksDocument) => TasksDocument): Promise<void> {
    await this.#record(change, (view) => {
      const path = join(this.#project(change.projectId).path, 'openspec', 'changes', change.changeId, 'tasks.md');
      const before = { tasks: view.tasks, version: view.version };
      return diffTasks(before, editTasksFile(path, streamOf(change), before, edit));
    });
  }

  /** Decides on the newest version and records what follows; decides again when somebody else was faster. */
  async #record(change: ChangeRef, decide: (view: ChangeView) => readonly NewEvent[]): Promise<void> {
    const stream = streamOf(change);
    for (;;) {
      const view = await this.view(change);
      const events = decide(view).map(({ id, type, data }) => ({
        id: id!,
        type,
        data,
        timestamp: new Date(this.#now()),
      }));
      if (events.length === 0) return;
      try {
        await this.store.append(stream, events, { expectedVersion: view.version });
      } catch (error) {
        if (isMigrationError(error, 'CONCURRENCY_CONFLICT')) continue;
        throw error;
      }
      this.onRecorded(change, (await this.view(change)).seen());
      return;
    }
  }

  #changeAt(path: string): ChangeRef | null {
    for (const { id, path: folder } of this.#projects) {
      const parts = relative(join(folder, 'openspec', 'changes'), path).split(sep);
      if (parts.length === 2 && parts[0] !== '..' && parts[0] !== 'archive')
        return { projectId: id, changeId: parts[0]! };
    }
    return null;
  }

  #project(projectId: string): ProjectFolder {
    const project = this.#projects.find(({ id }) => id === projectId);
    if (!project) throw new Error(`there is no project ${projectId}`);
    return project;
  }
}

const streamOf = ({ projectId, changeId }: ChangeRef) =>
  `change/${encodeURIComponent(projectId)}/${encodeURIComponent(changeId)}`;

function changeOf(stream: string): ChangeRef {
  const [, projectId = '', changeId = ''] = stream.split('/').map(decodeURIComponent);
  return { projectId, changeId };
}

/** Opens the SQLite file of the new system. */
export function openNextDatabase(file: string): Database.Database {
  const db = new Database(file);
  db.pragma('busy_timeout = 5000');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  return db;
}

const next: SystemUnderTest = {
  name: 'new',
  module: import.meta.url,
  async open(options) {
    const system = new NextSystem(openNextDatabase(options.databaseFile), options);
    system.cache = new MultiLevelCache(new MemoryCacheProvider({ max: 1000 }));
    return system;
  },
};

export default next;
