import { InvalidArgumentError } from '../core/errors.ts';
import { type JsonValue, jsonEqual } from '../core/json-value.ts';
import { longestRisingRun } from './longest-rising-run.ts';
import type { Task } from './task.ts';
import { TaskCreatedEvent, type TaskPlace } from './task-created-event.ts';
import { TaskMovedEvent } from './task-moved-event.ts';
import { TaskRemovedEvent } from './task-removed-event.ts';
import { TaskUpdatedEvent } from './task-updated-event.ts';

/** An event of a task's life. */
export type TaskEvent = TaskCreatedEvent | TaskUpdatedEvent | TaskMovedEvent | TaskRemovedEvent;

/** The tasks of one version, in order; a `TasksDocument` is one, and so is what a fold of events knows. */
export interface TaskList {
  readonly tasks: readonly Omit<Task, 'line'>[];
  /** What `task.updated` says the change was made on, or led to. */
  readonly version: number;
}

const fields = ['title', 'completed', 'displayId', 'description'] as const;

/**
 * What happened between two versions of a document, as events; folded onto the first they give the tasks of the second.
 *
 * As few as there can be: a save without changes gives none, and what others made way for has not moved. Removals come
 * first, then the rest in the order of the document.
 *
 * @param after - Parsed with `previous`, or edited from `before`, so that its tasks have their identities.
 * @param origin - Where created tasks come from. Default `openspec`.
 */
export function diffTasks(before: TaskList, after: TaskList, origin = 'openspec'): TaskEvent[] {
  for (const [name, list] of Object.entries({ before, after })) {
    if (!Array.isArray(list?.tasks))
      throw new InvalidArgumentError(name, 'a TasksDocument, or { tasks, version }', list);
  }
  if (before === after) return [];
  const events: TaskEvent[] = [];
  const isThere = new Set(after.tasks.map((task) => task.taskUid));
  for (const { taskUid } of before.tasks) if (!isThere.has(taskUid)) events.push(new TaskRemovedEvent(taskUid));
  const places = new Map(before.tasks.map((task, index) => [task.taskUid, index]));
  const kept = after.tasks.filter((task) => places.has(task.taskUid));
  const steady = longestRisingRun(kept.map((task) => places.get(task.taskUid)!));
  const inPlace = new Set([...steady].map((index) => kept[index]!.taskUid));
  for (const [index, task] of after.tasks.entries()) {
    const { taskUid, title, completed, displayId, description, section, depth } = task;
    const place: TaskPlace = { section, depth, after: after.tasks[index - 1]?.taskUid ?? null };
    const old = before.tasks[places.get(taskUid) ?? -1];
    if (!old) {
      events.push(new TaskCreatedEvent(taskUid, title, description, origin, { ...place, displayId, completed }));
      continue;
    }
    const stays = inPlace.has(taskUid) && depth === old.depth && jsonEqual(section, old.section);
    if (!stays) events.push(new TaskMovedEvent(taskUid, place));
    const changes = changesBetween(old, task);
    if (changes) events.push(new TaskUpdatedEvent(taskUid, changes, before.version, after.version));
  }
  return events;
}

function changesBetween(before: Omit<Task, 'line'>, after: Omit<Task, 'line'>): Record<string, JsonValue> | undefined {
  const changed = fields.filter((field) => before[field] !== after[field]);
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((field) => [field, after[field]]));
}
