import { describe, expect, it } from 'vitest';
import { AutoConflictResolver } from '../../src/conflicts/auto-conflict-resolver.ts';
import { FieldConflict } from '../../src/conflicts/conflict.ts';
import type { ConflictDetector } from '../../src/conflicts/conflict-detector.ts';
import type { ConflictResolver } from '../../src/conflicts/conflict-resolver.ts';
import { ThreeWayConflictDetector } from '../../src/conflicts/three-way-conflict-detector.ts';
import { RecoveryManager } from '../../src/resilience/recovery-manager.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';

const base = { title: 'a', done: false, note: 'x' };
const noWait = new RecoveryManager({ backoff: { maxMs: 0 } });

describe('SyncCoordinator', () => {
  it('lets changes stand that do not meet', async () => {
    const coordinator = new SyncCoordinator();
    const outcome = await coordinator.reconcile({
      base,
      local: { ...base, title: 'b' },
      remote: { ...base, done: true },
    });
    expect(outcome).toEqual({ state: { title: 'b', done: true, note: 'x' }, conflicts: [], resolutions: [] });
    expect(Object.isFrozen(outcome)).toBe(true);
  });

  it('decides what it may, and says what was dropped', async () => {
    const coordinator = new SyncCoordinator();
    const { state, conflicts, resolutions } = await coordinator.reconcile({
      base,
      local: { ...base, title: 'earlier' },
      remote: { ...base, title: 'later' },
      localStamps: { timestamp: 1_795_425_012 },
      remoteStamps: { timestamp: 1_795_425_012_541 },
    });
    expect(state.title).toBe('later');
    expect(conflicts).toEqual([]);
    expect(resolutions).toMatchObject([{ value: 'later', dropped: [{ side: 'local', value: 'earlier' }] }]);
  });

  it('leaves the base where nobody has decided, and hands the conflict on', async () => {
    const conflictResolver = new AutoConflictResolver({ strategies: new Map() });
    const coordinator = new SyncCoordinator({ conflictResolver });
    const local = { ...base, title: 'b', note: 'y' };
    const { state, conflicts, resolutions } = await coordinator.reconcile({
      base,
      local,
      remote: { ...base, title: 'c' },
    });
    expect(state).toEqual({ title: 'a', done: false, note: 'y' });
    expect(conflicts).toMatchObject([{ path: '/title', localValue: 'b', remoteValue: 'c' }]);
    expect(resolutions).toEqual([]);
  });

  it('keeps a conflict that the resolver does not answer', async () => {
    const conflictResolver: ConflictResolver = { resolve: async () => [] };
    const coordinator = new SyncCoordinator({ conflictResolver });
    const versions = { base, local: { ...base, title: 'b' }, remote: { ...base, title: 'c' } };
    const { conflicts } = await coordinator.reconcile(versions);
    expect(conflicts.map(({ path }) => path)).toEqual(['/title']);
  });

  it('hands on what only the detector sees, and names nothing twice', async () => {
    const merge = new ThreeWayConflictDetector();
    const together = new FieldConflict({ location: ['note'], baseValue: 'x', reason: 'a title needs its note' });
    const conflictDetector: ConflictDetector = {
      detectConflicts: async (...versions) => [...(await merge.detectConflicts(...versions)), together],
    };
    const conflictResolver = new AutoConflictResolver({ strategies: new Map() });
    const coordinator = new SyncCoordinator({ conflictDetector, conflictResolver });
    const versions = { base, local: { ...base, title: 'b', note: 'y' }, remote: { ...base, title: 'c' } };
    const { state, conflicts } = await coordinator.reconcile(versions);
    expect(state.note).toBe('y');
    expect(conflicts.map(({ path }) => path)).toEqual(['/title', '/note']);
    expect(conflicts[1]).toBe(together);
  });

  it('tries a resolver again that fails for a passing reason', async () => {
    const automatic = new AutoConflictResolver();
    let failures = 2;
    const conflictResolver: ConflictResolver = {
      async resolve(conflicts) {
        if (failures-- > 0) throw new Error('busy');
        return automatic.resolve(conflicts);
      },
    };
    const coordinator = new SyncCoordinator({ conflictResolver, recoveryManager: noWait });
    const versions = { base, local: { ...base, title: 'b' }, remote: { ...base, done: true } };
    expect((await coordinator.reconcile(versions)).state).toEqual({ title: 'b', done: true, note: 'x' });
    failures = 3;
    await expect(coordinator.reconcile(versions)).rejects.toMatchObject({ code: 'RETRIES_EXHAUSTED' });
  });

  it('waits on close for what runs, and refuses what comes later', async () => {
    let release = () => {};
    const conflictResolver: ConflictResolver = {
      async resolve() {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return [];
      },
    };
    const coordinator = new SyncCoordinator({ conflictResolver });
    const versions = { base, local: base, remote: base };
    const running = coordinator.reconcile(versions);
    await new Promise((resolve) => setImmediate(resolve));
    const order: string[] = [];
    const closed = coordinator.close().then(() => order.push('closed'));
    await new Promise((resolve) => setImmediate(resolve));
    order.push('released');
    release();
    expect((await running).state).toEqual(base);
    await closed;
    expect(order).toEqual(['released', 'closed']);
    await expect(coordinator.reconcile(versions)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('gives up with the reason when its signal aborts', async () => {
    const reason = new Error('enough');
    const versions = { base, local: base, remote: base, signal: AbortSignal.abort(reason) };
    await expect(new SyncCoordinator().reconcile(versions)).rejects.toBe(reason);

    const controller = new AbortController();
    const conflictResolver: ConflictResolver = {
      resolve: () => {
        controller.abort(reason);
        return new Promise(() => {});
      },
    };
    const hanging = new SyncCoordinator({ conflictResolver }).reconcile({ ...versions, signal: controller.signal });
    await expect(hanging).rejects.toBe(reason);
  });
});
