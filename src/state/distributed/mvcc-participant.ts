import { type Clock, systemClock } from '../../core/clock.ts';
import { ConcurrencyConflictError, InvalidArgumentError } from '../../core/errors.ts';
import { frozenJson } from '../../core/json-value.ts';
import { checkAggregateId } from '../arguments.ts';
import type { CommitRequest, NotCommitted, VersionStore } from '../version-store.ts';
import { PreparedConflictError } from './errors.ts';
import type { TwoPhaseParticipant } from './participant.ts';

/** A transaction of its own that prepares itself under the id of the distributed one. */
export interface PreparableTransaction {
  prepare(transactionId: string): Promise<unknown>;
}

/** What is to be written, and what must hold until it is; or an open transaction that can prepare. */
export type MVCCWork =
  | PreparableTransaction
  | (Pick<CommitRequest, 'writes'> & Partial<Pick<CommitRequest, 'checks' | 'retention'>>);

/**
 * The versions of a {@link VersionStore} as a participant. What is prepared holds what it writes and has checked: until it is
 * decided, nobody else writes that.
 *
 * `prepare` rejects with {@link ConcurrencyConflictError} if a check does not hold, and with {@link PreparedConflictError} if
 * another prepared transaction holds what it writes.
 *
 * @throws {@link InvalidArgumentError} for a store that can't prepare.
 */
export function mvccParticipant(
  store: VersionStore,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): TwoPhaseParticipant<MVCCWork> {
  if (!store.prepare || !store.decide || !store.prepared) {
    throw new InvalidArgumentError('store', 'a VersionStore with prepare, decide and prepared', store);
  }
  const { prepare, decide, prepared } = store;
  const now = () => Math.floor(clock.now());
  const settle = async (id: string, decision: 'commit' | 'rollback') => {
    await store.init();
    await decide.call(store, id, decision, now());
  };
  return {
    async prepare(transactionId, work) {
      if ('prepare' in work) {
        await work.prepare(transactionId);
        return;
      }
      await store.init();
      const { checks = [], retention } = work;
      const writes = work.writes.map((write) => ({
        ...write,
        aggregateId: checkAggregateId(write.aggregateId),
        state: write.state === undefined ? undefined : frozenJson(write.state, `state of "${write.aggregateId}"`),
      }));
      const outcome = await prepare.call(store, transactionId, { writes, checks, retention, timestamp: now() });
      if (outcome.status !== 'prepared') throw refusal(outcome);
    },
    commit: (transactionId) => settle(transactionId, 'commit'),
    rollback: (transactionId) => settle(transactionId, 'rollback'),
    async prepared() {
      await store.init();
      return (await prepared.call(store)).map(({ id }) => id);
    },
  };
}

function refusal(outcome: NotCommitted): Error {
  if (outcome.status === 'locked') return new PreparedConflictError(outcome.aggregateId, outcome.preparedBy);
  const [{ check, aggregateId, actualVersion }] = outcome.failed as [(typeof outcome.failed)[0]];
  const expectedVersion = 'version' in check ? check.version : 'any';
  const detail = 'prefix' in check ? { detail: `"${check.prefix}" was to stay as it was` } : {};
  return new ConcurrencyConflictError({ aggregateId, expectedVersion, actualVersion, ...detail });
}
