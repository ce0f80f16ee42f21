import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { editTask } from '../../examples/migrate-zyflow/load/edit-file.ts';
import { firstTitle } from '../../examples/migrate-zyflow/load/title-revision.ts';
import { checkboxes } from '../../examples/migrate-zyflow/workspace/checkboxes.ts';
import type {
  ChangeRef,
  OpenOptions,
  RuntimeFields,
  SeenChange,
  SeenTask,
  SystemUnderTest,
  TaskSystem,
} from '../../examples/migrate-zyflow/workspace/task-system.ts';

type Row = { -readonly [K in keyof SeenTask]: SeenTask[K] } & { boxed: boolean };

/** A system in memory without any of the faults: what the measures must find nothing in. */
export class ReferenceSystem implements TaskSystem {
  readonly #options: OpenOptions;
  readonly #rows = new Map<string, Row[]>();
  readonly #changes = new Map<string, ChangeRef>();
  #ids = 0;

  constructor(options: OpenOptions) {
    this.#options = options;
  }

  async change(change: ChangeRef): Promise<SeenChange> {
    const tasks = this.#of(change).map((row) => ({ ...row }));
    const live = tasks.filter(({ status }) => status !== 'archived');
    const done = live.filter(({ status }) => status === 'done');
    return { progress: live.length === 0 ? 0 : Math.round((100 * done.length) / live.length), tasks };
  }

  async toggle(change: ChangeRef, taskId: string): Promise<boolean> {
    const row = this.#row(change, taskId);
    const completed = row.status !== 'done';
    editTask(this.#file(change), firstTitle(row.title), (title) => ({ title, completed }), 'atomic');
    await this.sync(change);
    return completed;
  }

  async update(change: ChangeRef, taskId: string, fields: RuntimeFields): Promise<void> {
    Object.assign(this.#row(change, taskId), fields, { updatedAt: this.#now() });
  }

  async createTask(): Promise<string> {
    return String(++this.#ids);
  }

  async sync(change: ChangeRef): Promise<void> {
    const before = this.#of(change);
    const rows = checkboxes(readFileSync(this.#file(change), 'utf8')).map(({ title, completed }) => {
      const at = before.findIndex((row) => firstTitle(row.title) === firstTitle(title));
      const row = before.splice(at, at < 0 ? 0 : 1)[0] ?? this.#newRow();
      if (row.boxed !== completed) row.status = completed ? 'done' : 'todo';
      return Object.assign(row, { title, boxed: completed });
    });
    this.#rows.set(keyOf(change), rows);
    this.#changes.set(keyOf(change), change);
  }

  async watch() {
    const timer = setInterval(() => void this.settle(), 5);
    return { close: async () => clearInterval(timer) };
  }

  async settle(): Promise<void> {
    for (const change of this.#changes.values()) await this.sync(change);
  }

  async close(): Promise<void> {}

  #newRow(): Row {
    const runtime = { priority: 'medium', assignee: null, description: null } as const;
    return { id: String(++this.#ids), title: '', status: 'todo', ...runtime, updatedAt: this.#now(), boxed: false };
  }

  #now = () => (this.#options.now ?? Date.now)();
  #of = (change: ChangeRef) => [...(this.#rows.get(keyOf(change)) ?? [])];

  #row(change: ChangeRef, id: string): Row {
    return this.#of(change).find((row) => row.id === id)!;
  }

  #file({ projectId, changeId }: ChangeRef): string {
    const project = this.#options.projects.find(({ id }) => id === projectId)!;
    return join(project.path, 'openspec', 'changes', changeId, 'tasks.md');
  }
}

const keyOf = ({ projectId, changeId }: ChangeRef) => `${projectId}/${changeId}`;

export const reference: SystemUnderTest = {
  name: 'reference',
  module: import.meta.url,
  open: async (options) => new ReferenceSystem(options),
};
