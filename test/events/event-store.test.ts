import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { ClosedError, ConcurrencyConflictError, InvalidArgumentError } from '../../src/core/errors.ts';
import { DomainEvent } from '../../src/events/domain-event.ts';
import { DuplicateEventError, EventCorruptedError } from '../../src/events/errors.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { IntervalSnapshotStrategy } from '../../src/events/interval-snapshot-strategy.ts';
import type { NewEvent } from '../../src/events/recorded-event.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const event: NewEvent = { type: 't', data: 1 };

function setUp(options = {}) {
  const adapter = new MemoryEventAdapter();
  return { adapter, store: new EventStore({ adapter, ...options }) };
}

class NoteAdded extends DomainEvent {
  readonly noteId: string;
  readonly text: string;

  constructor(noteId: string, text: string) {
    super('note.added', noteId);
    this.noteId = noteId;
    this.text = text;
  }
}

describe('append', () => {
  it('gives what it was given back, with its place, frozen in depth', async () => {
    const { store } = setUp({ clock: new FakeClock(1234.5) });
    const when = new Date('2020-01-02T03:04:05.678Z');
    const data = { list: [{ n: 1 }] };
    const result = await store.append('s', [
      { id: 'one', type: 'a', data, metadata: { by: 'me' }, timestamp: when },
      { type: 'b', data: null },
    ]);
    expect(result).toEqual({ stream: 's', version: 2, position: 2 });
    data.list[0]!.n = 2;
    const [one, two] = await store.read('s').toArray();
    expect(one).toEqual({
      id: 'one',
      stream: 's',
      version: 1,
      position: 1,
      type: 'a',
      data: { list: [{ n: 1 }] },
      metadata: { by: 'me' },
      timestamp: when,
      tags: [],
    });
    expect(two).toMatchObject({ data: null, metadata: {}, timestamp: new Date(1234) });
    expect(two?.id).toMatch(/^[0-9a-f-]{36}$/);
    for (const value of [one, one!.data, (one!.data as typeof data).list[0], one!.metadata, two!.metadata]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
  });

  it('takes domain events as they are, by their own fields', async () => {
    const { store } = setUp();
    const note = new NoteAdded('n1', 'hello');
    await store.append('notes', [note]);
    const [recorded] = await store.readAll().toArray();
    expect(recorded).toMatchObject({ id: note.id, type: 'note.added', data: { noteId: 'n1', text: 'hello' } });
    expect(recorded?.timestamp).toEqual(note.timestamp);
  });

  it('names the stream, what was expected and what was found in a conflict', async () => {
    const { store } = setUp();
    await store.append('s', [event, event]);
    const conflict = await store.append('s', [event], { expectedVersion: 'no_stream' }).catch((e: unknown) => e);
    expect(conflict).toBeInstanceOf(ConcurrencyConflictError);
    expect(conflict).toMatchObject({ aggregateId: 's', expectedVersion: 'no_stream', actualVersion: 2 });
    const several = store.appendMany([
      { stream: 'other', events: [event] },
      { stream: 's', events: [event], expectedVersion: 5 },
    ]);
    await expect(several).rejects.toMatchObject({ aggregateId: 's', expectedVersion: 5, actualVersion: 2 });
    expect(await store.streamVersion('other')).toBe(0);
  });

  it.each<[string, NewEvent[], string]>([
    ['other data', [{ id: '1', type: 't', data: { a: 1, b: 3 } }], 'other content'],
    ['another type', [{ id: '1', type: 'u', data: { a: 1, b: 2 } }], 'other content'],
    ['other metadata', [{ id: '1', type: 't', data: { a: 1, b: 2 }, metadata: { by: 'x' } }], 'other metadata'],
    ['a new event beside it', [{ id: '1', type: 't', data: { a: 1, b: 2 } }, event], 'is new'],
    ['another order', ['2', '1'].map((id) => ({ id, type: 't', data: { a: 1, b: 2 } })), 'not after the one before'],
    ['a gap', ['1', '3'].map((id) => ({ id, type: 't', data: { a: 1, b: 2 } })), 'not after the one before'],
  ])('ES4 refuses stored ids with %s', async (_, events, detail) => {
    const { store } = setUp();
    await store.append(
      's',
      ['1', '2', '3'].map((id) => ({ id, type: 't', data: { a: 1, b: 2 } })),
    );
    const error = await store.append('s', events).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DuplicateEventError);
    expect(error).toMatchObject({ stream: 's', message: expect.stringContaining(detail) });
    expect(await store.streamVersion('s')).toBe(3);
  });

  it('ES4 refuses an id of another stream, and knows content whatever the order of its keys', async () => {
    const { store } = setUp();
    const first = await store.append('s', [{ id: '1', type: 't', data: { a: 1, b: 2 }, timestamp: new Date(1) }]);
    const again = { id: '1', type: 't', data: { b: 2, a: 1 }, timestamp: new Date(2) };
    expect(await store.append('s', [again])).toEqual(first);
    await expect(store.append('other', [again])).rejects.toMatchObject({ eventId: '1', stream: 'other' });
  });

  it.each<[string, unknown, string]>([
    ['no events', [], 'events'],
    ['no array', event, 'events'],
    ['an event that is none', [null], 'events[0]'],
    ['an empty type', [event, { ...event, type: '' }], 'events[1].type'],
    ['an id with NUL', [{ ...event, id: 'a\0b' }], 'events[0].id'],
    ['a date in the data', [{ ...event, data: { at: new Date(0) } }], 'events[0].data.at'],
    ['no data', [{ type: 't' }], 'events[0].data'],
    ['metadata that is no object', [{ ...event, metadata: [] }], 'events[0].metadata'],
    ['a time that is none', [{ ...event, timestamp: new Date(Number.NaN) }], 'events[0].timestamp'],
    ['a time as a number', [{ ...event, timestamp: 5 }], 'events[0].timestamp'],
    [
      'one id twice',
      [
        { ...event, id: '1' },
        { ...event, id: '1' },
      ],
      'events',
    ],
    ['more data than the limit', [{ ...event, data: '가'.repeat(40) }], 'events[0].data'],
  ])('refuses %s before anything is written', async (_, events, argument) => {
    const { store } = setUp({ maxPayloadBytes: 100 });
    const error = await store.append('s', events as NewEvent[]).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ argument });
    expect(await store.readAll().toArray()).toEqual([]);
  });

  it('refuses expected versions that are none, and a stream twice', async () => {
    const { store } = setUp();
    for (const expectedVersion of [-1, 1.5, Number.NaN, '1', null, 2 ** 53]) {
      const attempt = store.append('s', [event], { expectedVersion: expectedVersion as never });
      await expect(attempt).rejects.toThrow(InvalidArgumentError);
    }
    const twice = [1, 2].map(() => ({ stream: 's', events: [event] }));
    await expect(store.appendMany(twice)).rejects.toThrow('each stream once');
    expect(await store.appendMany([])).toEqual([]);
  });

  it('tells the adapter of streams that get no id but those it made', async () => {
    const { adapter, store } = setUp();
    const append = vi.spyOn(adapter, 'append');
    const told = () => append.mock.lastCall![0].map(({ idsAreNew }) => idsAreNew);
    await store.append('s', [event, event]);
    expect(told()).toEqual([true]);
    await store.append('s', [event, { ...event, id: 'given' }]);
    expect(told()).toEqual([false]);
    await store.appendMany([
      { stream: 's', events: [{ ...event, id: 'another' }] },
      { stream: 't', events: [event] },
    ]);
    expect(told()).toEqual([false, true]);
    // Whoever reads the id twice is told of one that is not there.
    let reads = 0;
    const hostile = {
      type: 't',
      data: 1,
      get id() {
        return ++reads === 1 ? 'given' : (undefined as unknown as string);
      },
    };
    expect(await store.append('s', [hostile])).toMatchObject({ version: 4 });
    expect(told()).toEqual([false]);
  });

  it('ES4 finds an event by the id that it was given', async () => {
    const { store } = setUp();
    const first = await store.append('s', [event]);
    await store.append('s', [event]);
    const [stored] = await store.read('s').toArray();
    expect(await store.append('s', [{ ...event, id: stored!.id }])).toEqual(first);
    expect(await store.streamVersion('s')).toBe(2);
  });

  it('does not begin once its signal has aborted', async () => {
    const { store } = setUp();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(store.append('s', [event], { signal })).rejects.toThrow('enough');
    expect(await store.streamVersion('s')).toBe(0);
  });
});

