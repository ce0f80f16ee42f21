import { describe, expect, it, vi } from 'vitest';
import { MemoryEventTransport } from '../../src/adapters/memory/memory-event-transport.ts';
import { ClosedError, InvalidArgumentError } from '../../src/core/errors.ts';
import { EventMessageError, EventNotSentError, EventsMissedError } from '../../src/events/bus-errors.ts';
import { DomainEvent, type DomainEventOptions } from '../../src/events/domain-event.ts';
import { EventHandlingError } from '../../src/events/errors.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import type { EventBusOptions } from '../../src/events/event-bus-options.ts';
import type { EventTransport, TransportListener } from '../../src/events/event-transport.ts';
import { ReceivedEvent } from '../../src/events/received-event.ts';

class NoteAdded extends DomainEvent<'note.added'> {
  readonly text: string;

  constructor(noteId: string, text: string, options?: DomainEventOptions) {
    super('note.added', noteId, options);
    this.text = text;
  }

  get shout(): string {
    return this.text.toUpperCase();
  }
}

class Carrying extends DomainEvent {
  readonly #data: unknown;

  constructor(type: string, data: unknown) {
    super(type, 'a');
    this.#data = data;
  }

  override get data() {
    return this.#data as never;
  }
}

const to = (run: (event: DomainEvent) => unknown) => ({
  handle: async (event: DomainEvent) => void (await run(event)),
});
const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A bus on the transport, and all that it handled and was told. */
async function member(transport: EventTransport, options: Omit<EventBusOptions, 'transport' | 'onError'> = {}) {
  const seen: DomainEvent[] = [];
  const errors: unknown[] = [];
  const bus = new EventBus({ ...options, transport, onError: (error) => errors.push(error) });
  bus.subscribe(
    '*',
    to((event) => seen.push(event)),
  );
  await bus.init();
  return { bus, seen, errors };
}

/** A transport that fails, or hangs, where it is told to. */
class Unsteady extends MemoryEventTransport {
  sends: (() => Promise<void>)[] = [];
  listens: (() => Promise<void>)[] = [];
  listening = 0;

  override async send(text: string): Promise<void> {
    await this.sends.shift()?.();
    return super.send(text);
  }

  override async listen(listener: TransportListener): Promise<() => Promise<void>> {
    await this.listens.shift()?.();
    const end = await super.listen(listener);
    this.listening++;
    return async () => {
      this.listening--;
      await end();
    };
  }
}

