// Read by the type checker alone (`npm run check:types`): what a store gives goes into a TaskEventHandler, typed or not.
import { EventBus } from '../../src/events/event-bus.ts';
import type { EventStore } from '../../src/events/event-store.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import type { TaskEvent } from '../../src/tasks/diff-tasks.ts';
import { TaskEventHandler } from '../../src/tasks/task-event-handler.ts';

declare const untyped: EventStore;
declare const typed: EventStore<TaskEvent>;
declare const recorded: RecordedEvent;
declare const domain: TaskEvent;

const tasks = new TaskEventHandler();
tasks.apply(recorded);
tasks.apply(domain);
tasks.apply({ id: '1', type: 'task.removed', data: { taskId: 'a' } });
untyped.subscribe({ name: 'tasks', handle: (event) => tasks.handle(event) });
typed.subscribe({ name: 'tasks', handle: (event) => tasks.handle(event) });
new EventBus().subscribe('task.created', tasks);
export const folded = untyped.aggregateStream('s', {
  initial: () => tasks,
  evolve: (state, event) => {
    state.apply(event);
    return state;
  },
});

// @ts-expect-error an event has an id: by it one that comes twice is known
tasks.apply({ type: 'task.removed', data: { taskId: 'a' } });
// @ts-expect-error data is JSON
tasks.apply({ id: '1', type: 'task.removed', data: { taskId: 1n } });
