import { isPlainObject, type JsonValue, setOwn } from '../core/json-value.ts';
import type { DomainEvent } from '../events/domain-event.ts';
import type { EventHandler } from '../events/event-handler.ts';
import { OrderedIds } from './ordered-ids.ts';
import type { TaskCreatedEvent, TaskPlace } from './task-created-event.ts';

/** A task as its events tell it, frozen. Fields that other services set by `task.updated` are there as well. */
export interface TaskView {
  readonly taskUid: string;
  readonly title: string;
  readonly description: string;
  readonly origin: string;
  readonly completed: boolean;
  readonly displayId: string | null;
  readonly section: readonly string[];
  readonly depth: number;
  readonly [field: string]: JsonValue;
}

/** What of an event is read: a domain event from the bus is one, and so is a recorded one from a store, typed or not. */
export type TaskEventLike = Pick<DomainEvent, 'id' | 'type'> & { readonly data: JsonValue; readonly position?: number };

type CreatedData = Pick<TaskCreatedEvent, 'taskId' | 'title' | 'description' | 'origin' | 'details'>;

/** How many ids of the latest events are remembered, to know one that comes a second time. */
const remembered = 10_000;

/**
 * The tasks as their events tell them: a projection for reading (CQRS), fed from the bus or from a subscription.
 *
 * An event that comes twice counts once, by its position if it has one, else by its id among the latest 10,000. Events
 * of other types are passed over, and so are those that name no task or hold no such data.
 */
export class TaskEventHandler implements EventHandler {
  readonly #tasks = new Map<string, TaskView>();
  readonly #order = new OrderedIds();
  readonly #seen = new Set<string>();
  #position = 0;

  async handle(event: TaskEventLike): Promise<void> {
    this.apply(event);
  }

  /** The same as `handle`, at once. */
  apply(event: TaskEventLike): void {
    if (this.#isKnown(event)) return;
    const { data } = event;
    if (!isPlainObject(data) || typeof data.taskId !== 'string') return;
    const taskUid = data.taskId;
    if (event.type === 'task.created') this.#create(data as unknown as CreatedData);
    else if (event.type === 'task.updated') this.#update(taskUid, data.changes);
    else if (event.type === 'task.moved') this.#move(taskUid, data.place);
    else if (event.type === 'task.removed') {
      this.#tasks.delete(taskUid);
      this.#order.remove(taskUid);
    }
  }

  /** The task; undefined if there is none. */
  get(taskUid: string): TaskView | undefined {
    return this.#tasks.get(taskUid);
  }

  /** All of them, in the order of their document. */
  get tasks(): readonly TaskView[] {
    return Array.from(this.#order, (uid) => this.#tasks.get(uid)!);
  }

  #create({ taskId, title, description, origin, details }: CreatedData): void {
    const { displayId = null, completed = false, section = [], depth = 0 } = details ?? {};
    this.#put({ taskUid: taskId, title, description, origin, completed, displayId, section, depth });
    this.#order.place(taskId, details?.after);
  }

  #update(taskUid: string, changes: unknown): void {
    const task = this.#tasks.get(taskUid);
    if (!task || !isPlainObject(changes)) return;
    const updated = { ...task };
    for (const [field, value] of Object.entries(changes)) if (field !== 'taskUid') setOwn(updated, field, value);
    this.#put(updated);
  }

  #move(taskUid: string, place: unknown): void {
    const task = this.#tasks.get(taskUid);
    if (!task || !isPlainObject(place)) return;
    const { section, depth, after } = place as unknown as TaskPlace;
    this.#put({ ...task, section, depth });
    this.#order.place(taskUid, after);
  }

  #put(task: TaskView): void {
    const section = Object.freeze(Array.isArray(task.section) ? [...task.section] : []);
    this.#tasks.set(task.taskUid, Object.freeze({ ...task, section }));
  }

  #isKnown({ id, position }: TaskEventLike): boolean {
    if (position !== undefined) {
      if (position <= this.#position) return true;
      this.#position = position;
      return false;
    }
    if (this.#seen.has(id)) return true;
    this.#seen.add(id);
    if (this.#seen.size > remembered) this.#seen.delete(this.#seen.values().next().value!);
    return false;
  }
}