describe('read', () => {
  it('gives a range of versions in either direction, limited', async () => {
    const { store } = setUp();
    await store.append(
      's',
      Array.from({ length: 10 }, () => event),
    );
    const versions = async (options: object) =>
      (await store.read('s', { batchSize: 3, ...options }).toArray()).map(({ version }) => version);
    expect(await versions({ fromVersion: 3, toVersion: 7 })).toEqual([3, 4, 5, 6, 7]);
    expect(await versions({ fromVersion: 3, toVersion: 7, direction: 'backward' })).toEqual([7, 6, 5, 4, 3]);
    expect(await versions({ direction: 'backward', limit: 4 })).toEqual([10, 9, 8, 7]);
    expect(await versions({ fromVersion: 9, limit: 4 })).toEqual([9, 10]);
    expect(await versions({ fromVersion: 8, toVersion: 7 })).toEqual([]);
    expect(await versions({ limit: 0 })).toEqual([]);
    expect((await store.readAll({ after: 4, limit: 2 }).toArray()).map(({ position }) => position)).toEqual([5, 6]);
  });

  it('reads anew with each iteration, and may be left early', async () => {
    const { store } = setUp();
    await store.append('s', [event, event]);
    const sequence = store.read('s', { batchSize: 1 });
    for await (const { version } of sequence) if (version === 1) break;
    await store.append('s', [event]);
    expect(await sequence.toArray()).toHaveLength(3);
  });

  it('stops when its signal aborts', async () => {
    const { store } = setUp();
    await store.append('s', [event, event]);
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of store.read('s', { batchSize: 1, signal: controller.signal }))
        controller.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
  });

  it('refuses what is no range', () => {
    const { store } = setUp();
    for (const options of [
      { fromVersion: -1 },
      { toVersion: 0.5 },
      { limit: -1 },
      { batchSize: 0 },
      { direction: 'up' as never },
    ]) {
      expect(() => store.read('s', options)).toThrow(InvalidArgumentError);
    }
    expect(() => store.read('')).toThrow(InvalidArgumentError);
    expect(() => store.readAll({ after: -1 })).toThrow(InvalidArgumentError);
  });
});

