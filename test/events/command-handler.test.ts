import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { AppendInDoubtError, ConcurrencyConflictError, InvalidArgumentError } from '../../src/core/errors.ts';
import { commandHandler } from '../../src/events/command-handler.ts';
import type { Decider } from '../../src/events/decider.ts';
import { DomainEvent } from '../../src/events/domain-event.ts';
import { AppendConditionError, CommandResultUnreadError, StreamDeletedError } from '../../src/events/errors.ts';
import { defineEvents } from '../../src/events/event-registry.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { IntervalSnapshotStrategy } from '../../src/events/interval-snapshot-strategy.ts';
import { queryCommandHandler } from '../../src/events/query-command-handler.ts';
import type { NewEvent, RecordedEvent } from '../../src/events/recorded-event.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { FaultyEventAdapter } from './faulty-event-adapter.ts';

type Command = (count: number) => NewEvent | readonly NewEvent[] | undefined | Promise<NewEvent>;

/** Counts events; the command says itself what is decided on the count. */
const counting: Decider<number, Command> = {
  initial: () => 0,
  evolve: (count) => count + 1,
  decide: (command, count) => command(count),
};

const event = (data: unknown = null): NewEvent => ({ type: 'happened', data });

function setUp(adapter = new MemoryEventAdapter(), options: object = {}) {
  const clock = new FakeClock(5);
  const store = new EventStore({ adapter, clock });
  return { adapter, clock, store, handle: commandHandler({ store, decider: counting, clock, ...options }) };
}

const caught = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

