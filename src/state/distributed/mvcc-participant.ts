import { checkMethods } from '../../core/check-argument.ts';
import type { JsonValue } from '../../core/json-value.ts';
import type { IsolationLevel } from '../isolation-level.ts';
import type { MVCCController } from '../mvcc-controller.ts';
import { GuardedTransaction, type StateTransaction } from '../state-transaction.ts';
import type { Transaction } from '../transaction.ts';
import type { TwoPhaseParticipant } from './participant.ts';

/** What to read and write in a transaction that is begun for it; or one that is open, and ends by taking part. */
export type MVCCWork<S = JsonValue> = Transaction<S> | ((transaction: StateTransaction<S>) => Promise<unknown>);

/** Options of an {@link mvccParticipant}. */
export interface MVCCParticipantOptions {
  /** Of the transactions that it begins. Default `serializable`. */
  readonly isolationLevel?: IsolationLevel;
}

/**
 * The versions of a controller as a participant. Until it is decided, what is prepared holds what it has written and, to be
 * serializable, read: nobody else writes that.
 *
 * `prepare` rejects as {@link Transaction.prepare} does: with {@link ConcurrencyConflictError} if somebody else was first, with
 * {@link PreparedConflictError} if another prepared transaction holds what it writes, with {@link TwoPhaseUnsupportedError}
 * if the store can't.
 */
export function mvccParticipant<S = JsonValue>(
  mvcc: MVCCController<S>,
  { isolationLevel = 'serializable' }: MVCCParticipantOptions = {},
): TwoPhaseParticipant<MVCCWork<S>> {
  checkMethods(mvcc, 'mvcc', 'an MVCCController', 'decide');
  return {
    async prepare(transactionId, work, signal) {
      if (typeof work !== 'function') return work.prepare(transactionId);
      const transaction = mvcc.begin({ isolationLevel, signal });
      try {
        await work(new GuardedTransaction(transaction, async () => {}));
        await transaction.prepare(transactionId);
      } finally {
        await transaction.rollback();
      }
    },
    commit: (transactionId) => mvcc.decide(transactionId, 'commit'),
    rollback: (transactionId) => mvcc.decide(transactionId, 'rollback'),
    prepared: async () => (await mvcc.prepared()).map(({ id }) => id),
  };
}
