import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { ClosedError, InvalidArgumentError, ReadOnlyStorageError } from '../../src/core/errors.ts';
import { EventCorruptedError, SubscriptionFailedError } from '../../src/events/errors.ts';
import type { Checkpoint, EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const event = { type: 't', data: 1 };
const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp(adapter: EventAdapter = new MemoryEventAdapter()) {
  const clock = new FakeClock();
  const store = new EventStore({ adapter, clock, random: () => 1 });
  const seen: number[] = [];
  const handle = async ({ position }: { position: number }) => void seen.push(position);
  return { adapter, clock, store, seen, handle };
}

describe('Subscription', () => {
  it('goes on from its checkpoint, under its own name', async () => {
    const { adapter, store, seen, handle } = setUp();
    for (let n = 0; n < 5; n++) await store.append('s', [event]);
    const first = store.subscribe({ name: 'one', handle });
    await first.caughtUp();
    await first.close();
    await store.append('s', [event]);
    const later = new EventStore({ adapter });
    const again = later.subscribe({ name: 'one', handle });
    await again.caughtUp();
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    expect([again.name, again.position]).toEqual(['one', 6]);
    const other: number[] = [];
    await later
      .subscribe({ name: 'two', from: 4, handle: async ({ position }) => void other.push(position) })
      .caughtUp();
    expect(other).toEqual([5, 6]);
    await Promise.all([store.close(), later.close()]);
  });

  it('is woken by appends to its own store, and polls for those of others', async () => {
    const deaf: EventAdapter = Object.assign(new MemoryEventAdapter(), { listen: undefined });
    const { adapter, clock, store, seen, handle } = setUp(deaf);
    const subscription = store.subscribe({ name: 'one', handle, pollIntervalMs: 100 });
    await subscription.caughtUp();
    await store.append('s', [event]);
    await tick();
    expect(seen).toEqual([1]);
    await new EventStore({ adapter }).append('s', [event]);
    await clock.advance(99);
    expect(seen).toEqual([1]);
    await clock.advance(1);
    expect(seen).toEqual([1, 2]);
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it('tries a failing handler again with backoff, and handles nothing behind it meanwhile', async () => {
    const { clock, store, seen, handle } = setUp();
    const told: unknown[] = [];
    let failures = 3;
    const subscription = store.subscribe({
      name: 'one',
      backoff: { initialMs: 10, factor: 10 },
      onRetry: (error, attempt) => told.push([(error as Error).message, attempt]),
      handle: async (given) => {
        if (given.position === 2 && failures-- > 0) throw new Error('not yet');
        await handle(given);
      },
    });
    for (let n = 0; n < 3; n++) await store.append('s', [event]);
    await clock.advance(9);
    expect(seen).toEqual([1]);
    await clock.advance(1 + 100);
    expect(seen).toEqual([1]);
    await clock.advance(1000);
    expect(seen).toEqual([1, 2, 3]);
    expect(told).toEqual([
      ['not yet', 1],
      ['not yet', 2],
      ['not yet', 3],
    ]);
    await subscription.caughtUp();
    await store.close();
  });

  it('stops loudly when a handler fails for good, before the event it could not handle', async () => {
    const { adapter, clock, store, seen, handle } = setUp();
    const failure = new Error('never');
    const loud: unknown[] = [];
    const subscription = store.subscribe({
      name: 'one',
      maxAttempts: 2,
      onError: (error) => loud.push(error),
      handle: async (given) => {
        if (given.position === 2) throw failure;
        await handle(given);
      },
    });
    for (let n = 0; n < 3; n++) await store.append('s', [event]);
    await clock.advance(10_000);
    await subscription.finished;
    expect(loud).toEqual([expect.any(SubscriptionFailedError)]);
    expect(loud[0]).toMatchObject({ subscription: 'one', position: 2, attempts: 2, cause: failure });
    await expect(subscription.caughtUp()).rejects.toBe(loud[0]);
    expect((await adapter.loadCheckpoint('one'))?.position).toBe(1);

    await store.subscribe({ name: 'one', handle }).caughtUp();
    expect(seen).toEqual([1, 2, 3]);
    await store.close();
  });

  it('stops loudly before the first event where the storage takes no writes, and bears it later', async () => {
    let readOnly = true;
    class Storage extends MemoryEventAdapter {
      override async saveCheckpoint(...given: Parameters<MemoryEventAdapter['saveCheckpoint']>) {
        if (readOnly) throw new ReadOnlyStorageError('save a checkpoint');
        return super.saveCheckpoint(...given);
      }
    }
    const { clock, store, seen, handle } = setUp(new Storage());
    await store.append('s', [event]);
    const loud: unknown[] = [];
    await store.subscribe({ name: 'one', handle, onError: (error) => loud.push(error) }).finished;
    expect(loud).toEqual([expect.any(ReadOnlyStorageError)]);
    expect(seen).toEqual([]);

    readOnly = false;
    const subscription = store.subscribe({ name: 'one', handle });
    await subscription.caughtUp();
    readOnly = true;
    await store.append('s', [event]);
    await clock.advance(60_000);
    readOnly = false;
    await clock.advance(60_000);
    await subscription.caughtUp();
    expect(seen).toEqual([1, 2]);
    await store.close();
  });

  it('tells those who wait for it to catch up, instead of being loud', async () => {
    const { clock, store } = setUp();
    await store.append('s', [event]);
    const subscription = store.subscribe({
      name: 'one',
      maxAttempts: 2,
      handle: () => Promise.reject(new Error('no')),
    });
    const waiting = expect(subscription.caughtUp()).rejects.toThrow(SubscriptionFailedError);
    await clock.advance(10_000);
    await waiting;
    await store.close();
  });

  it('stops at an event that can’t be decoded', async () => {
    const { adapter, store, handle } = setUp();
    const damaged = { id: 'x', type: 't', data: '{', encoding: 'json', metadata: '{}', timestamp: 0, tags: [] };
    await adapter.append([{ stream: 's', expectedVersion: 'any', events: [damaged] }]);
    const subscription = store.subscribe({ name: 'one', handle });
    await expect(subscription.caughtUp()).rejects.toThrow(EventCorruptedError);
    await store.close();
  });

  it('outlives a storage that fails, without losing or repeating an event', async () => {
    const memory = new MemoryEventAdapter();
    let down = false;
    const fails = async <T>(work: () => Promise<T>) => {
      if (down) throw new Error('down');
      return work();
    };
    const flaky: EventAdapter = Object.assign(Object.create(memory) as EventAdapter, {
      init: () => fails(() => memory.init()),
      append: (...given: Parameters<EventAdapter['append']>) => memory.append(...given),
      lastPosition: () => memory.lastPosition(),
      readAll: (page: never) => fails(() => memory.readAll(page)),
      loadCheckpoint: (name: string) => fails(() => memory.loadCheckpoint(name)),
      saveCheckpoint: (name: string, checkpoint: Checkpoint) => fails(() => memory.saveCheckpoint(name, checkpoint)),
      close: () => memory.close(),
    });
    const { clock, store, seen, handle } = setUp(flaky);
    down = true;
    const subscription = store.subscribe({ name: 'one', batchSize: 2, handle });
    await clock.advance(60_000);
    down = false;
    await clock.advance(60_000);
    for (let n = 0; n < 6; n++) {
      down = n % 2 === 0;
      await store.append('s', [event]);
      await clock.advance(60_000);
    }
    down = false;
    await clock.advance(60_000);
    await subscription.caughtUp();
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    await store.close();
  });

  it('is caught up only when what was stored before the call is handled and its checkpoint saved', async () => {
    const { adapter, store, seen, handle } = setUp();
    const releases: (() => void)[] = [];
    await store.append('s', [event, event, event]);
    const subscription = store.subscribe({
      name: 'one',
      batchSize: 1,
      handle: async (given) => {
        await new Promise<void>((resolve) => releases.push(resolve));
        await handle(given);
      },
    });
    let caughtUp = false;
    const waiting = subscription.caughtUp().then(() => {
      caughtUp = true;
    });
    for (const position of [1, 2, 3]) {
      expect([caughtUp, seen.length]).toEqual([false, position - 1]);
      await tick();
      releases.shift()?.();
      await tick();
    }
    await waiting;
    expect((await adapter.loadCheckpoint('one'))?.position).toBe(3);
    await store.close();
  });

  it('closes after the event in hand, keeps its checkpoint and tells those who wait', async () => {
    const { adapter, store, seen, handle } = setUp();
    await store.append('s', [event, event, event]);
    const controller = new AbortController();
    const subscription = store.subscribe({
      name: 'one',
      signal: controller.signal,
      handle: async (given) => {
        await handle(given);
        if (given.position === 2) controller.abort();
      },
    });
    await expect(subscription.caughtUp()).rejects.toThrow(ClosedError);
    await subscription.close();
    expect(seen).toEqual([1, 2]);
    expect((await adapter.loadCheckpoint('one'))?.position).toBe(2);
    await expect(subscription.caughtUp()).rejects.toThrow(ClosedError);
    await store.close();
    expect(() => store.subscribe({ name: 'one', handle })).toThrow(ClosedError);
  });

  it('is closed with its store even while a handler waits for its next try', async () => {
    const { clock, store } = setUp();
    await store.append('s', [event]);
    store.subscribe({ name: 'one', handle: () => Promise.reject(new Error('no')) });
    await tick();
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it('is woken by what the storage hears: one listener for all of a store, ended with the last', async () => {
    let listeners = 0;
    const listening: EventAdapter = Object.assign(new MemoryEventAdapter(), {
      listen: async (wake: () => void) => {
        listeners++;
        const end = await MemoryEventAdapter.prototype.listen.call(listening, wake);
        return async () => {
          listeners--;
          await end();
        };
      },
    });
    const { clock, store, seen, handle } = setUp(listening);
    const one = store.subscribe({ name: 'one', handle, pollIntervalMs: 1_000_000 });
    const two = store.subscribe({ name: 'two', handle: async () => {}, pollIntervalMs: 1_000_000 });
    await Promise.all([one.caughtUp(), two.caughtUp()]);
    expect(listeners).toBe(1);
    await new EventStore({ adapter: listening }).append('s', [event]);
    await clock.advance(0);
    expect(seen).toEqual([1]);
    await two.close();
    expect(listeners).toBe(1);
    await one.close();
    expect(listeners).toBe(0);
    store.subscribe({ name: 'one', handle });
    await tick();
    expect(listeners).toBe(1);
    await store.close();
    expect(listeners).toBe(0);
  });

  it('reads what came before it was listening, as soon as it is', async () => {
    let connected = () => {};
    const connecting = new Promise<void>((resolve) => {
      connected = resolve;
    });
    const slow: EventAdapter = Object.assign(new MemoryEventAdapter(), {
      listen: async (wake: () => void) => {
        await connecting;
        return MemoryEventAdapter.prototype.listen.call(slow, wake);
      },
    });
    const { clock, store, seen, handle } = setUp(slow);
    const subscription = store.subscribe({ name: 'one', handle, pollIntervalMs: 1_000_000 });
    await subscription.caughtUp();
    await new EventStore({ adapter: slow }).append('s', [event]);
    await clock.advance(0);
    expect(seen).toEqual([]);
    connected();
    await clock.advance(0);
    expect(seen).toEqual([1]);
    await store.close();
  });

  it('goes on by polling where the storage can’t be listened to', async () => {
    const deaf: EventAdapter = Object.assign(new MemoryEventAdapter(), {
      listen: () => Promise.reject(new Error('no LISTEN here')),
    });
    const { clock, store, seen, handle } = setUp(deaf);
    const told: string[] = [];
    store.subscribe({ name: 'one', handle, onRetry: (error) => told.push((error as Error).message) });
    await new EventStore({ adapter: deaf }).append('s', [event]);
    await clock.advance(200);
    expect(seen).toEqual([1]);
    expect(told[0]).toBe('no LISTEN here');
    await store.close();
  });

  it('handles what its query asks for, and is caught up though nothing matches', async () => {
    const { adapter, clock, store, seen, handle } = setUp();
    const subscription = store.subscribe({ name: 'one', handle, query: [{ types: ['x'] }], batchSize: 10 });
    for (let n = 0; n < 25; n++) await store.append('s', [{ type: n === 3 ? 'x' : 't', data: 1 }]);
    await subscription.caughtUp();
    expect([seen, subscription.position]).toEqual([[4], 25]);
    // A checkpoint only spares reading here: one in a while is enough.
    expect((await adapter.loadCheckpoint('one'))?.revision).toBeLessThanOrEqual(4);
    await store.deleteStream('s');
    await clock.advance(1_000);
    await subscription.caughtUp();
    await store.close();
  });

  it('is caught up though what it waited for was removed', async () => {
    const { clock, store, handle } = setUp();
    await store.append('s', [event]);
    let release = () => {};
    const subscription = store.subscribe({
      name: 'one',
      batchSize: 1,
      handle: async (given) => {
        await handle(given);
        if (given.position === 1) {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
      },
    });
    await tick();
    await store.append('t', [event]);
    const waiting = subscription.caughtUp();
    await tick();
    await store.deleteStream('t');
    release();
    await clock.advance(100);
    await waiting;
    await store.close();
  });

  it('refuses a second subscription of the same name, and options that make no sense', async () => {
    const { store, handle } = setUp();
    await using _ = store.subscribe({ name: 'one', handle });
    expect(() => store.subscribe({ name: 'one', handle })).toThrow(InvalidArgumentError);
    const wrong = [
      { name: '' },
      { name: '$parked/one' },
      { query: [] },
      { onFailure: 'skip' as never },
      { handle: 1 as never },
      { from: -1 },
      { batchSize: 0 },
      { pollIntervalMs: 0 },
      { maxAttempts: 0 },
    ];
    for (const options of wrong) {
      expect(() => store.subscribe({ name: 'two', handle, ...options })).toThrow(InvalidArgumentError);
    }
  });
});
