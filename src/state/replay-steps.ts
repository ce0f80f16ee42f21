import { ConcurrencyConflictError } from '../core/errors.ts';
import { scanVersions } from './scan-versions.ts';
import type { ReadContext } from './transaction-reads.ts';
import type { VersionCheck, VersionStore } from './version-store.ts';
import type { Changes, NewState, Statement, Step } from './write-set.ts';

/** Others commit in between each time only under heavy contention: then it is better to give up. */
const maxAttempts = 50;

/**
 * Makes all steps anew of what is committed now, and settles what comes of it on condition that none of it has changed
 * meanwhile; otherwise once more. So a statement over many aggregates takes effect as of the moment of the commit.
 */
export async function replaySteps<T>(
  steps: readonly Step[],
  on: { context: ReadContext; settle: (changes: Changes) => Promise<T>; assertGoesOn: () => void },
): Promise<T> {
  const store = await on.context.store();
  for (let attempt = 1; ; attempt++) {
    const snapshot = on.context.snapshots.open(on.context.store);
    try {
      const changes = await replay(store, steps, await snapshot.sequence, on.assertGoesOn);
      on.assertGoesOn();
      return await on.settle(changes);
    } catch (error) {
      if (!(error instanceof ConcurrencyConflictError) || attempt >= maxAttempts) throw error;
    } finally {
      snapshot.release();
    }
  }
}

async function replay(
  store: VersionStore,
  steps: readonly Step[],
  sequence: number,
  assertOpen: () => void,
): Promise<Changes> {
  const own = new Map<string, NewState>();
  const prefixes = new Set<string>();
  for (const step of steps) {
    if (step instanceof Map) for (const [id, state] of step) own.set(id, state);
    else {
      const { prefix, change } = step as Statement;
      prefixes.add(prefix);
      const changed: [string, NewState][] = [];
      for await (const found of scanVersions(store, { prefix, sequence, batchSize: 100, own, assertOpen })) {
        const state = await change(found.state, found.aggregateId);
        if (state !== found.state) changed.push([found.aggregateId, state]);
      }
      for (const [id, state] of changed) own.set(id, state);
    }
  }
  const writes: { aggregateId: string; state: NewState }[] = [];
  const deleted: VersionCheck[] = [];
  for (const [aggregateId, state] of own) {
    if (state === undefined) deleted.push({ aggregateId, sequence });
    if (state !== undefined || (await store.read(aggregateId, { sequence }))?.state !== undefined) {
      writes.push({ aggregateId, state });
    }
  }
  return { writes, checks: [...[...prefixes].map((prefix) => ({ prefix, sequence })), ...deleted] };
}