describe('payloads', () => {
  it('ES7 are compressed from the threshold on, where it makes them smaller', async () => {
    const { adapter, store } = setUp({ compressionEnabled: true, compressionThresholdBytes: 100 });
    const noise = ['a', 'b'].map((seed) => createHash('sha512').update(seed).digest('base64')).join('');
    const values = ['x'.repeat(50), 'x'.repeat(200), noise];
    await store.append(
      's',
      values.map((data) => ({ type: 't', data })),
    );
    const stored = await adapter.readAll({ after: 0, limit: 10 });
    expect(stored.map(({ encoding }) => encoding)).toEqual(['json', 'gzip', 'json']);
    expect(stored[1]!.data.length).toBeLessThan(100);
    // What is stored tells how to read it, whatever a later store is set to.
    const plain = new EventStore({ adapter });
    expect((await plain.read('s').toArray()).map(({ data }) => data)).toEqual(values);
  });

  it('ES4 are compared by content, however they were stored the first time', async () => {
    const { adapter, store } = setUp({ compressionEnabled: true, compressionThresholdBytes: 1 });
    const large = { id: '1', type: 't', data: 'x'.repeat(500) };
    const first = await store.append('s', [large]);
    expect(await new EventStore({ adapter }).append('s', [large])).toEqual(first);
    await expect(store.append('s', [{ ...large, data: 'y' }])).rejects.toThrow(DuplicateEventError);
  });

  it.each([
    ['cut JSON', { data: '{"a":', encoding: 'json' }],
    ['an unknown encoding', { data: '1', encoding: 'of tomorrow' }],
    ['no gzip', { data: 'AAAA', encoding: 'gzip' }],
    ['cut gzip', { data: gzipSync('"abc"').subarray(0, 15).toString('base64'), encoding: 'gzip' }],
    ['metadata that is no JSON', { data: '1', encoding: 'json', metadata: '{' }],
  ])('ES7 that are damaged are told by stream and version: %s', async (_, fields) => {
    const { adapter, store } = setUp();
    const good = { id: '1', type: 't', data: '1', encoding: 'json', metadata: '{}', timestamp: 0, tags: [] };
    await adapter.append([{ stream: 's', expectedVersion: 'any', events: [good, { ...good, id: '2', ...fields }] }]);
    const error = await store
      .read('s')
      .toArray()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EventCorruptedError);
    expect(error).toMatchObject({ stream: 's', version: 2, cause: expect.any(Error) });
    expect(await store.read('s', { toVersion: 1 }).toArray()).toHaveLength(1);
  });

  it('ES10 are not inflated beyond the limit', async () => {
    const { adapter, store } = setUp({ maxPayloadBytes: 10_000 });
    const bomb = gzipSync(JSON.stringify('x'.repeat(10_000_000))).toString('base64');
    const stored = { id: '1', type: 't', data: bomb, encoding: 'gzip', metadata: '{}', timestamp: 0, tags: [] };
    await adapter.append([{ stream: 's', expectedVersion: 'any', events: [stored] }]);
    await expect(store.read('s').toArray()).rejects.toThrow('maxPayloadBytes');
  });
});

