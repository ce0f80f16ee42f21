import type { Subject, SubjectTransaction } from '../../state/isolation-cases.ts';
import { loadPeer } from './peer.ts';

/** The part of mvcc-api that is used here. */
interface PeerTransaction {
  read(key: string): Promise<number | null>;
  exists(key: string): Promise<boolean>;
  write(key: string, value: number): Promise<unknown>;
  create(key: string, value: number): Promise<unknown>;
  commit(): Promise<{ success: boolean; error?: string }>;
  rollback(): unknown;
  createNested(): PeerTransaction;
}

interface PeerStrategy {
  read(key: string): Promise<number>;
  write(key: string, value: number): Promise<void>;
  delete(key: string): Promise<void>;
  exists(key: string): Promise<boolean>;
}

export interface MvccApi {
  AsyncMVCCStrategy: abstract new () => object;
  AsyncMVCCTransaction: new (strategy: PeerStrategy) => PeerTransaction;
}

export const loadMvccApi = () => loadPeer<MvccApi>('mvcc-api');

/** A Map for a storage, whose writes fail from the `failsAt`th on. */
function mapStrategy({ AsyncMVCCStrategy }: MvccApi, map: Map<string, number>, failsAt: () => number): PeerStrategy {
  let writes = 0;
  return new (class extends AsyncMVCCStrategy {
    async read(key: string) {
      return map.get(key)!;
    }
    async write(key: string, value: number) {
      if (++writes >= failsAt()) throw new Error('no space left');
      map.set(key, value);
    }
    async delete(key: string) {
      map.delete(key);
    }
    async exists(key: string) {
      return map.has(key);
    }
  })();
}

/** It has one level, snapshot isolation, and no predicate reads. */
export async function mvccApiSubject(peer: MvccApi): Promise<Subject> {
  const root = new peer.AsyncMVCCTransaction(
    mapStrategy(peer, new Map(Object.entries({ 1: 10, 2: 20 })), () => Number.POSITIVE_INFINITY),
  );
  const none = () => Promise.reject(new Error('it has no predicate reads'));
  const get = async (transaction: PeerTransaction, key: string) => (await transaction.read(key)) ?? undefined;
  return {
    async begin(): Promise<SubjectTransaction> {
      const transaction = root.createNested();
      return {
        get: (id) => get(transaction, id),
        put: async (id, value) =>
          void (await ((await transaction.exists(id)) ? transaction.write(id, value) : transaction.create(id, value))),
        all: async () => [await get(transaction, '1'), await get(transaction, '2')],
        where: none,
        updateAll: none,
        deleteWhere: none,
        rollback: async () => void transaction.rollback(),
        commit: async () => ((await transaction.commit()).success ? 'committed' : 'aborted'),
      };
    },
    async final() {
      const transaction = root.createNested();
      const found = { 1: await transaction.read('1'), 2: await transaction.read('2') };
      transaction.rollback();
      return found as unknown as Record<string, number>;
    },
  };
}

/** What is stored after a commit of {1: 11, 2: 21} over {1: 10, 2: 20} whose second write fails in the storage. */
export async function halfFlushed(peer: MvccApi): Promise<Record<string, number>> {
  const map = new Map(Object.entries({ 1: 10, 2: 20 }));
  const root = new peer.AsyncMVCCTransaction(mapStrategy(peer, map, () => 2));
  const transaction = root.createNested();
  await transaction.write('1', 11);
  await transaction.write('2', 21);
  await transaction.commit();
  await root.commit().catch(() => undefined);
  return Object.fromEntries(map);
}
