import type fc from 'fast-check';
import type { VersionStore } from '../../src/state/version-store.ts';

/** The store, with time passing before and after each of its steps, as the scheduler likes. */
export function scheduledStore(store: VersionStore, scheduler: fc.Scheduler): VersionStore {
  const step =
    <A extends unknown[], R>(what: string, work: (...values: A) => Promise<R>) =>
    async (...values: A): Promise<R> => {
      await scheduler.schedule(Promise.resolve(), `to ${what}`);
      const result = await work.apply(store, values);
      await scheduler.schedule(Promise.resolve(), `from ${what}`);
      return result;
    };
  return {
    init: () => store.init(),
    identity: () => store.identity(),
    latestVersion: (id) => store.latestVersion(id),
    commit: step('commit', store.commit),
    lastSequence: step('lastSequence', store.lastSequence),
    read: step('read', store.read),
    scan: step('scan', store.scan),
    history: step('history', store.history),
    changes: step('changes', store.changes),
    vacuum: step('vacuum', store.vacuum),
  };
}
