import { readFile } from 'node:fs/promises';
import { checkboxes } from '../workspace/checkboxes.ts';
import type { Random } from '../workspace/random.ts';
import type { ChangeRef, TaskSystem } from '../workspace/task-system.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { firstTitle } from './title-revision.ts';
import type { WrittenField } from './write-ledger.ts';

/**
 * Who works on a task's progress: somebody who ticks it in the file, somebody who clicks it in the application, or somebody
 * who moves it across the board. Two of them on one task would each undo the other, in any system.
 */
export type ProgressOwner = 'file' | 'click' | 'board';

export interface PooledTask {
  readonly change: ChangeRef;
  readonly path: string;
  /** The first title. */
  readonly title: string;
  readonly owner: ProgressOwner;
}

/** The tasks that the load works on, and who is at which of their fields. */
export class TaskPool {
  readonly #tasks: readonly PooledTask[];
  readonly #random: Random;
  readonly #taken = new Set<string>();

  private constructor(tasks: readonly PooledTask[], random: Random) {
    this.#tasks = tasks;
    this.#random = random;
  }

  /** Every task of the live files that can be told by its title, and that the target does not show as archived. */
  static async of(workspace: Workspace, target: Pick<TaskSystem, 'change'>, random: Random): Promise<TaskPool> {
    const tasks: PooledTask[] = [];
    for (const project of workspace.projects) {
      for (const { changeId, archived, path } of project.files) {
        if (archived) continue;
        const change = { projectId: project.id, changeId };
        const { tasks: shown } = await target.change(change);
        const archivedTitles = new Set(shown.filter(({ status }) => status === 'archived').map(({ title }) => title));
        const boxes = checkboxes(await readFile(path, 'utf8'));
        for (const { title, completed } of boxes) {
          const unique = boxes.filter((box) => firstTitle(box.title) === firstTitle(title)).length === 1;
          if (!unique || archivedTitles.has(title)) continue;
          const owner = random.pick<ProgressOwner>(completed ? ['file', 'click'] : ['file', 'click', 'board']);
          tasks.push({ change, path, title: firstTitle(title), owner });
        }
      }
    }
    return new TaskPool(tasks, random);
  }

  get changes(): ChangeRef[] {
    return [...new Set(this.#tasks.map(({ change }) => change))];
  }

  /** Runs `work` on a task whose field nobody else is at; null if none was found. */
  async with<T>(
    field: WrittenField,
    owner: ProgressOwner | 'anyone',
    work: (task: PooledTask) => Promise<T> | T,
  ): Promise<T | null> {
    const free = this.#tasks.filter(
      (task) => (owner === 'anyone' || task.owner === owner) && !this.#taken.has(keyOf(task, field)),
    );
    if (free.length === 0) return null;
    const task = this.#random.pick(free);
    this.#taken.add(keyOf(task, field));
    try {
      return await work(task);
    } finally {
      this.#taken.delete(keyOf(task, field));
    }
  }
}

const keyOf = ({ change, title }: PooledTask, field: WrittenField) =>
  JSON.stringify([change.projectId, change.changeId, title, field]);