const failing = (error: Error) => () => Promise.reject(error);

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('EventBus over a transport', () => {
  it('brings an event to the handlers of every bus once, with all that it carried', async () => {
    const transport = new MemoryEventTransport();
    const [one, two, three] = [await member(transport), await member(transport), await member(transport)];
    const options = { id: 'e1', timestamp: new Date(12_345), metadata: { by: 'me' } };
    const event = new NoteAdded('n1', '가', options);
    await one.bus.publish(event);
    await tick();
    expect(one.seen).toEqual([event]);
    for (const { seen } of [two, three]) {
      expect(seen).toHaveLength(1);
      const [received] = seen as [ReceivedEvent & { text: string }];
      expect(received).toBeInstanceOf(ReceivedEvent);
      expect(received).toMatchObject({ ...options, type: 'note.added', aggregateId: 'n1', text: '가' });
      expect(received.data).toEqual({ text: '가' });
      expect(() => {
        (received.data as { text: string }).text = 'changed';
      }).toThrow(TypeError);
      expect(() => {
        received.text = 'changed';
      }).toThrow(TypeError);
    }
    expect([one.errors, two.errors, three.errors]).toEqual([[], [], []]);
  });

  it('hears the others from the first subscription on, without init', async () => {
    const transport = new Unsteady();
    const bus = new EventBus({ transport });
    expect(transport.listening).toBe(0);
    const seen: DomainEvent[] = [];
    bus.subscribe(
      'note.added',
      to((event) => seen.push(event)),
    );
    await tick();
    await new EventBus({ transport }).publish(new NoteAdded('n1', 'hello'));
    await tick();
    expect(seen).toHaveLength(1);
    expect(transport.listening).toBe(1);
  });

  it('makes events of its own classes where it is told how', async () => {
    const transport = new MemoryEventTransport();
    const bus = new EventBus<NoteAdded>({
      transport,
      revive: { 'note.added': ({ aggregateId, data, ...rest }) => new NoteAdded(aggregateId, `${data.text}`, rest) },
    });
    const shouts: string[] = [];
    bus.subscribe('note.added', { handle: async ({ id, shout }) => void shouts.push(id, shout) });
    await bus.init();
    await new EventBus({ transport }).publish(new NoteAdded('n1', 'hello', { id: 'e1' }));
    await tick();
    expect(shouts).toEqual(['e1', 'HELLO']);
  });

  it('goes on when an event can not be revived, and looks for no reviver among what objects inherit', async () => {
    const transport = new MemoryEventTransport();
    const broken = new Error('broken');
    const { seen, errors } = await member(transport, {
      revive: {
        broken: () => {
          throw broken;
        },
        nothing: () => undefined as never,
      },
    });
    const publisher = new EventBus({ transport });
    const types = ['broken', 'nothing', 'constructor', '__proto__', 'toString'];
    for (const type of types) await publisher.publish(new Carrying(type, {}));
    await tick();
    expect(seen.map(({ type }) => type)).toEqual(types.slice(2));
    expect(errors).toEqual([expect.any(EventMessageError), expect.any(EventMessageError)]);
    expect(errors[0]).toMatchObject({ code: 'EVENT_MESSAGE_UNREADABLE', cause: broken });
  });

  it('takes keys like __proto__ for data', async () => {
    const transport = new MemoryEventTransport();
    const { seen } = await member(transport);
    const text = '{"__proto__":{"polluted":1},"constructor":2,"id":"other","data":3,"toString":4,"plain":5}';
    await new EventBus({ transport }).publish(new Carrying('t', JSON.parse(text)));
    await tick();
    const [event] = seen as [ReceivedEvent & { plain: number; polluted?: number }];
    expect(JSON.stringify(event.data)).toBe(text);
    expect([event.plain, event.polluted, event.id === 'other', event.constructor]).toEqual([
      5,
      undefined,
      false,
      ReceivedEvent,
    ]);
    expect(String(event)).toBe('[object Object]');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('says that an event was handled here but not sent, and what failed here', async () => {
    const transport = new Unsteady();
    const { bus, seen } = await member(transport);
    const lost = new Error('connection lost');
    transport.sends.push(failing(lost));
    const event = new NoteAdded('n1', '1');
    const error = await bus.publish(event).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EventNotSentError);
    expect(error).toMatchObject({ code: 'EVENT_NOT_SENT', eventId: event.id, eventType: 'note.added', cause: lost });
    expect((error as EventNotSentError).handling).toBeUndefined();
    expect(seen).toEqual([event]);

    const broken = new Error('handler');
    bus.subscribe(
      'note.added',
      to(() => Promise.reject(broken)),
      { once: true },
    );
    transport.sends.push(() => {
      throw lost;
    });
    const both = await bus.publish(new NoteAdded('n1', '2')).catch((reason: unknown) => reason);
    expect(both).toMatchObject({ cause: lost, handling: { errors: [broken] } });
    await bus.publish(new NoteAdded('n1', '3'));
    expect(seen).toHaveLength(3);
  });

  it('waits for the transport, but lets the next event of the aggregate be handled meanwhile', async () => {
    const transport = new Unsteady();
    const { bus, seen } = await member(transport);
    const { open, opened } = gate();
    const log: string[] = [];
    transport.sends.push(() => opened);
    const first = bus.publish(new NoteAdded('n1', '1')).then(() => log.push('published 1'));
    await bus.publish(new NoteAdded('n1', '2')).then(() => log.push('published 2'));
    expect(seen).toHaveLength(2);
    open();
    await first;
    expect(log).toEqual(['published 2', 'published 1']);
  });

  it('gives up waiting for the transport when the signal aborts', async () => {
    const transport = new Unsteady();
    const { bus, seen } = await member(transport);
    const { open, opened } = gate();
    const controller = new AbortController();
    const enough = new Error('enough');
    transport.sends.push(() => opened);
    const published = bus.publish(new NoteAdded('n1', '1'), { signal: controller.signal });
    await tick();
    controller.abort(enough);
    await expect(published).rejects.toMatchObject({ code: 'EVENT_NOT_SENT', cause: enough, handling: undefined });
    expect(seen).toHaveLength(1);
    open();
  });

  it('tells onError when a handler fails on an event of another bus, and nobody else', async () => {
    const transport = new MemoryEventTransport();
    const { bus, errors, seen } = await member(transport);
    const broken = new Error('broken');
    bus.subscribe(
      'note.added',
      to(() => Promise.reject(broken)),
      { once: true },
    );
    const publisher = new EventBus({ transport });
    const event = new NoteAdded('n1', '1');
    await publisher.publish(event);
    await publisher.publish(new NoteAdded('n1', '2'));
    await tick();
    expect(errors).toEqual([expect.any(EventHandlingError)]);
    expect(errors[0]).toMatchObject({ eventId: event.id, errors: [broken] });
    expect(seen).toHaveLength(2);
  });

  const event = { id: 'e', type: 't', aggregateId: 'a', timestamp: 0, metadata: {}, data: {} };
  const message = { format: 1, from: 'somebody', number: 1, event };
  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['no object', '[]'],
    ['null', 'null'],
    ['another format', JSON.stringify({ ...message, format: 2 })],
    ['no sender', JSON.stringify({ ...message, from: 1 })],
    ['no number', JSON.stringify({ ...message, number: '1' })],
    ['no event', JSON.stringify({ ...message, event: null })],
    ['an event without id', JSON.stringify({ ...message, event: { ...event, id: '' } })],
    ['an event of no type', JSON.stringify({ ...message, event: { ...event, type: 7 } })],
    ['an event of all types', JSON.stringify({ ...message, event: { ...event, type: '*' } })],
    ['an event of no aggregate', JSON.stringify({ ...message, event: { ...event, aggregateId: null } })],
    ['an event of no time', JSON.stringify({ ...message, event: { ...event, timestamp: 9e15 } })],
    ['metadata that is none', JSON.stringify({ ...message, event: { ...event, metadata: [] } })],
    ['data that is none', JSON.stringify({ ...message, event: { ...event, data: 'x' } })],
    ['what is nested too deep', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
  ])('tells onError of a message that holds %s, and goes on', async (_, text) => {
    const transport = new MemoryEventTransport();
    const { errors, seen } = await member(transport);
    await transport.send(text);
    await transport.send(JSON.stringify(message));
    await tick();
    expect(errors).toEqual([expect.any(EventMessageError)]);
    expect(seen.map(({ id }) => id)).toEqual(['e']);
  });

  it('passes on what the transport tells, until it is closed', async () => {
    const listeners: TransportListener[] = [];
    const transport = {
      send: async () => {},
      listen: async (listener: TransportListener) => {
        listeners.push(listener);
        return async () => {};
      },
    };
    const { errors, bus } = await member(transport);
    const lost = new Error('lost');
    listeners[0]!.onError(lost);
    expect(errors).toEqual([lost]);
    await bus.close();
    listeners[0]!.onError(lost);
    listeners[0]!.hear('damaged');
    expect(errors).toEqual([lost]);
  });

  it.each([
    ['there is no onError', undefined, EventMessageError],
    [
      'onError throws',
      () => {
        throw new RangeError();
      },
      RangeError,
    ],
  ])('throws later where %s, and goes on', async (_, onError, kind) => {
    const later: (() => void)[] = [];
    const setImmediate = vi.spyOn(globalThis, 'setImmediate').mockImplementation((run) => later.push(run) as never);
    try {
      const transport = new MemoryEventTransport();
      const bus = new EventBus({ transport, ...(onError && { onError }) });
      const seen: DomainEvent[] = [];
      bus.subscribe(
        '*',
        to((event) => seen.push(event)),
      );
      await bus.init();
      await transport.send('damaged');
      await transport.send(JSON.stringify(message));
      await bus.close();
      expect(seen).toHaveLength(1);
      expect(later).toHaveLength(1);
      expect(later[0]).toThrow(kind);
    } finally {
      setImmediate.mockRestore();
    }
  });

  it('notices what is missing, and ignores what comes again', async () => {
    const transport = new MemoryEventTransport();
    const { errors, seen } = await member(transport);
    for (const number of [4, 5, 4, 5, 8, 9]) await transport.send(JSON.stringify({ ...message, number }));
    await transport.send(JSON.stringify({ ...message, number: 1, from: 'another' }));
    await tick();
    expect(seen).toHaveLength(5);
    expect(errors).toEqual([expect.any(EventsMissedError)]);
    expect(errors[0]).toMatchObject({ code: 'EVENTS_MISSED', publisher: 'somebody', count: 2 });
  });

  it('refuses what is not JSON before any handler is called', async () => {
    const { bus, seen } = await member(new MemoryEventTransport());
    for (const bad of [new Carrying('t', { at: new Date() }), new Carrying('t', [1]), new Carrying('t', undefined)]) {
      await expect(bus.publish(bad)).rejects.toThrow(InvalidArgumentError);
    }
    const at = new Date(Number.NaN);
    await expect(bus.publish(new NoteAdded('n', '', { timestamp: at }))).rejects.toThrow(/event\.timestamp/);
    await expect(bus.publish(new NoteAdded('n', '', { metadata: [] as never }))).rejects.toThrow(/event\.metadata/);
    await expect(bus.publish(new NoteAdded('n', '', { id: '' }))).rejects.toThrow(/event\.id/);
    expect(seen).toEqual([]);
  });

  it('sends the event as it was when it was published', async () => {
    const transport = new MemoryEventTransport();
    const { seen } = await member(transport);
    const publisher = new EventBus({ transport });
    const data = { text: 'before' };
    const published = publisher.publish(new Carrying('t', data));
    data.text = 'after';
    await published;
    await tick();
    expect(seen[0]!.data).toEqual({ text: 'before' });
  });

  it('handles what another bus published in its turn, even if a handler here waits for that bus', async () => {
    const transport = new MemoryEventTransport();
    const [one, two] = [await member(transport), await member(transport)];
    const log: string[] = [];
    one.bus.subscribe(
      'outer',
      to(async () => {
        await two.bus.publish(new NoteAdded('a', 'inner'));
        await tick();
        log.push('end of outer');
      }),
    );
    one.bus.subscribe(
      'note.added',
      to(() => log.push('inner')),
    );
    await one.bus.publish(new Carrying('outer', {}));
    await tick();
    expect(log).toEqual(['end of outer', 'inner']);
  });

  it('tells of a failure to listen whoever waits for it, or onError, and tries again', async () => {
    const transport = new Unsteady();
    const refused = new Error('refused');
    transport.listens.push(failing(refused), failing(refused));
    const errors: unknown[] = [];
    const bus = new EventBus({ transport, onError: (error) => errors.push(error) });
    await expect(bus.init()).rejects.toBe(refused);
    expect(errors).toEqual([]);
    bus.subscribe(
      '*',
      to(() => {}),
    );
    await tick();
    expect(errors).toEqual([refused]);
    await bus.init();
    expect(transport.listening).toBe(1);
  });

  it('tells only whoever waits, where a subscription had begun to listen', async () => {
    const transport = new Unsteady();
    const refused = new Error('refused');
    transport.listens.push(failing(refused));
    const errors: unknown[] = [];
    const bus = new EventBus({ transport, onError: (error) => errors.push(error) });
    bus.subscribe(
      '*',
      to(() => {}),
    );
    await expect(bus.init()).rejects.toBe(refused);
    await tick();
    expect(errors).toEqual([]);
  });

  it('ends in close what it began, hears no more, and waits for the transport and for handlers', async () => {
    const transport = new Unsteady();
    const { bus, seen } = await member(transport);
    const log: string[] = [];
    const [handling, sending] = [gate(), gate()];
    bus.subscribe(
      'slow',
      to(() => handling.opened.then(() => log.push('handled'))),
    );
    const publisher = new EventBus({ transport });
    await publisher.publish(new Carrying('slow', {}));
    await tick();
    transport.sends.push(() => sending.opened.then(() => void log.push('sent')));
    const published = bus.publish(new NoteAdded('n1', '1'));
    await tick();
    const closed = bus.close().then(() => log.push('closed'));
    await publisher.publish(new Carrying('too late', {}));
    await tick();
    expect(transport.listening).toBe(0);
    handling.open();
    await tick();
    expect(log).toEqual(['handled']);
    sending.open();
    await Promise.all([closed, published]);
    expect(log).toEqual(['handled', 'sent', 'closed']);
    expect(seen.map(({ type }) => type)).toEqual(['slow', 'note.added']);
    await expect(bus.init()).rejects.toThrow(ClosedError);
    await bus.close();
    expect(transport.listening).toBe(0);
    await publisher.close();
  });

  it('ends what only just begins to listen', async () => {
    const transport = new Unsteady();
    const { open, opened } = gate();
    transport.listens.push(() => opened);
    const bus = new EventBus({ transport });
    const listening = bus.init();
    const closed = bus.close();
    open();
    await Promise.all([listening, closed]);
    expect(transport.listening).toBe(0);
  });
});
