// Read by the type checker alone (`npm run check:types`): what must not compile says so, and the rest must.
import { z } from 'zod';
import type { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { commandHandler } from '../../src/events/command-handler.ts';
import type { Decider } from '../../src/events/decider.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { defineEvents } from '../../src/events/event-registry.ts';
import type { RecordedEventOf, Shreddable } from '../../src/events/event-shape.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { EventStreams } from '../../src/events/event-streams.ts';
import { queryCommandHandler } from '../../src/events/query-command-handler.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import { relayEvents } from '../../src/events/relay-events.ts';

import { specification } from '../../src/testing/specification.ts';

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

export async function commands() {
  interface Rename {
    readonly title: string;
  }
  const store = new EventStore<TaskEvent>({ adapter });
  const decider: Decider<string, Rename, TaskEvent> = {
    initial: () => '',
    evolve: (title, event) => (event.type === 'task.created' ? event.data.title : title),
    decide: ({ title }, before) => (title === before ? undefined : { type: 'task.created', data: { title } }),
  };
  const handle = commandHandler({ store, decider });
  const result = await handle('s', { title: 'one' }, { expectedVersion: 'no_stream', metadata: { by: 'me' } });
  same<typeof result.state, string>(true);
  same<typeof result.events, readonly RecordedEventOf<TaskEvent>[]>(true);
  // @ts-expect-error: no such command.
  await handle('s', { name: 'one' });
  // @ts-expect-error: a store of any events has others than the decider knows.
  commandHandler({ store: new EventStore({ adapter }), decider });
  commandHandler({ store: new EventStore({ adapter }).typed<TaskEvent>(), decider });

  // Inferred where it stands.
  const inferred = commandHandler({
    store,
    decider: {
      initial: () => ({ count: 0 }),
      evolve: ({ count }, event) => ({ count: count + event.type.length }),
      decide: async (by: number, { count }) => [{ type: 'task.done', data: { by: `${count + by}` } }] as const,
    },
  });
  same<Awaited<ReturnType<typeof inferred>>['state'], { count: number }>(true);
  same<Parameters<typeof inferred>[1], number>(true);
  commandHandler({
    store,
    // @ts-expect-error: no event of the store.
    decider: { initial: () => 0, evolve: () => 0, decide: (_: null) => ({ type: 'task.lost', data: {} }) as const },
  });

  const forgetting = commandHandler({
    store: new EventStore<Shreddable<TaskEvent>, TaskEvent>({ adapter }),
    decider: {
      initial: () => 0,
      evolve: (count, event) => (event.shredded ? count : count + 1),
      decide: (_: null) => ({ type: 'task.done', data: { by: 'me' } }) as const,
    },
  });
  same<Awaited<ReturnType<typeof forgetting>>['state'], number>(true);

  const overQuery = queryCommandHandler({
    store,
    decider,
    query: ({ title }) => [{ tags: [title] }],
    // @ts-expect-error: no field of the command.
    stream: ({ name }) => String(name),
  });
  same<Parameters<typeof overQuery>[0], Rename>(true);
}

export function specifications(decider: Decider<string, { readonly title: string }, TaskEvent>) {
  const { given } = specification(decider);
  const expectation = given([
    { type: 'task.created', data: { title: 'one' } },
    { type: 'task.done', data: { by: 'me' }, tags: ['a'] },
  ]).when({ title: 'two' });
  void expectation.then({ type: 'task.created', data: { title: 'two' } });
  // @ts-expect-error: data of another type.
  given({ type: 'task.done', data: { title: 'one' } });
  // @ts-expect-error: no such command.
  given([]).when({ name: 'two' });
  // @ts-expect-error: no type of the union.
  void expectation.then({ type: 'task.lost', data: {} });
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
