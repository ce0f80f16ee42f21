import type { JsonValue } from '../core/json-value.ts';
import { DomainEvent, type DomainEventOptions } from '../events/domain-event.ts';

/** The fields that changed, with their new values; `title`, `completed`, `displayId`, `description` and any of your own. */
export type TaskChanges = Readonly<Record<string, JsonValue>>;

/** `task.updated`: fields of a task have new values. The aggregate is the task. */
export class TaskUpdatedEvent extends DomainEvent<'task.updated'> {
  readonly taskId: string;
  readonly changes: TaskChanges;
  /** The version of the task, or of its document, that the change was made on. */
  readonly previousVersion: number;
  readonly newVersion: number;

  constructor(
    taskId: string,
    changes: TaskChanges,
    previousVersion: number,
    newVersion: number,
    options?: DomainEventOptions,
  ) {
    super('task.updated', taskId, options);
    this.taskId = taskId;
    this.changes = changes;
    this.previousVersion = previousVersion;
    this.newVersion = newVersion;
  }
}
