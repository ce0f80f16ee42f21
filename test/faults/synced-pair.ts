import type { JsonObject } from '../../src/core/json-value.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { StateReplica, type VersionedStates } from '../../src/sync/state-replica.ts';

export const pairIds = ['r1', 'r2', 'r3'];

/** Two sides and the journal between them, all in one storage, as one process has them. */
export function syncedPair(store: VersionStore) {
  const mvcc = new MVCCController<JsonObject>({ store });
  const states = new StateManager<JsonObject>({ mvcc, retry: { maxAttempts: 1000 } });
  const side = (name: string) => {
    const prefix = `${name}/`;
    const prefixed: VersionedStates<JsonObject> = {
      get: (id) => states.get(prefix + id),
      set: (id, state, options) => states.set(prefix + id, state, options),
      delete: (id, options) => states.delete(prefix + id, options),
      subscribe(listener, options) {
        return states.subscribe(({ aggregateId }) => {
          if (aggregateId.startsWith(prefix)) listener({ aggregateId: aggregateId.slice(prefix.length) });
        }, options);
      },
    };
    return {
      replica: new StateReplica<JsonObject>(prefixed, { ids: () => pairIds, others: true }),
      /** An edit by the application: it is made when this has resolved. */
      edit: (id: string, field: string, isThere: boolean) =>
        states.update(prefix + id, ({ [field]: _old, ...others } = {}) =>
          isThere ? { ...others, [field]: 1 } : others,
        ),
      state: async (id: string) => (await states.get(prefix + id))?.state,
    };
  };
  return { mvcc, states, spec: side('spec'), runtime: side('runtime') };
}
