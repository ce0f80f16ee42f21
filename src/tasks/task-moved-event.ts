import { DomainEvent, type DomainEventOptions } from '../events/domain-event.ts';
import type { TaskPlace } from './task-created-event.ts';

/** `task.moved`: a task stands elsewhere in its document. The aggregate is the task. */
export class TaskMovedEvent extends DomainEvent<'task.moved'> {
  readonly taskId: string;
  readonly place: TaskPlace;

  constructor(taskId: string, place: TaskPlace, options?: DomainEventOptions) {
    super('task.moved', taskId, options);
    this.taskId = taskId;
    this.place = place;
  }
}
