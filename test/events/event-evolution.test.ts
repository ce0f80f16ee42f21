import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import {
  EventSchemaVersionError,
  EventUpcastError,
  EventValidationError,
  UnreadableEventError,
} from '../../src/events/errors.ts';
import { defineEvents } from '../../src/events/event-registry.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { IntervalSnapshotStrategy } from '../../src/events/interval-snapshot-strategy.ts';
import { anything, Issue, schema, titled } from './schemas.ts';

const caught = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

function setUp() {
  const adapter = new MemoryEventAdapter();
  const registry = defineEvents({ created: { schema: titled }, noted: { schema: anything } });
  return { adapter, registry, store: new EventStore({ adapter, registry }) };
}

describe('a registry on append', () => {
  it('stores what the schema makes of the data', async () => {
    const registry = defineEvents({
      created: { schema: z.object({ title: z.string().trim(), done: z.boolean().default(false) }) },
    });
    const store = new EventStore({ adapter: new MemoryEventAdapter(), registry });
    await store.append('s', [{ type: 'created', data: { title: ' one ' } }]);
    expect((await store.read('s').toArray())[0]?.data).toEqual({ title: 'one', done: false });
  });

  it.each<[string, unknown, object]>([
    ['a type it does not know', { type: 'unheard', data: {} }, { path: ['type'] }],
    ['a type that every object has', { type: 'toString', data: {} }, { path: ['type'] }],
    ['data that does not fit', { type: 'created', data: { title: 1 } }, { path: ['data', 'title'] }],
  ])('refuses %s, before anything is written', async (_, wrong, issue) => {
    const { store } = setUp();
    const good = { type: 'created' as const, data: { title: 'one' } };
    const error = await caught(store.append('s', [good, wrong as typeof good]));
    expect(error).toBeInstanceOf(EventValidationError);
    expect(error).toMatchObject({ code: 'EVENT_INVALID', argument: 'events[1]', issues: [issue] });
    const several = await caught(
      store.appendMany([
        { stream: 'a', events: [good] },
        { stream: 'b', events: [wrong as typeof good] },
      ]),
    );
    expect(several).toMatchObject({ argument: 'requests[1].events[0]' });
    expect(await store.readAll().toArray()).toEqual([]);
  });

  it('waits for schemas that answer later, which work on a copy', async () => {
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow = schema(async (value: { title: string }) => {
      await asked;
      if (value.title === '') throw new Issue('is empty', 'title');
      return value;
    });
    const store = new EventStore({
      adapter: new MemoryEventAdapter(),
      registry: defineEvents({ created: { schema: slow } }),
    });
    const data = { title: 'as it was' };
    const appending = store.append('s', [{ type: 'created', data }]);
    const refused = caught(store.append('s', [{ type: 'created', data: { title: '' } }]));
    data.title = '';
    answer();
    await appending;
    expect(await refused).toMatchObject({ issues: [{ message: 'is empty', path: ['data', 'title'] }] });
    expect((await store.read('s').toArray()).map((event) => event.data)).toEqual([{ title: 'as it was' }]);
  });

  it('tells of a schema that throws, and of one whose output is not JSON', async () => {
    const registry = defineEvents({
      broken: {
        schema: {
          '~standard': {
            version: 1,
            vendor: 'test',
            validate: () => {
              throw new Error('broken schema');
            },
          },
        },
      },
      dated: { schema: schema(() => new Date()) },
    });
    const store = new EventStore({ adapter: new MemoryEventAdapter(), registry });
    const broken = await caught(store.append('s', [{ type: 'broken', data: 1 }]));
    expect(broken).toMatchObject({ code: 'EVENT_INVALID', message: expect.stringContaining('broken schema') });
    expect(await caught(store.append('s', [{ type: 'dated', data: 1 as never }]))).toMatchObject({
      argument: 'events[0].data',
    });
  });

  it('refuses metadata keys that begin with $, with or without a registry', async () => {
    const store = new EventStore({ adapter: new MemoryEventAdapter() });
    const event = { type: 't', data: 1, metadata: { $version: 2 } };
    expect(await caught(store.append('s', [event]))).toMatchObject({ argument: 'events[0].metadata' });
    await store.append('s', [{ ...event, metadata: { price$: 2, nested: { $version: 3 } } }]);
    expect((await store.read('s').toArray())[0]?.metadata).toEqual({ price$: 2, nested: { $version: 3 } });
  });
});

