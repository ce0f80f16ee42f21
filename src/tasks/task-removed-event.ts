import { DomainEvent, type DomainEventOptions } from '../events/domain-event.ts';

/** `task.removed`: a task is gone. The aggregate is the task. */
export class TaskRemovedEvent extends DomainEvent<'task.removed'> {
  readonly taskId: string;

  constructor(taskId: string, options?: DomainEventOptions) {
    super('task.removed', taskId, options);
    this.taskId = taskId;
  }
}
