import type { RecordedEvent } from '@zyflow/migration';
import { reconcileStatus, TaskEventHandler, type TaskView } from '@zyflow/migration/tasks';
import type { RuntimeFields, SeenChange, SeenTask, TaskStatus } from '../workspace/task-system.ts';

/** What one change's events say: a fold that can go on where it stopped. */
export class ChangeView {
  readonly #handler = new TaskEventHandler();
  readonly #updatedAt = new Map<string, number>();
  version = 0;

  apply(event: RecordedEvent): void {
    if (event.version <= this.version) return;
    this.#handler.apply(event as RecordedEvent & { data: Record<string, never> });
    this.version = event.version;
    const { taskId } = event.data as { taskId?: string };
    if (taskId !== undefined) this.#updatedAt.set(taskId, event.timestamp.getTime());
  }

  get tasks(): readonly TaskView[] {
    return this.#handler.tasks;
  }

  get(taskUid: string): TaskView | undefined {
    return this.#handler.get(taskUid);
  }

  seen(): SeenChange {
    const tasks = this.tasks.map((task) => this.#seenTask(task));
    const live = tasks.filter(({ status }) => status !== 'archived');
    const done = live.filter(({ status }) => status === 'done').length;
    return { progress: live.length === 0 ? 0 : Math.round((100 * done) / live.length), tasks };
  }

  #seenTask(task: TaskView): SeenTask {
    const { status = 'todo', priority = 'medium', assignee = null, description = null } = runtimeOf(task);
    return {
      id: task.taskUid,
      title: task.title,
      status: reconcileStatus(task.completed, status),
      priority,
      assignee,
      description,
      updatedAt: this.#updatedAt.get(task.taskUid) ?? 0,
    };
  }
}

/** The fields that belong to the run time. */
export interface RuntimeState extends RuntimeFields {
  /** The row that stands for the task in the legacy database, if there was one when it was handed over. */
  readonly legacyId?: number;
  /** When they were changed last, in ms since 1970. */
  readonly changedAt?: number;
}

/** They stand under one name of their own: the file's notes are a description, too. */
export const runtimeOf = (task: TaskView): RuntimeState => (task.runtime ?? {}) as RuntimeState;

/** Whether a status means a ticked box, an empty one, or says nothing about it. */
export function tickOf(status: TaskStatus | undefined): boolean | undefined {
  if (status === 'done') return true;
  return status === 'todo' || status === 'in-progress' || status === 'review' ? false : undefined;
}
