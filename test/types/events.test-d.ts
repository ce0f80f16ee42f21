// Read by the type checker alone (`npm run check:types`): what must not compile says so, and the rest must.
import { z } from 'zod';
import type { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { defineEvents } from '../../src/events/event-registry.ts';
import type { Shreddable } from '../../src/events/event-shape.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { EventStreams } from '../../src/events/event-streams.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import { relayEvents } from '../../src/events/relay-events.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(proof: Same<A, B>): void {
  void proof;
}

declare const adapter: MemoryEventAdapter;

type TaskEvent =
  | { readonly type: 'task.created'; readonly data: { readonly title: string } }
  | { readonly type: 'task.done'; readonly data: { readonly by: string } };

export async function untyped() {
  const store = new EventStore({ adapter });
  await store.append('s', [{ type: 'whatever', data: { any: 'thing' } }]);
  await store.appendMany([{ stream: 's', events: [{ type: 'whatever', data: 1, metadata: { by: 'me' } }] }]);
  for await (const event of store.read('s')) {
    same<typeof event, RecordedEvent>(true);
    same<typeof event.data, JsonValue>(true);
  }
  const list: RecordedEvent[] = await store.readAll().toArray();
  const { state } = await store.aggregateStream('s', {
    initial: () => 0,
    evolve: (count: number, event: RecordedEvent) => count + event.version,
  });
  same<typeof state, number>(true);
  store.subscribe({ name: 'n', handle: async (event: RecordedEvent) => void event.id });
  // @ts-expect-error: an event has a type.
  await store.append('s', [{ data: 1 }]);
  return list;
}

export async function withUnion() {
  const store = new EventStore<TaskEvent>({ adapter });
  await store.append('s', [
    { type: 'task.created', data: { title: 'one' }, id: '1' },
    { type: 'task.done', data: { by: 'me' }, tags: ['a'] },
  ]);
  // @ts-expect-error: no type of the union.
  await store.append('s', [{ type: 'task.lost', data: { title: 'one' } }]);
  // @ts-expect-error: data of another type.
  await store.append('s', [{ type: 'task.done', data: { title: 'one' } }]);
  // @ts-expect-error: in a request too.
  await store.appendMany([{ stream: 's', events: [{ type: 'task.done', data: {} }] }]);
  for await (const event of store.read('s')) {
    same<typeof event.type, 'task.created' | 'task.done'>(true);
    if (event.type === 'task.created') same<typeof event.data, { readonly title: string }>(true);
    // @ts-expect-error: not all of them have a title.
    void event.data.title;
  }
  for (const event of await store.readAll().toArray()) {
    if (event.type === 'task.done') same<typeof event.data.by, string>(true);
  }
  const { state } = await store.aggregateStream('s', {
    initial: () => '',
    evolve: (title, event) => (event.type === 'task.created' ? event.data.title : title),
  });
  same<typeof state, string>(true);
  await store.aggregateStream('s', {
    initial: () => '',
    // @ts-expect-error: never such an event.
    evolve: (title, event) => (event.type === 'task.lost' ? '' : title),
  });
  store.subscribe({
    name: 'n',
    handle: async (event) => {
      if (event.type === 'task.done') same<typeof event.data.by, string>(true);
      // @ts-expect-error: never such an event.
      if (event.type === 'task.lost') return;
    },
  });
}

export async function withRegistry() {
  const registry = defineEvents({
    'task.created': { schema: z.object({ title: z.string(), done: z.boolean().default(false) }) },
    'task.done': {
      schema: z.object({ by: z.string() }),
      version: 2,
      upcasters: { 1: (data: { user: string }) => ({ by: data.user }) },
    },
  });
  const store = new EventStore({ adapter, registry });
  // What has a default may be left out when it is given, and is there when it is read.
  await store.append('s', [{ type: 'task.created', data: { title: 'one' } }]);
  // @ts-expect-error: no type of the registry.
  await store.append('s', [{ type: 'task.lost', data: { title: 'one' } }]);
  // @ts-expect-error: no such field.
  await store.append('s', [{ type: 'task.done', data: { user: 'me' } }]);
  for await (const event of store.read('s')) {
    if (event.type === 'task.created') same<typeof event.data, { title: string; done: boolean }>(true);
    else same<typeof event.data, { by: string }>(true);
  }
  const done = store.typed<{ readonly type: 'task.done'; readonly data: { by: string } }>();
  await done.append('s', [{ type: 'task.done', data: { by: 'me' } }]);
  // @ts-expect-error: a type of the store, but not of this view.
  await done.append('s', [{ type: 'task.created', data: { title: 'one' } }]);
  // @ts-expect-error: a view has no types that its store has not.
  store.typed<{ readonly type: 'task.lost'; readonly data: null }>();
  // @ts-expect-error: a schema is one of the Standard Schema interface.
  defineEvents({ 'task.created': { schema: {} } });
}

export async function views() {
  const store = new EventStore({ adapter });
  const tasks = store.typed<TaskEvent>();
  await tasks.append('s', [{ type: 'task.done', data: { by: 'me' } }]);
  // @ts-expect-error: data of another type.
  await tasks.append('s', [{ type: 'task.done', data: { title: 'one' } }]);
  for (const event of await tasks.read('s').toArray()) {
    if (event.type === 'task.done') same<typeof event.data.by, string>(true);
  }
}

export async function forgetting() {
  const store = new EventStore<Shreddable<TaskEvent>, TaskEvent>({ adapter });
  await store.append('s', [{ type: 'task.done', data: { by: 'me' } }]);
  // @ts-expect-error: nobody appends what is shredded.
  await store.append('s', [{ type: 'task.done', data: null }]);
  for await (const event of store.read('s')) {
    // @ts-expect-error: it may be gone.
    if (event.type === 'task.done') void event.data.by;
    if (event.shredded) same<typeof event.data, null>(true);
    else if (event.type === 'task.done') same<typeof event.data.by, string>(true);
  }
}

export async function withinTransactions() {
  const store = new EventStore<TaskEvent>({ adapter });
  const inside = store.withTransaction({});
  await inside.append('s', [{ type: 'task.done', data: { by: 'me' } }]);
  // @ts-expect-error: no type of the union.
  await inside.append('s', [{ type: 'task.lost', data: {} }]);
  // @ts-expect-error: what is not committed yet has no subscribers.
  void inside.subscribe;
  for await (const event of inside.read('s')) same<typeof event.type, 'task.created' | 'task.done'>(true);
  const either: EventStreams<TaskEvent>[] = [store, inside];
  store.appendSync('s', [{ type: 'task.created', data: { title: 'one' } }]);
  // @ts-expect-error: data of another type.
  store.appendSync('s', [{ type: 'task.created', data: {} }]);
  // @ts-expect-error: in a request too.
  store.appendManySync([{ stream: 's', events: [{ type: 'task.done', data: {} }] }]);
  relayEvents(store, new EventBus(), {
    name: 'relay',
    toEvent: (event) => {
      same<typeof event.type, 'task.created' | 'task.done'>(true);
      return null;
    },
  });
  return either;
}
