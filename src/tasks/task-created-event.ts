import { DomainEvent, type DomainEventOptions } from '../events/domain-event.ts';

/** Where a task stands in its document. */
export interface TaskPlace {
  /** The headings above it, from the outermost. */
  readonly section: readonly string[];
  readonly depth: number;
  /** The task before it in the document; null if it is the first. */
  readonly after: string | null;
}

/** What a created task is, beyond its title. */
export interface TaskDetails extends TaskPlace {
  readonly displayId: string | null;
  readonly completed: boolean;
}

/** `task.created`: a task is there that was not. The aggregate is the task. */
export class TaskCreatedEvent extends DomainEvent<'task.created'> {
  readonly taskId: string;
  readonly title: string;
  readonly description: string;
  /** Where it came from, such as `openspec`. */
  readonly origin: string;
  /** Present when the task stands in a document. */
  readonly details?: TaskDetails;

  constructor(
    taskId: string,
    title: string,
    description: string,
    origin: string,
    details?: TaskDetails,
    options?: DomainEventOptions,
  ) {
    super('task.created', taskId, options);
    this.taskId = taskId;
    this.title = title;
    this.description = description;
    this.origin = origin;
    if (details) this.details = details;
  }
}
