import { describe, expect, it, vi } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { AgeSnapshotStrategy } from '../../src/events/age-snapshot-strategy.ts';
import type { StoredSnapshot } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { IntervalSnapshotStrategy } from '../../src/events/interval-snapshot-strategy.ts';
import { SizeSnapshotStrategy } from '../../src/events/size-snapshot-strategy.ts';
import { anyOf, type SnapshotOccasion, type SnapshotStrategy } from '../../src/events/snapshot-strategy.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const list = {
  name: 'list',
  initial: (): unknown[] => [],
  evolve: (state: unknown[], { data }: { data: unknown }) => [...state, data],
};

/** A memory adapter whose snapshots wait until they are let through. */
class GatedAdapter extends MemoryEventAdapter {
  readonly asked: StoredSnapshot[] = [];
  readonly gates: (() => void)[] = [];
  closed = false;

  override async saveSnapshot(snapshot: StoredSnapshot): Promise<void> {
    this.asked.push(snapshot);
    await new Promise<void>((resolve) => this.gates.push(resolve));
    if (this.closed) throw new Error('closed too early');
    await super.saveSnapshot(snapshot);
  }

  override async close(): Promise<void> {
    this.closed = true;
  }
}

describe('a snapshot', () => {
  const always: SnapshotStrategy = { shouldSnapshot: () => true };

  it('is not waited for by the fold, but by close', async () => {
    const adapter = new GatedAdapter();
    const store = new EventStore({ adapter, snapshotStrategy: always });
    await store.append('s', [{ type: 't', data: 1 }]);
    expect((await store.aggregateStream('s', list)).state).toEqual([1]);
    expect(await adapter.loadSnapshot('s', 'list')).toBeUndefined();
    const closing = store.close();
    await vi.waitFor(() => expect(adapter.gates).toHaveLength(1));
    expect(adapter.closed).toBe(false);
    adapter.gates[0]!();
    await closing;
    expect(await adapter.loadSnapshot('s', 'list')).toMatchObject({ version: 1 });
  });

  it('is written one at a time a stream, of those that wait only the last of each fold', async () => {
    const adapter = new GatedAdapter();
    const store = new EventStore({ adapter, snapshotStrategy: always });
    const fold = (name: string) => store.aggregateStream('s', { ...list, name });
    for (let data = 1; data <= 3; data++) {
      await store.append('s', [{ type: 't', data }]);
      await fold('a');
      await fold('b');
    }
    await store.append('other', [{ type: 't', data: 1 }]);
    await store.aggregateStream('other', list);
    const asked = () => adapter.asked.map(({ stream, name, version }) => `${stream} ${name} ${version}`);
    await vi.waitFor(() => expect(asked()).toEqual(['s a 1', 'other list 1']));
    for (let gate = 0; gate < 4; gate++) {
      await vi.waitFor(() => expect(adapter.gates.length).toBeGreaterThan(gate));
      adapter.gates[gate]!();
    }
    await store.close();
    expect(asked()).toEqual(['s a 1', 'other list 1', 's b 3', 's a 3']);
  });

  it('holds the state as it was when the fold ended', async () => {
    const adapter = new MemoryEventAdapter();
    const store = new EventStore({ adapter, snapshotStrategy: always });
    await store.append('s', [{ type: 't', data: 1 }]);
    const { state } = await store.aggregateStream('s', list);
    state.push('changed by the caller');
    await store.close();
    const later = new EventStore({ adapter, snapshotStrategy: always });
    expect((await later.aggregateStream('s', list)).state).toEqual([1]);
  });

  it('that could not be written is told of, and the next is written', async () => {
    const adapter = new MemoryEventAdapter();
    let fails = true;
    const save = adapter.saveSnapshot.bind(adapter);
    const saveSnapshot = async (snapshot: StoredSnapshot) => {
      if (fails) throw new Error('no room');
      await save(snapshot);
    };
    const told: unknown[] = [];
    const store = new EventStore({
      adapter: Object.assign(adapter, { saveSnapshot }),
      snapshotStrategy: always,
      onError: (error) => told.push(error),
    });
    await store.append('s', [{ type: 't', data: 1 }]);
    expect((await store.aggregateStream('s', list)).state).toEqual([1]);
    await vi.waitFor(() => expect(told).toEqual([new Error('no room')]));
    fails = false;
    expect((await store.aggregateStream('s', list)).state).toEqual([1]);
    await store.close();
    expect(await adapter.loadSnapshot('s', 'list')).toMatchObject({ version: 1 });
    expect(told).toHaveLength(1);
  });
});

describe('snapshot strategies', () => {
  const occasion: SnapshotOccasion = {
    stream: 's',
    version: 10,
    snapshotVersion: 4,
    foldedBytes: 600,
    snapshotAgeMs: 1000,
  };

  it('by size', () => {
    expect(new SizeSnapshotStrategy(600).shouldSnapshot(occasion)).toBe(true);
    expect(new SizeSnapshotStrategy(601).shouldSnapshot(occasion)).toBe(false);
    expect(() => new SizeSnapshotStrategy(0)).toThrow(InvalidArgumentError);
  });

  it('by age, though not of a stream on which nothing happened since', () => {
    expect(new AgeSnapshotStrategy(1000).shouldSnapshot(occasion)).toBe(true);
    expect(new AgeSnapshotStrategy(1001).shouldSnapshot(occasion)).toBe(false);
    expect(new AgeSnapshotStrategy(1000).shouldSnapshot({ ...occasion, snapshotVersion: 10 })).toBe(false);
    expect(
      new AgeSnapshotStrategy(1000).shouldSnapshot({ ...occasion, snapshotVersion: 0, snapshotAgeMs: Infinity }),
    ).toBe(true);
    expect(() => new AgeSnapshotStrategy(0.5)).toThrow(InvalidArgumentError);
  });

  it('any of several', () => {
    const [no, yes] = [new SizeSnapshotStrategy(601), new IntervalSnapshotStrategy(6)];
    expect(anyOf(no, yes).shouldSnapshot(occasion)).toBe(true);
    expect(anyOf(no).shouldSnapshot(occasion)).toBe(false);
    expect(anyOf().shouldSnapshot(occasion)).toBe(false);
  });

  it('are told of what was folded since the last snapshot, and how old that is', async () => {
    const clock = new FakeClock(1_000_000);
    const adapter = new MemoryEventAdapter();
    const told: SnapshotOccasion[] = [];
    let keep = true;
    const snapshotStrategy = {
      shouldSnapshot: (each: SnapshotOccasion) => {
        told.push(each);
        return keep;
      },
    };
    const store = new EventStore({ adapter, clock, snapshotStrategy });
    const fold = async () => {
      await store.aggregateStream('s', list);
      await vi.waitFor(async () => {
        if (keep) expect(await adapter.loadSnapshot('s', 'list')).toMatchObject({ version: told.at(-1)?.version });
      });
    };
    await store.append('s', [
      { type: 't', data: 'a'.repeat(98) },
      { type: 't', data: '가' },
    ]);
    await fold();
    await clock.advance(500);
    keep = false;
    await store.append('s', [{ type: 't', data: 1234 }]);
    await fold();
    await clock.advance(500);
    await fold();
    expect(told).toEqual([
      { stream: 's', version: 2, snapshotVersion: 0, foldedBytes: 105, snapshotAgeMs: Infinity },
      { stream: 's', version: 3, snapshotVersion: 2, foldedBytes: 4, snapshotAgeMs: 500 },
      { stream: 's', version: 3, snapshotVersion: 2, foldedBytes: 4, snapshotAgeMs: 1000 },
    ]);
  });
});