describe('a command', () => {
  it('appends what is decided on the state, and gives it back with the state behind it', async () => {
    const { store, handle } = setUp();
    const first = await handle('s', (count) => event({ count }));
    expect(first).toMatchObject({ state: 1, version: 1, position: 1, events: [{ data: { count: 0 }, version: 1 }] });
    const second = await handle('s', async (count) => event({ count }));
    expect(second).toMatchObject({ state: 2, version: 2, position: 2, events: [{ data: { count: 1 } }] });
    const third = await handle('s', (count) => [event(count), event(count)]);
    expect(third).toMatchObject({ state: 4, version: 4, position: 4, events: [{ data: 2 }, { data: 2 }] });
    expect([first, second, third].flatMap(({ events }) => events)).toEqual(await store.read('s').toArray());
  });

  it.each<[string, () => undefined | []]>([
    ['nothing', () => undefined],
    ['an empty list', () => []],
  ])('for which %s is decided appends nothing', async (_, decide) => {
    const { adapter, handle } = setUp();
    await handle('s', () => [event(), event()]);
    const append = vi.spyOn(adapter, 'append');
    expect(await handle('s', decide)).toEqual({ state: 2, version: 2, events: [], position: undefined });
    expect(await handle('new', decide)).toEqual({ state: 0, version: 0, events: [], position: undefined });
    expect(append).not.toHaveBeenCalled();
  });

  it.each([
    new RangeError('too many'),
    // Not ours: it is the decision that says so.
    new ConcurrencyConflictError({ aggregateId: 's', expectedVersion: 1, actualVersion: 2 }),
    new AppendInDoubtError({ eventIds: ['1'] }),
  ])('that is refused is not tried again, and its error comes through as it is: %s', async (refusal) => {
    const { handle } = setUp();
    const decide = vi.fn(() => {
      throw refusal;
    });
    expect(await caught(handle('s', decide))).toBe(refusal);
    expect(await caught(handle('s', async () => decide()))).toBe(refusal);
    expect(decide).toHaveBeenCalledTimes(2);
  });

  it('is decided anew on a conflict, after a wait, as often as it may', async () => {
    const { store, clock, handle } = setUp(undefined, {
      maxAttempts: 3,
      random: () => 0.5,
      backoff: { initialMs: 10 },
    });
    const counts: number[] = [];
    const overtaken: Command = async (count) => {
      counts.push(count);
      await store.append('s', [event()]);
      return event();
    };
    const outcome = caught(handle('s', overtaken));
    await clock.advance(4);
    expect(counts).toEqual([0]);
    await clock.advance(1);
    expect(counts).toEqual([0, 1]);
    await clock.advance(9);
    expect(counts).toEqual([0, 1]);
    await clock.advance(1);
    expect(counts).toEqual([0, 1, 2]);
    expect(await outcome).toMatchObject({ code: 'CONCURRENCY_CONFLICT', expectedVersion: 2, actualVersion: 3 });
    expect(clock.pending).toBe(0);
  });

  it('with a version that the caller expects is decided on that version or not at all', async () => {
    const { store, handle } = setUp();
    const decide = vi.fn<Command>(() => event());
    await handle('s', decide, { expectedVersion: 'no_stream' });
    await handle('s', decide, { expectedVersion: 1 });
    await handle('s', decide, { expectedVersion: 'stream_exists' });
    expect(decide).toHaveBeenCalledTimes(3);
    for (const [stream, expectedVersion, actualVersion] of [
      ['s', 2, 3],
      ['s', 4, 3],
      ['s', 0, 3],
      ['s', 'no_stream', 3],
      ['new', 1, 0],
      ['new', 'stream_exists', 0],
    ] as const) {
      const error = await caught(handle(stream, decide, { expectedVersion }));
      expect(error).toBeInstanceOf(ConcurrencyConflictError);
      expect(error).toMatchObject({ aggregateId: stream, expectedVersion, actualVersion });
    }
    expect(decide).toHaveBeenCalledTimes(3);

    // Overtaken while it is decided: that is the caller's to look at.
    const overtaken = vi.fn<Command>(async () => {
      await store.append('s', [event()]);
      return event();
    });
    expect(await caught(handle('s', overtaken, { expectedVersion: 3 }))).toBeInstanceOf(ConcurrencyConflictError);
    const created = vi.fn<Command>(async () => {
      await store.append('new', [event()]);
      return event();
    });
    expect(await caught(handle('new', created, { expectedVersion: 'no_stream' }))).toBeInstanceOf(
      ConcurrencyConflictError,
    );
    expect([overtaken, created].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  it('goes on with a stream that has no events left', async () => {
    const { store, clock, handle } = setUp();
    for (const stream of ['a', 'b', 'c', 'd']) {
      await store.append(stream, [event(), event(), event()]);
      await store.truncateStream(stream, 4);
    }
    const result = handle('a', () => event());
    await clock.advance(5);
    expect(await result).toMatchObject({ state: 1, version: 4 });
    expect(await handle('b', () => event(), { expectedVersion: 3 })).toMatchObject({ state: 1, version: 4 });
    expect(await handle('c', () => event(), { expectedVersion: 'stream_exists' })).toMatchObject({ version: 4 });
    expect(await caught(handle('d', () => event(), { expectedVersion: 2 }))).toMatchObject({ actualVersion: 3 });
    await store.deleteStream('s');
    expect(await caught(handle('s', () => event()))).toBeInstanceOf(StreamDeletedError);
  });

  it('that comes to nothing tells the version of a stream that has no events left', async () => {
    const { store, handle } = setUp(undefined, { maxAttempts: 1 });
    const decide = vi.fn<Command>(() => undefined);
    expect(await handle('new', decide, { expectedVersion: 'no_stream' })).toMatchObject({ version: 0 });
    expect(decide).toHaveBeenCalledTimes(1);
    await store.append('s', [event(), event(), event()]);
    await store.truncateStream('s', 4);
    expect(await caught(handle('s', decide, { expectedVersion: 'no_stream' }))).toMatchObject({
      code: 'CONCURRENCY_CONFLICT',
      expectedVersion: 'no_stream',
      actualVersion: 3,
    });
    expect(await handle('s', decide)).toEqual({ state: 0, version: 3, events: [], position: undefined });
  });

  it('that comes to nothing is decided anew on a stream that comes into being meanwhile', async () => {
    const { store, handle } = setUp();
    const decide = vi.fn<Command>(async (count) => {
      if (count === 0) await store.append('s', [event(), event()]);
      return [] as never;
    });
    expect(await handle('s', decide)).toMatchObject({ state: 2, version: 2, events: [] });
    expect(decide.mock.calls).toEqual([[0], [2]]);
  });

  it('that expects a version, of a stream that comes into being meanwhile, is decided on its events', async () => {
    const { adapter, store, handle } = setUp();
    const streamVersion = adapter.streamVersion.bind(adapter);
    vi.spyOn(adapter, 'streamVersion').mockImplementationOnce(async (stream) => {
      await store.append(stream, [event(), event()]);
      return streamVersion(stream);
    });
    expect(await handle('s', (count) => event({ count }), { expectedVersion: 2 })).toMatchObject({
      state: 3,
      events: [{ data: { count: 2 } }],
    });
  });

  it('gives its metadata to its events, beneath their own', async () => {
    const { handle } = setUp();
    class Noted extends DomainEvent {
      readonly text = 'hello';
    }
    const noted = new Noted('noted', 's', { metadata: { by: 'the event' } });
    const { events } = await handle('s', () => [noted, { ...event(), tags: ['t'], timestamp: new Date(1) }, event()], {
      metadata: { by: 'the command', trace: '7' },
    });
    expect(events.map(({ metadata }) => metadata)).toEqual([
      { by: 'the event', trace: '7' },
      { by: 'the command', trace: '7' },
      { by: 'the command', trace: '7' },
    ]);
    expect(events[0]).toMatchObject({ id: noted.id, data: { text: 'hello' }, timestamp: noted.timestamp });
    expect(events[1]).toMatchObject({ tags: ['t'], timestamp: new Date(1) });
    expect(events[2]).toMatchObject({ tags: [], timestamp: new Date(5) });
  });

  it('uses the snapshots of its fold', async () => {
    const adapter = new MemoryEventAdapter();
    const evolve = vi.fn((count: number) => count + 1);
    const folded = async (schemaVersion: number) => {
      evolve.mockClear();
      const store = new EventStore({ adapter, snapshotStrategy: new IntervalSnapshotStrategy(10) });
      const decider = { ...counting, name: 'count', schemaVersion, evolve };
      const { state } = await commandHandler({ store, decider })('s', () => undefined);
      // Waits for the snapshot.
      await store.close();
      return { state, evolved: evolve.mock.calls.length };
    };
    await new EventStore({ adapter }).append('s', Array.from({ length: 10 }, event));
    expect(await folded(2)).toEqual({ state: 10, evolved: 10 });
    expect(await folded(2)).toEqual({ state: 10, evolved: 0 });
    expect(await folded(3)).toEqual({ state: 10, evolved: 10 });
  });

  it('is decided by an instance of a class too', async () => {
    class Counting {
      readonly step = 2;
      initial() {
        return this.step;
      }
      evolve(count: number) {
        return count + this.step;
      }
      decide(_: null, count: number) {
        return { type: 'happened', data: count + this.step };
      }
    }
    const { store } = setUp();
    const handle = commandHandler({ store, decider: new Counting() });
    expect(await handle('s', null)).toMatchObject({ state: 4, events: [{ data: 4 }] });
    expect(await handle('s', null, { commandId: 'c' })).toMatchObject({ state: 6, events: [{ data: 6 }] });
  });

  it('gives the state that the store leads to: with what a schema makes of the events', async () => {
    const registry = defineEvents({ added: { schema: z.object({ by: z.number().default(7) }), version: 1 } });
    const store = new EventStore({ adapter: new MemoryEventAdapter(), registry });
    const handle = commandHandler({
      store,
      decider: {
        initial: () => 0,
        evolve: (total: number, { data }) => total + data.by,
        decide: (_: null) => ({ type: 'added', data: {} }) as const,
      },
    });
    expect(await handle('s', null)).toMatchObject({ state: 7, events: [{ data: { by: 7 } }] });
  });

  it('whose events are there already gives what the first append gave', async () => {
    const { store, handle } = setUp();
    const decide = () => [
      { ...event(), id: 'one' },
      { ...event(), id: 'two' },
    ];
    await handle('s', () => event());
    const first = await handle('s', decide);
    await handle('s', () => event());
    expect(await handle('s', decide)).toEqual(first);
    expect(await store.streamVersion('s')).toBe(4);
  });

  it('says so if it was carried out, but its events could not be read back', async () => {
    const { adapter, handle } = setUp();
    const gone = new Error('the connection is gone');
    const readStream = adapter.readStream.bind(adapter);
    vi.spyOn(adapter, 'readStream')
      .mockImplementationOnce((page) => readStream(page))
      .mockRejectedValueOnce(gone);
    const error = await caught(handle('s', () => [event(), event()]));
    expect(error).toBeInstanceOf(CommandResultUnreadError);
    expect(error).toMatchObject({ stream: 's', version: 2, position: 2, cause: gone });
  });

  it('is refused with arguments that can’t be', async () => {
    const { store, handle } = setUp();
    const refused = [
      handle('', () => event()),
      handle('s', () => event(), { expectedVersion: -1 }),
      handle('s', () => event(), { commandId: '' }),
      handle('s', () => ({ type: 't', data: new Date() })),
    ];
    for (const call of refused) expect(await caught(call)).toBeInstanceOf(InvalidArgumentError);
    expect(() => commandHandler({ store, decider: counting, maxAttempts: 0 })).toThrow(InvalidArgumentError);
    expect(() => commandHandler({ store, decider: {} as typeof counting })).toThrow(InvalidArgumentError);
  });
});

describe('a command whose answer is lost', () => {
  it('is settled by appending the same events again', async () => {
    const adapter = new FaultyEventAdapter(['not stored', 'stored']);
    const decide = vi.fn<Command>(() => [event(), event()]);
    const { clock, handle } = setUp(adapter);
    const append = vi.spyOn(adapter, 'append');
    const result = handle('s', decide);
    await clock.advance(1000);
    expect(await result).toMatchObject({ version: 2 });
    expect(decide).toHaveBeenCalledTimes(1);
    expect(append.mock.calls.map(([batches]) => batches)).toEqual(Array(3).fill(append.mock.calls[0]![0]));
  });

  it('is in doubt if it can’t be settled, whatever fails last', async () => {
    const adapter = new FaultyEventAdapter(['stored']);
    const { clock, handle } = setUp(adapter, { maxAttempts: 3 });
    const append = adapter.append.bind(adapter);
    vi.spyOn(adapter, 'append').mockImplementationOnce(append).mockRejectedValue(new Error('the server is gone'));
    const outcome = caught(handle('s', () => event()));
    await clock.advance(1000);
    expect(await outcome).toBeInstanceOf(AppendInDoubtError);
    expect(adapter.append).toHaveBeenCalledTimes(3);
  });

  it('is decided anew once it is settled that nothing was stored', async () => {
    const adapter = new FaultyEventAdapter(['not stored']);
    const { clock, store, handle } = setUp(adapter);
    const result = handle('s', (count) => event({ count }));
    await clock.advance(0);
    expect(clock.pending).toBe(1);
    await store.append('s', [event()]);
    await clock.advance(1000);
    expect(await result).toMatchObject({ version: 2, events: [{ data: { count: 1 } }] });
  });
});

describe('a signal', () => {
  it('ends a command that is not under way to the storage', async () => {
    const { adapter, clock, store, handle } = setUp();
    const append = vi.spyOn(adapter, 'append');
    expect(await caught(handle('s', () => event(), { signal: AbortSignal.abort('no') }))).toBe('no');

    const deciding = new AbortController();
    const aborted: Command = () => {
      deciding.abort('while it was decided');
      return event();
    };
    expect(await caught(handle('s', aborted, { signal: deciding.signal }))).toBe('while it was decided');
    expect(append).not.toHaveBeenCalled();

    const waiting = new AbortController();
    const overtaken: Command = async () => {
      await store.append('s', [event()]);
      return event();
    };
    const outcome = caught(handle('s', overtaken, { signal: waiting.signal }));
    await clock.advance(0);
    expect(clock.pending).toBe(1);
    waiting.abort('while it waited');
    expect(await outcome).toBe('while it waited');
    expect(clock.pending).toBe(0);
  });

  it('ends none whose events may be stored', async () => {
    const { clock, handle } = setUp(new FaultyEventAdapter(['stored', 'not stored']));
    const controller = new AbortController();
    const result = handle('s', () => event(), { signal: controller.signal });
    await clock.advance(0);
    expect(clock.pending).toBe(1);
    controller.abort('too late');
    await clock.advance(1000);
    expect(await result).toMatchObject({ version: 1 });
  });
});

describe('a command with an id', () => {
  it('is carried out once: repeated, it gives the first result, whatever has happened since', async () => {
    const { store, handle } = setUp();
    const decide = vi.fn<Command>(() => [event('one'), event('two')]);
    const first = await handle('s', decide, { commandId: 'c', expectedVersion: 0 });
    await handle('s', () => event(), { commandId: 'other' });
    expect(await handle('s', decide, { commandId: 'c', expectedVersion: 0 })).toEqual(first);
    expect(decide).toHaveBeenCalledTimes(1);
    expect(await store.streamVersion('s')).toBe(3);
  });

  it('is another command in another stream', async () => {
    const { handle } = setUp();
    for (const stream of ['s', 't']) {
      expect(await handle(stream, () => event(), { commandId: 'c' })).toMatchObject({ version: 1 });
    }
  });

  it('that came to nothing, or was refused, is decided again', async () => {
    const { handle } = setUp();
    expect(await handle('s', () => undefined, { commandId: 'c' })).toMatchObject({ version: 0 });
    const refusal = new Error('refused');
    expect(await caught(handle('s', () => Promise.reject(refusal), { commandId: 'c' }))).toBe(refusal);
    expect(await handle('s', () => event(), { commandId: 'c' })).toMatchObject({ version: 1 });
  });

  it('gives ids of its own to events that have one', async () => {
    const { handle } = setUp();
    const decide = () => ({ ...event(), id: crypto.randomUUID() });
    const first = await handle('s', decide, { commandId: 'c' });
    expect(await handle('s', decide, { commandId: 'c' })).toEqual(first);
  });
});

describe('a command over a query', () => {
  const isEnrolled = ({ type }: RecordedEvent) => type === 'enrolled';
  const seats: Decider<number, { course: string; student: string }> = {
    initial: () => 0,
    evolve: (taken, recorded) => taken + (isEnrolled(recorded) ? 1 : 100),
    decide: ({ course }, taken) =>
      taken === 2
        ? undefined
        : [
            { type: 'enrolled', data: null, tags: [`course:${course}`] },
            { type: 'noted', data: null },
          ],
  };
  function query(adapter = new MemoryEventAdapter(), options: object = {}) {
    const { store, clock } = setUp(adapter);
    const handle = queryCommandHandler({
      store,
      decider: seats,
      query: ({ course }) => [{ tags: [`course:${course}`] }],
      stream: ({ student }) => `student-${student}`,
      clock,
      ...options,
    });
    return { store, clock, handle };
  }

  it('is decided on what matches, and gives the state with what matches of its own', async () => {
    const { store, handle } = query();
    expect(await handle({ course: '1', student: 'ann' })).toMatchObject({
      state: 1,
      position: 2,
      events: [{ type: 'enrolled', stream: 'student-ann' }, { type: 'noted' }],
    });
    expect(await handle({ course: '1', student: 'bob' }, { metadata: { by: 'me' } })).toMatchObject({
      state: 2,
      position: 4,
      events: [{ metadata: { by: 'me' } }, { metadata: { by: 'me' } }],
    });
    expect(await handle({ course: '1', student: 'cid' })).toEqual({ state: 2, position: 3, events: [] });
    expect(await handle({ course: '2', student: 'cid' })).toMatchObject({ state: 1 });
    expect(await store.streamVersion('student-cid')).toBe(2);
  });

  it('gives up after its attempts', async () => {
    const { store, clock, handle } = query(undefined, {
      maxAttempts: 2,
      decider: {
        ...seats,
        decide: async () => {
          await store.append('other', [{ type: 'enrolled', data: null, tags: ['course:1'] }]);
          return event();
        },
      },
    });
    const outcome = caught(handle({ course: '1', student: 'ann' }));
    await clock.advance(1000);
    expect(await outcome).toBeInstanceOf(AppendConditionError);
    expect(await store.streamVersion('other')).toBe(2);
  });

  it('does not count events twice that were there already', async () => {
    const { handle } = query(undefined, {
      decider: { ...seats, decide: () => ({ ...event(), id: 'one', type: 'enrolled', tags: ['course:1'] }) },
    });
    const first = await handle({ course: '1', student: 'ann' });
    expect(first.state).toBe(1);
    expect(await handle({ course: '1', student: 'ann' })).toEqual(first);
  });

  it('says so if it was carried out, but its events could not be read back', async () => {
    const adapter = new MemoryEventAdapter();
    const { handle } = query(adapter);
    vi.spyOn(adapter, 'readStream').mockRejectedValue(new Error('gone'));
    const error = await caught(handle({ course: '1', student: 'ann' }));
    expect(error).toBeInstanceOf(CommandResultUnreadError);
  });

  it('ends with its signal', async () => {
    const { handle } = query();
    expect(await caught(handle({ course: '1', student: 'ann' }, { signal: AbortSignal.abort('no') }))).toBe('no');
  });
});
