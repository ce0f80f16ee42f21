import { isMigrationError } from '../../src/core/errors.ts';
import type { IsolationLevel } from '../../src/state/isolation-level.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { collect } from './collect.ts';
import type { Level, Subject, SubjectTransaction } from './isolation-cases.ts';
import { freshIds } from './stores.ts';

/** The levels of the library, and what they are in the table. */
export const levels: Readonly<Record<IsolationLevel, Level>> = {
  read_uncommitted: 'RC',
  read_committed: 'RC',
  repeatable_read: 'SI',
  serializable: 'SER',
};

/** Transactions of one level on one store, with `1` at 10 and `2` at 20 among ids of their own. */
export async function stateSubject(store: VersionStore, isolationLevel: IsolationLevel): Promise<Subject> {
  const of = freshIds();
  const mvcc = new MVCCController<number>({ store });
  await mvcc.writeVersion(of('1'), 10);
  await mvcc.writeVersion(of('2'), 20);
  const begin = async () => {
    const transaction = mvcc.begin({ isolationLevel });
    await transaction.snapshot();
    return transaction;
  };
  const short = (aggregateId: string) => aggregateId.slice(of.prefix.length);
  return {
    async begin(): Promise<SubjectTransaction> {
      const transaction = await begin();
      const found = () => collect(transaction.scan(of.prefix));
      return {
        get: async (id) => (await transaction.read(of(id)))?.state,
        put: (id, value) => transaction.write(of(id), value),
        all: async () => (await found()).map(({ state }) => state),
        where: async (holds) =>
          (await found()).filter(({ state }) => holds(state)).map(({ aggregateId }) => short(aggregateId)),
        updateAll: async (change) => void (await transaction.updateWhere(of.prefix, change)),
        deleteWhere: async (holds) => void (await transaction.deleteWhere(of.prefix, holds)),
        rollback: () => transaction.rollback(),
        async commit() {
          try {
            await transaction.commit();
            return 'committed';
          } catch (error) {
            if (isMigrationError(error, 'CONCURRENCY_CONFLICT')) return 'aborted';
            throw error;
          }
        },
      };
    },
    async final() {
      const transaction = await begin();
      const found = await collect(transaction.scan(of.prefix));
      await transaction.commit();
      return Object.fromEntries(found.map(({ aggregateId, state }) => [short(aggregateId), state]));
    },
  };
}
