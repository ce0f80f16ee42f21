import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { ProjectionLiveError, SubscriptionFailedError } from '../../src/events/errors.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import { World } from './subscription-world.ts';

const event = (data: number, type = 't') => ({ type, data });

/** Sums by target, as tables would hold them. */
function sums() {
  const targets = new Map<string, number>();
  const projection = (version: number) => ({
    name: 'sums',
    version,
    handle: ({ data }: RecordedEvent, _client: unknown, target: string) =>
      void targets.set(target, targets.get(target)! + Number(data) * version),
    reset: (_client: unknown, target: string) => void targets.set(target, 0),
    drop: (_client: unknown, target: string) => void targets.delete(target),
  });
  return { targets, projection };
}

describe('inline projections', () => {
  it('are kept by the append itself, which is refused if one throws', async () => {
    const adapter = new MemoryEventAdapter();
    const seen: unknown[] = [];
    const inline = {
      name: 'inline',
      query: [{ types: ['t'] }],
      handle: async ({ data, position, version }: RecordedEvent, _client: unknown, target: string) => {
        if (data === 13) throw new Error('unlucky');
        seen.push([data, position, version, target]);
      },
    };
    const store = new EventStore({ adapter, inlineProjections: [inline], compressionEnabled: true });
    await store.append('a', [event(1), event(2, 'other'), event(3)]);
    expect(seen).toEqual([
      [1, 1, 1, 'inline_v1'],
      [3, 3, 3, 'inline_v1'],
    ]);
    await expect(store.append('a', [event(4), event(13)])).rejects.toThrow('unlucky');
    expect(await store.streamVersion('a')).toBe(3);
    expect(await store.readAll().toArray()).toHaveLength(3);
    await store.close();
  });

  it('see compressed data as it was, and an append that is repeated once', async () => {
    const long = 'x'.repeat(10_000);
    const seen: unknown[] = [];
    const inline = { name: 'inline', handle: ({ data }: RecordedEvent) => void seen.push(data) };
    const adapter = new MemoryEventAdapter();
    const store = new EventStore({ adapter, inlineProjections: [inline], compressionEnabled: true });
    const given = { id: 'one', type: 't', data: long };
    await store.append('a', [given]);
    await store.append('a', [given]);
    expect(seen).toEqual([long]);
    await store.close();
  });

  it('are checked when the store is made', () => {
    const adapter = new MemoryEventAdapter();
    const wrong = [{ name: '', handle: () => {} }, { name: '$a', handle: () => {} }, { name: 'a' } as never];
    for (const projection of wrong) {
      expect(() => new EventStore({ adapter, inlineProjections: [projection] })).toThrow(InvalidArgumentError);
    }
  });
});

describe('projections', () => {
  it('are rebuilt beside the live version, swapped in one step, swapped back and dropped', async () => {
    const world = new World();
    const { store } = world.start();
    const { targets, projection } = sums();
    expect(await store.liveVersion('sums')).toBeUndefined();
    await store.append('a', [event(1), event(2)]);
    const old = store.project(projection(1));
    await world.drive(old.caughtUp());
    expect([await store.liveVersion('sums'), old.name]).toEqual([1, 'sums_v1']);

    const rebuilding = store.rebuildProjection(projection(2));
    await store.append('a', [event(3)]);
    const next = await world.drive(rebuilding);
    await world.drive(Promise.all([old.caughtUp(), next.caughtUp()]));
    expect(await store.liveVersion('sums')).toBe(2);
    expect([...targets]).toEqual([
      ['sums_v1', 6],
      ['sums_v2', 12],
    ]);

    await store.makeProjectionLive(projection(1));
    expect(await store.liveVersion('sums')).toBe(1);
    await expect(store.makeProjectionLive(projection(3))).rejects.toThrow(InvalidArgumentError);
    await store.makeProjectionLive(projection(2));
    await expect(store.dropProjection(projection(2))).rejects.toThrow(ProjectionLiveError);
    await old.close();
    await store.dropProjection(projection(1));
    expect([...targets.keys()]).toEqual(['sums_v2']);
    await store.close();
  });

  it('go on with a rebuild that was broken off, and make nothing live that failed', async () => {
    const world = new World();
    const { store } = world.start();
    const { targets, projection } = sums();
    await store.append('a', [event(1), event(2)]);
    const broken = {
      ...projection(1),
      handle: () => {
        throw new Error('no');
      },
    };
    const failing = store.rebuildProjection(broken, { maxAttempts: 1 });
    await expect(world.drive(failing)).rejects.toThrow(SubscriptionFailedError);
    expect(await store.liveVersion('sums')).toBeUndefined();
    const rebuilt = await world.drive(store.rebuildProjection(projection(1)));
    expect([targets.get('sums_v1'), await store.liveVersion('sums'), rebuilt.position]).toEqual([3, 1, 2]);
    await store.close();
  });

  it('stop at a target that can’t be made', async () => {
    const world = new World();
    const { store } = world.start();
    const failing = store.project(
      { name: 'p', handle: () => {}, reset: () => Promise.reject(new Error('no table')) },
      { maxAttempts: 2 },
    );
    await expect(world.drive(failing.caughtUp())).rejects.toMatchObject({
      code: 'SUBSCRIPTION_FAILED',
      attempts: 2,
      cause: new Error('no table'),
    });
    await store.close();
  });

  it('run once a version and store', async () => {
    const { store } = new World().start();
    const { projection } = sums();
    store.project(projection(1));
    expect(() => store.project(projection(1))).toThrow(InvalidArgumentError);
    await using _ = store.project(projection(2));
    await store.close();
  });
});
