// Read by the type checker alone (`npm run check:types`): what must not compile says so, and the rest must.
import { DomainEvent } from '../../src/events/domain-event.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import type { EventHandler } from '../../src/events/event-handler.ts';
import type { EventPublisher } from '../../src/events/event-publisher.ts';
import { FileChangedEvent } from '../../src/sync/file-changed-event.ts';
import type { TaskEvent } from '../../src/tasks/diff-tasks.ts';
import type { TaskEventHandler } from '../../src/tasks/task-event-handler.ts';
import type { TaskRemovedEvent } from '../../src/tasks/task-removed-event.ts';
import type { TaskUpdatedEvent } from '../../src/tasks/task-updated-event.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(proof: Same<A, B>): void {
  void proof;
}

class NoteAdded extends DomainEvent<'note.added'> {
  readonly text: string;
  constructor(noteId: string, text: string) {
    super('note.added', noteId);
    this.text = text;
  }
}

class NoteClosed extends DomainEvent<'note.closed' | 'note.reopened'> {
  readonly by: string;
  constructor(noteId: string, by: string) {
    super('note.closed', noteId);
    this.by = by;
  }
}

/** As classes were written before events could name their type. */
class Plain extends DomainEvent {
  readonly what: string;
  constructor(what: string) {
    super('plain', what);
    this.what = what;
  }
}

type NoteEvent = NoteAdded | NoteClosed;
declare const someType: string;
declare const onAdded: EventHandler<NoteAdded>;
declare const onPlain: EventHandler<Plain>;
declare const onAny: EventHandler;
declare const onTasks: TaskEventHandler;

export async function typed(bus: EventBus<NoteEvent>) {
  bus.subscribe('note.added', {
    handle: async (event) => {
      same<typeof event, NoteAdded>(true);
    },
  });
  for (const type of ['note.closed', 'note.reopened'] as const) {
    bus.subscribe(type, {
      handle: async (event) => {
        same<typeof event, NoteClosed>(true);
      },
    });
  }
  bus.subscribe(
    '*',
    {
      handle: async (event) => {
        same<typeof event, NoteEvent>(true);
        if (event.type === 'note.added') same<typeof event, NoteAdded>(true);
        // @ts-expect-error: not all of them have a text.
        void event.text;
      },
    },
    { once: true },
  );
  bus.subscribe('note.added', onAdded);
  bus.subscribe<NoteAdded>('note.added', onAdded);
  bus.subscribe('note.closed', onAny);
  bus.subscribe('*', onAny);
  // @ts-expect-error: never such an event.
  bus.subscribe('note.lost', onAny);
  // @ts-expect-error: a handler of other events.
  bus.subscribe('note.closed', onAdded);
  // @ts-expect-error: it would get the others too.
  bus.subscribe('*', onAdded);
  // @ts-expect-error: any text may be no type of the union.
  bus.subscribe(someType, onAny);

  await bus.publish(new NoteAdded('n', 'text'));
  const either: NoteEvent = new NoteClosed('n', 'me');
  await bus.publish(either);
  // @ts-expect-error: no event of the union.
  await bus.publish(new FileChangedEvent({ path: 'p', kind: 'changed' }));
  // @ts-expect-error: an event whose type is not known may be none.
  await bus.publish(new Plain('p'));
}

export function ownEvents(bus: EventBus<TaskEvent>) {
  bus.subscribe('task.updated', {
    handle: async (event) => {
      same<typeof event, TaskUpdatedEvent>(true);
    },
  });
  bus.subscribe('task.removed', {
    handle: async (event: TaskRemovedEvent) => void event.taskId,
  });
  bus.subscribe('*', onTasks);
  const publisher: EventPublisher = bus;
  return publisher;
}

export async function untyped() {
  const bus = new EventBus();
  bus.subscribe('whatever', {
    handle: async (event) => {
      same<typeof event, DomainEvent>(true);
    },
  });
  bus.subscribe('*', {
    handle: async (event) => {
      same<typeof event, DomainEvent>(true);
    },
  });
  // A handler may know better what comes.
  bus.subscribe('plain', onPlain);
  bus.subscribe('*', onPlain);
  bus.subscribe(someType, onPlain);
  bus.subscribe<Plain>('plain', { handle: async (event) => void event.what });
  bus.subscribe('note.added', onAdded);
  bus.subscribe('*', onAdded);
  bus.subscribe('file.changed', { handle: async (event: FileChangedEvent) => void event.change });
  bus.subscribe('task.created', onTasks);
  await bus.publish(new NoteAdded('n', 'text'));
  await bus.publish(new Plain('p'));
  // @ts-expect-error: a handler has a method.
  bus.subscribe('plain', async () => {});
}
