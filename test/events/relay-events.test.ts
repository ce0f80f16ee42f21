import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { DomainEvent } from '../../src/events/domain-event.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { RecordedDomainEvent } from '../../src/events/recorded-domain-event.ts';
import { relayEvents } from '../../src/events/relay-events.ts';
import { World } from './subscription-world.ts';

class Announced extends DomainEvent {
  readonly title: string;

  constructor(id: string, stream: string, title: string) {
    super('announced', stream, { id });
    this.title = title;
  }
}

function setUp() {
  const bus = new EventBus();
  const heard: DomainEvent[] = [];
  bus.subscribe('*', { handle: async (event) => void heard.push(event) });
  return { bus, heard, store: new EventStore({ adapter: new MemoryEventAdapter() }) };
}

describe('relayEvents', () => {
  it('publishes each event as it is recorded, under its own id', async () => {
    const { bus, heard, store } = setUp();
    const timestamp = new Date(5);
    const metadata = { by: 'me' };
    await store.append('task-1', [
      { id: 'one', type: 'created', data: { title: 'a' }, timestamp, metadata, tags: ['x'] },
      { id: 'two', type: 'counted', data: 7 },
    ]);
    const relay = relayEvents(store, bus, { name: 'relay' });
    await relay.caughtUp();
    const [one, two] = heard as RecordedDomainEvent[];
    expect(heard).toHaveLength(2);
    expect(one).toBeInstanceOf(RecordedDomainEvent);
    expect(one).toMatchObject({ id: 'one', type: 'created', aggregateId: 'task-1', timestamp, metadata });
    expect(one!.data).toEqual({ title: 'a' });
    expect(one!.recorded).toMatchObject({ stream: 'task-1', version: 1, position: 1, tags: ['x'] });
    expect([two!.data, two!.recorded.data]).toEqual([{ value: 7 }, 7]);
    await store.close();
  });

  it('publishes what the mapping makes of an event, leaves out what it makes nothing of, and goes on after a restart', async () => {
    const { bus, heard, store } = setUp();
    const options = {
      name: 'relay',
      query: [{ types: ['created', 'hidden'] }],
      toEvent: ({ id, stream, type, data }: { id: string; stream: string; type: string; data: unknown }) =>
        type === 'hidden' ? null : new Announced(id, stream, String(data)),
    };
    const append = (type: string, data: string) => store.append('s', [{ type, data }]);
    await append('created', 'a');
    await append('hidden', 'b');
    await append('other', 'c');
    const relay = relayEvents(store, bus, options);
    await relay.caughtUp();
    await relay.close();
    await append('created', 'd');
    await relayEvents(store, bus, options).caughtUp();
    expect(heard.map(({ type, data }) => [type, data])).toEqual([
      ['announced', { title: 'a' }],
      ['announced', { title: 'd' }],
    ]);
    await store.close();
  });

  it('tries again what can’t be published, parks it, and goes on with the other streams', async () => {
    const world = new World();
    const { store } = world.start();
    const published: string[] = [];
    let isDown = true;
    const publisher = {
      publish: async ({ aggregateId, id }: DomainEvent) => {
        if (isDown && aggregateId === 'bad') throw new Error('down');
        published.push(id);
      },
    };
    for (const [stream, id] of [
      ['bad', '1'],
      ['good', '2'],
      ['bad', '3'],
    ] as const) {
      await store.append(stream, [{ id, type: 't', data: null }]);
    }
    const retries: number[] = [];
    const relay = relayEvents(store, publisher, {
      name: 'relay',
      maxAttempts: 3,
      onFailure: 'park',
      onRetry: (_, attempt) => retries.push(attempt),
    });
    await world.drive(relay.caughtUp());
    expect([published, retries]).toEqual([['2'], [1, 2]]);
    expect(await relay.parked()).toMatchObject([{ stream: 'bad', message: 'down', attempts: 3 }, { stream: 'bad' }]);
    isDown = false;
    expect(await relay.retryParked()).toMatchObject({ handled: 2, left: 0 });
    expect(published).toEqual(['2', '1', '3']);
    await world.drive(store.close());
  });

  it('is refused without a publisher', () => {
    const { store } = setUp();
    expect(() => relayEvents(store, {} as never, { name: 'relay' })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', argument: 'publisher' }),
    );
  });
});