describe('upcasters', () => {
  const three = defineEvents({
    created: {
      schema: anything,
      version: 3,
      upcasters: {
        1: (data: { name: string }) => ({ title: data.name }),
        2: (data: { title: string }) => ({ ...data, done: false }),
      },
    },
  });

  it('ES9 compose from the version stored, which is kept beside the event, and rewrite nothing', async () => {
    const adapter = new MemoryEventAdapter();
    const two = defineEvents({
      created: { schema: anything, version: 2, upcasters: { 1: (data: { name: string }) => ({ title: data.name }) } },
    });
    await new EventStore({ adapter }).append('s', [{ type: 'created', data: { name: 'a' } }]);
    await new EventStore({ adapter, registry: two }).append('s', [
      { type: 'created', data: { title: 'b' }, metadata: { by: 'me' } },
    ]);
    await new EventStore({ adapter, registry: three }).append('s', [
      { type: 'created', data: { title: 'c', done: true } },
    ]);
    const before = await adapter.readAll({ after: 0, limit: 10 });
    expect(before.map(({ metadata }) => metadata)).toEqual(['{}', '{"$version":2,"by":"me"}', '{"$version":3}']);
    const events = await new EventStore({ adapter, registry: three }).read('s').toArray();
    expect(events.map(({ data, metadata, schemaVersion }) => ({ data, metadata, schemaVersion }))).toEqual([
      { data: { title: 'a', done: false }, metadata: {}, schemaVersion: undefined },
      { data: { title: 'b', done: false }, metadata: { by: 'me' }, schemaVersion: 2 },
      { data: { title: 'c', done: true }, metadata: {}, schemaVersion: 3 },
    ]);
    expect(events.every((event) => Object.isFrozen(event.data) && Object.isFrozen(event.metadata))).toBe(true);
    expect(await adapter.readAll({ after: 0, limit: 10 })).toEqual(before);
  });

  it('ES4 an append repeated after the schema was raised is the same append', async () => {
    const adapter = new MemoryEventAdapter();
    const first = await new EventStore({ adapter }).append('s', [{ id: '1', type: 'created', data: { name: 'a' } }]);
    const store = new EventStore({ adapter, registry: three });
    const again = { id: '1', type: 'created' as const, data: { title: 'a', done: false } };
    expect(await store.append('s', [again])).toEqual(first);
  });

  it('tell of a stored version that is newer than the registry knows', async () => {
    const adapter = new MemoryEventAdapter();
    await new EventStore({ adapter, registry: three }).append('s', [{ type: 'created', data: 1 }]);
    const older = new EventStore({ adapter, registry: defineEvents({ created: { schema: anything } }) });
    const error = await caught(older.read('s').toArray());
    expect(error).toBeInstanceOf(EventSchemaVersionError);
    expect(error).toMatchObject({ stream: 's', version: 1, schemaVersion: 3, knownVersion: 1 });
    // A store without a registry, or one that does not know the type, gives what is stored.
    expect((await new EventStore({ adapter }).read('s').toArray())[0]).toMatchObject({ data: 1, schemaVersion: 3 });
    const other = new EventStore({ adapter, registry: defineEvents({ other: { schema: anything } }) });
    expect((await other.read('s').toArray())[0]).toMatchObject({ data: 1, schemaVersion: 3 });
  });

  it.each<[string, (data: unknown) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no such field');
      },
    ],
    ['changes what it was given', (data) => Object.assign(data as object, { done: true })],
    ['gives what is not JSON', () => ({ at: new Date(0) })],
    ['gives a promise', async () => ({})],
  ])('tell by stream and version of one that %s', async (_, upcaster) => {
    const adapter = new MemoryEventAdapter();
    await new EventStore({ adapter }).append('s', [{ type: 'created', data: { a: 1 } }]);
    const registry = defineEvents({ created: { schema: anything, version: 2, upcasters: { 1: upcaster } } });
    const error = await caught(new EventStore({ adapter, registry }).read('s').toArray());
    expect(error).toBeInstanceOf(EventUpcastError);
    expect(error).toBeInstanceOf(UnreadableEventError);
    expect(error).toMatchObject({
      stream: 's',
      version: 1,
      eventType: 'created',
      schemaVersion: 1,
      cause: expect.any(Error),
    });
  });

  it('ES8 make snapshots of before they were there outdated', async () => {
    const adapter = new MemoryEventAdapter();
    const snapshotStrategy = new IntervalSnapshotStrategy(1);
    const fold = {
      name: 'last',
      initial: () => null as unknown,
      evolve: (_: unknown, { data }: { data: unknown }) => data,
    };
    const state = async (upcaster: (data: unknown) => unknown, version: number) => {
      const registry = defineEvents({
        created: { schema: anything, version, upcasters: version > 1 ? { 1: upcaster } : {} },
      });
      const store = new EventStore({ adapter, registry, snapshotStrategy });
      const folded = await store.aggregateStream('s', fold);
      await store.close();
      return folded.state;
    };
    await new EventStore({ adapter }).append('s', [{ type: 'created', data: 'old' }]);
    expect(await state((data) => data, 1)).toBe('old');
    expect(await adapter.loadSnapshot('s', 'last')).toMatchObject({ version: 1 });
    expect(await state((data) => `${data} raised`, 2)).toBe('old raised');
    expect(await state((data) => `${data} mended`, 2)).toBe('old mended');
    expect(await state((data) => data, 1)).toBe('old');
  });
});

it('defineEvents refuses what is no definition', () => {
  const upcast = (data: unknown) => data;
  for (const definition of [
    { schema: {} },
    { schema: anything, version: 0 },
    { schema: anything, version: 2 },
    { schema: anything, version: 3, upcasters: { 2: upcast } },
    { schema: anything, upcasters: { 1: upcast } },
    { schema: anything, version: 2, upcasters: { 1: upcast, 0: upcast } },
    { schema: anything, version: 2, upcasters: { 1: 'none' } },
  ]) {
    expect(() => defineEvents({ created: definition as never })).toThrow(InvalidArgumentError);
  }
  expect(() => defineEvents({ '': { schema: anything } })).toThrow(InvalidArgumentError);
  expect(() => defineEvents(null as never)).toThrow(InvalidArgumentError);
});