describe('aggregateStream', () => {
  const sum = { initial: () => 0, evolve: (state: number, { data }: { data: unknown }) => state + Number(data) };

  it('ES8 reads on from the last snapshot that the strategy took', async () => {
    const { adapter, store } = setUp({ snapshotStrategy: new IntervalSnapshotStrategy(3) });
    const named = { ...sum, name: 'sum' };
    const snapshot = async () => (await adapter.loadSnapshot('s', 'sum'))?.version;
    await store.append('s', [event, event]);
    expect(await store.aggregateStream('s', named)).toEqual({ state: 2, version: 2 });
    expect(await snapshot()).toBeUndefined();
    await store.append('s', [event, event]);
    expect(await store.aggregateStream('s', named)).toEqual({ state: 4, version: 4 });
    await vi.waitFor(async () => expect(await snapshot()).toBe(4));
    let folded = 0;
    const evolve = (state: number) => {
      folded++;
      return state + 1;
    };
    await store.append('s', [event]);
    expect(await store.aggregateStream('s', { ...named, evolve })).toEqual({ state: 5, version: 5 });
    expect([folded, await snapshot()]).toEqual([1, 4]);
    expect(await store.aggregateStream('s', { ...named, evolve, schemaVersion: 2 })).toEqual({ state: 5, version: 5 });
    expect(folded).toBe(6);
    await vi.waitFor(async () => expect(await snapshot()).toBe(5));
  });

  it('ES8 keeps none for a fold without a name: nothing tells it from others', async () => {
    const { store } = setUp({ snapshotStrategy: new IntervalSnapshotStrategy(1) });
    await store.append('s', [event, event]);
    expect(await store.aggregateStream('s', sum)).toEqual({ state: 2, version: 2 });
    const product = { initial: () => 1, evolve: (state: number) => state * 2 };
    expect(await store.aggregateStream('s', product)).toEqual({ state: 4, version: 2 });
    expect(await store.aggregateStream('missing', sum)).toEqual({ state: 0, version: 0 });
  });

  it('gives the state even where its snapshot can’t be saved, and tells of it', async () => {
    const told: unknown[] = [];
    const onError = (error: unknown) => told.push(error);
    const { store } = setUp({ snapshotStrategy: new IntervalSnapshotStrategy(1), onError });
    await store.append('s', [event]);
    const fold = { name: 'set', initial: () => new Set<unknown>(), evolve: (state: Set<unknown>) => state.add(1) };
    expect((await store.aggregateStream('s', fold)).state).toEqual(new Set([1]));
    expect(told).toEqual([expect.any(InvalidArgumentError)]);
  });

  it('refuses an interval, a name and a schema version that are none', async () => {
    const { store } = setUp();
    expect(() => new IntervalSnapshotStrategy(0)).toThrow(InvalidArgumentError);
    await expect(store.aggregateStream('s', {} as never)).rejects.toThrow(/^fold: .*`initial` and `evolve`/);
    await expect(store.aggregateStream('s', { ...sum, name: '' })).rejects.toThrow(InvalidArgumentError);
    await expect(store.aggregateStream('s', { ...sum, schemaVersion: 0.5 })).rejects.toThrow(InvalidArgumentError);
  });
});

