import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { recordChanges } from '../../src/state/record-changes.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import type { StateVersion } from '../../src/state/versioned-state.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

interface Task {
  readonly title: string;
  readonly done?: boolean;
  readonly tags?: readonly string[];
}

describe('StateManager', () => {
  it('patches by a merge patch or a JSON Patch, and makes a state only by the former', async () => {
    const manager = new StateManager<Task>();
    await expect(manager.patch('a', [])).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND', aggregateId: 'a' });
    await manager.patch('a', { title: 'one', done: null });
    await manager.patch('a', { done: true });
    const patched = await manager.patch('a', [
      { op: 'test', path: '/done', value: true },
      { op: 'remove', path: '/done' },
      { op: 'add', path: '/tags', value: ['x'] },
    ]);
    expect([patched.version, patched.state]).toEqual([3, { title: 'one', tags: ['x'] }]);
    await expect(manager.patch('a', [{ op: 'remove', path: '/none' }])).rejects.toMatchObject({
      code: 'JSON_PATCH_FAILED',
    });
    expect((await manager.get('a'))?.version).toBe(3);
  });

  it('loses no patch of many at once', async () => {
    const manager = new StateManager<Record<string, number>>({
      retry: { maxAttempts: 100, backoff: { initialMs: 1 } },
    });
    await Promise.all(Array.from({ length: 10 }, (_, n) => manager.patch('a', { [`key-${n}`]: n })));
    expect(Object.keys((await manager.get('a'))!.state)).toHaveLength(10);
  });

  it('deletes, and goes on counting', async () => {
    const manager = new StateManager<number>();
    const told: StateVersion<number>[] = [];
    manager.subscribe((version) => told.push(version));
    expect(await manager.delete('a')).toBeNull();
    await manager.set('a', 1);
    await expect(manager.delete('a', { expectedVersion: 7 })).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT' });
    expect(await manager.delete('a')).toMatchObject({ version: 2, deleted: true });
    expect(await manager.get('a')).toBeNull();
    expect((await manager.update('a', (n) => (n ?? 10) + 1)).version).toBe(3);
    expect(told.map(({ version, state }) => [version, state])).toEqual([
      [1, 1],
      [2, undefined],
      [3, 11],
    ]);
    const history: number[] = [];
    for await (const { version } of manager.history('a', { fromVersion: 2 })) history.push(version);
    expect(history).toEqual([2, 3]);
  });

  it('travels in time, by version or by moment', async () => {
    const clock = new FakeClock(1000);
    const manager = new StateManager<string>({ clock });
    await manager.set('a', 'first');
    await clock.advance(1000);
    await manager.set('a', 'second');
    await clock.advance(1000);
    await manager.delete('a');
    expect((await manager.get('a', { version: 1 }))?.state).toBe('first');
    expect((await manager.get('a', { at: new Date(1999) }))?.state).toBe('first');
    expect((await manager.get('a', { at: 2000 }))?.state).toBe('second');
    expect(await manager.get('a', { at: 999 })).toBeNull();
    expect(await manager.get('a', { at: 3000 })).toBeNull();
    await expect(manager.get('a', { at: Number.NaN })).rejects.toThrow(InvalidArgumentError);
    await expect(manager.get('a', { at: undefined } as never)).rejects.toThrow(InvalidArgumentError);
  });

  it('runs a transaction at the level and with the rights asked for', async () => {
    const manager = new StateManager<number>({ isolationLevel: 'repeatable_read' });
    const levelOf = (options?: Parameters<StateManager['transaction']>[1]) =>
      manager.transaction(async ({ isolationLevel, readOnly }) => ({ isolationLevel, readOnly }), options);
    expect(await levelOf()).toEqual({ isolationLevel: 'repeatable_read', readOnly: false });
    expect(await levelOf({ isolationLevel: 'read_committed', readOnly: true })).toEqual({
      isolationLevel: 'read_committed',
      readOnly: true,
    });
  });

  it('tells of the versions of others, too, each once and in order, from the call on', async () => {
    const store = new MemoryVersionStore();
    const clock = new FakeClock();
    const manager = new StateManager<number>({ store, clock });
    const other = new StateManager<number>({ store });
    await other.set('before', 0);
    const told: string[] = [];
    const end = manager.subscribe(({ aggregateId, version }) => told.push(`${aggregateId}@${version}`), {
      others: true,
      pollIntervalMs: 100,
    });
    await manager.set('mine', 1);
    await other.set('theirs', 1);
    await other.delete('theirs');
    await clock.advance(100);
    expect(told).toEqual(['mine@1', 'theirs@1', 'theirs@2']);
    end();
    await other.set('after', 1);
    await clock.advance(1000);
    expect(told).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it('goes on telling of others after the store has failed', async () => {
    const store = new MemoryVersionStore();
    const clock = new FakeClock();
    const errors: unknown[] = [];
    let isDown = true;
    const failing = recordChanges(store, { log: { init: async () => {}, appendWithin: () => {}, wake: () => {} } });
    const mvcc = new MVCCController<number>({
      store: {
        ...failing,
        lastSequence: async () => {
          if (isDown) throw new Error('down');
          return store.lastSequence();
        },
      },
      clock,
    });
    const manager = new StateManager<number>({ mvcc, clock, onError: (error) => errors.push(error) });
    const told: number[] = [];
    manager.subscribe(({ version }) => told.push(version), { others: true });
    await clock.advance(0);
    isDown = false;
    await clock.advance(500);
    await manager.set('a', 1);
    await clock.advance(500);
    expect(told).toEqual([1]);
    expect(errors).toHaveLength(1);
    await manager.close();
    await clock.advance(500);
    expect(clock.pending).toBe(0);
  });

  it('tells once that the controller was closed, and follows it no more', async () => {
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const mvcc = new MVCCController<number>({ clock });
    const manager = new StateManager<number>({ mvcc, clock, onError: (error) => errors.push(error) });
    manager.subscribe(() => {}, { others: true });
    await manager.set('a', 1);
    await mvcc.close();
    await clock.advance(5000);
    expect(errors).toEqual([expect.objectContaining({ code: 'CLOSED' })]);
    expect(clock.pending).toBe(0);
  });
});