describe('EventStore', () => {
  it('initializes its adapter on first use, once, and again if that failed', async () => {
    const memory = new MemoryEventAdapter();
    let calls = 0;
    const init = async () => {
      if (++calls === 1) throw new Error('not yet');
    };
    const store = new EventStore({ adapter: Object.assign(memory, { init }) });
    expect(calls).toBe(0);
    await expect(store.append('s', [event])).rejects.toThrow('not yet');
    await Promise.all([store.append('s', [event]), store.streamVersion('s'), store.readAll().toArray()]);
    expect(calls).toBe(2);
  });

  it('that is closed while it is initialized ends the adapter after that, and does nothing more', async () => {
    const { adapter, store } = setUp();
    const seen: string[] = [];
    let initialize = () => {};
    vi.spyOn(adapter, 'init').mockImplementation(async () => {
      await new Promise<void>((resolve) => {
        initialize = resolve;
      });
      seen.push('initialized');
    });
    vi.spyOn(adapter, 'close').mockImplementation(async () => void seen.push('closed'));
    const outcomes = Promise.allSettled([
      store.init(),
      store.append('s', [event]),
      store.readAll().toArray(),
      store.streamVersion('s'),
    ]);
    const closing = store.close();
    initialize();
    await closing;
    expect(seen).toEqual(['initialized', 'closed']);
    for (const outcome of await outcomes) {
      expect(outcome).toEqual({ status: 'rejected', reason: expect.any(ClosedError) });
    }
    expect(await adapter.lastPosition()).toBe(0);
  });

  it('refuses everything after close, which may be called again', async () => {
    const { adapter, store } = setUp();
    let closed = 0;
    adapter.close = async () => {
      closed++;
    };
    await store.append('s', [event]);
    await store.close();
    await store.close();
    expect(closed).toBe(1);
    for (const attempt of [
      () => store.append('s', [event]),
      () => store.read('s').toArray(),
      () => store.streamVersion('s'),
      () => store.aggregateStream('s', { initial: () => 0, evolve: (state) => state }),
    ]) {
      await expect(attempt()).rejects.toThrow(ClosedError);
    }
  });

  it('refuses options that make no sense', () => {
    const adapter = new MemoryEventAdapter();
    for (const options of [
      { adapter: {} as never },
      { adapter, maxPayloadBytes: 0 },
      { adapter, compressionThresholdBytes: -1 },
    ]) {
      expect(() => new EventStore(options)).toThrow(InvalidArgumentError);
    }
  });
});
