import type { BackoffOptions, Random } from '../../core/backoff.ts';
import { checkMethods, checkObject } from '../../core/check-argument.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { ClosedError, InvalidArgumentError } from '../../core/errors.ts';
import { createId } from '../../core/ids.ts';
import { checkWhole } from '../arguments.ts';
import { type DistributedCommit, DistributedTransaction } from './distributed-transaction.ts';
import type { Branches, Participant, Participants, WorkOf } from './participant.ts';
import { ParticipantCalls } from './participant-calls.ts';
import { TransactionSettlement } from './settle-transaction.ts';
import type { LoggedError, TransactionEntry } from './transaction-entry.ts';
import { TransactionJournal } from './transaction-journal.ts';
import type { TransactionLog } from './transaction-log.ts';
import { TransactionRecord } from './transaction-record.ts';
import { type RecoverOptions, type RecoveryReport, TransactionRecovery } from './transaction-recovery.ts';

/** Options of a {@link TransactionCoordinator}. */
export interface TransactionCoordinatorOptions<P extends Participants> {
  /** Where decisions are kept: an `EventStore`. It must be durable, and outlive every open transaction. */
  readonly log: TransactionLog;
  /** Who takes part, by names that stay. */
  readonly participants: P;
  /** Tells the logs of several coordinators in one store apart; those of one name recover each other's. Default `transactions`. */
  readonly name?: string;
  /** Until when, from its beginning, a transaction must be decided; after it, it may be taken for abandoned. Default 30,000. */
  readonly timeoutMs?: number;
  /** For each call of `prepare` and `execute`. Default 10,000. */
  readonly prepareTimeoutMs?: number;
  /** For each call of `commit`, `rollback` and `compensate`. Default 10,000. */
  readonly settleTimeoutMs?: number;
  /** How often those, and appends to the log, are tried in one go: by default 5 times. */
  readonly retry?: { readonly maxAttempts?: number; readonly backoff?: BackoffOptions };
  readonly clock?: Clock;
  /** Chance for the jitter of retries. */
  readonly random?: Random;
}

/** How a transaction is run. */
export interface DistributedOptions {
  /** Rolls back, if it is not decided yet. */
  readonly signal?: AbortSignal | undefined;
}

/** A compensation that failed too often, and waits for a person. */
export interface ParkedTransaction {
  readonly transactionId: string;
  readonly participant: string;
  /** What the last try threw. */
  readonly error: LoggedError;
  readonly since: Date;
}

/**
 * Transactions over several stores and services that end everywhere committed or everywhere rolled back (MV9): two-phase
 * commit with presumed abort (Mohan, Lindsay, Obermarck: "Transaction Management in the R* Distributed Database Management
 * System", 1986), and sagas (Garcia-Molina, Salem, 1987) where a participant can't prepare.
 *
 * A crash leaves transactions open: call {@link TransactionCoordinator.recover} at the start and from time to time. While it
 * commits, one participant may show what another does not yet.
 *
 * @example
 * ```ts
 * const coordinator = new TransactionCoordinator({
 *   log: new EventStore({ adapter }),
 *   participants: { accounts: mvccParticipant(mvcc), ledger: eventStoreParticipant(events), card: cardService },
 * });
 * await coordinator.recover();
 * await coordinator.run({
 *   accounts: (transaction) => transaction.write('account-7', { balance: 70 }),
 *   ledger: [{ stream: 'account-7', events: [{ type: 'paid', data: { amount: 30 } }] }],
 *   card: { amount: 30 },
 * });
 * ```
 */
export class TransactionCoordinator<P extends Participants> {
  readonly #calls: ParticipantCalls;
  readonly #settlement: TransactionSettlement;
  readonly #journal: TransactionJournal;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #closed = new AbortController();
  /** By their ids, until they have answered their callers. */
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(options: TransactionCoordinatorOptions<P>) {
    checkObject(options);
    const { log, participants, name = 'transactions', timeoutMs = 30_000, clock = systemClock } = options;
    const { prepareTimeoutMs = 10_000, settleTimeoutMs = 10_000, random = Math.random } = options;
    const { maxAttempts = 5, backoff = {} } = options.retry ?? {};
    checkMethods(log, 'options.log', 'an EventStore', 'readAll');
    for (const [key, participant] of Object.entries(participants ?? {})) checkParticipant(participant, key);
    if (Object.keys(participants ?? {}).length === 0) {
      throw new InvalidArgumentError('options.participants', 'at least one participant by its name', participants);
    }
    if (typeof name !== 'string' || !/^[\w.$-]{1,64}$/.test(name)) {
      throw new InvalidArgumentError('options.name', '1 to 64 letters, digits, dots, dashes and underscores', name);
    }
    const retry = { maxAttempts: checkWhole(maxAttempts, 1, 'options.retry.maxAttempts'), backoff };
    this.#timeoutMs = checkWhole(timeoutMs, 1, 'options.timeoutMs');
    this.#clock = clock;
    this.#calls = new ParticipantCalls({
      participants,
      clock,
      random,
      prepareTimeoutMs: checkWhole(prepareTimeoutMs, 1, 'options.prepareTimeoutMs'),
      settleTimeoutMs: checkWhole(settleTimeoutMs, 1, 'options.settleTimeoutMs'),
      retry,
      closed: this.#closed.signal,
    });
    this.#settlement = new TransactionSettlement(this.#calls, clock);
    this.#journal = new TransactionJournal({ log, name, clock, random, retry });
  }

  /**
   * Runs a transaction: has everybody prepare at once, then the sagas in the order in which they are given, decides, and tells
   * everybody.
   *
   * @returns Once it is decided and everybody was told, or as often as `retry` says.
   * @throws {@link TransactionRolledBackError} if somebody could not: nothing took effect, or it is compensated.
   * @throws {@link TransactionInDoubtError} if the log did not answer when it was decided: `recover()` settles it.
   * @throws {@link InvalidArgumentError}, {@link UnknownParticipantError} and errors of the log before anybody was asked.
   */
  async run(branches: Branches<P>, options: DistributedOptions = {}): Promise<DistributedCommit> {
    const transaction = this.begin(options);
    for (const [name, work] of Object.entries(branches)) {
      if (work !== undefined) transaction.enlist(name, work as WorkOf<P[string]>);
    }
    return transaction.commit();
  }

  /** Begins a transaction whose participants are told apart, by `enlist`. Nothing is written before its commit. */
  begin(options: DistributedOptions = {}): DistributedTransaction<P> {
    this.#assertOpen();
    return new DistributedTransaction<P>(new TransactionRecord(this.#journal, createId()), {
      calls: this.#calls,
      settlement: this.#settlement,
      clock: this.#clock,
      timeoutMs: this.#timeoutMs,
      signal: options.signal,
      running: (id, work) => this.#whileRunning(id, work),
    });
  }

  /**
   * Brings to their end what a crash, or a participant that did not answer, left open: what was decided is told, what was not
   * is rolled back, begun sagas are compensated.
   *
   * May run in several processes at once, and beside transactions at work: those are left alone until their `timeoutMs` is
   * over, and afterwards the log lets only one decision be made.
   */
  async recover(options: RecoverOptions = {}): Promise<RecoveryReport> {
    this.#assertOpen();
    options.signal?.throwIfAborted();
    return new TransactionRecovery({
      journal: this.#journal,
      calls: this.#calls,
      settlement: this.#settlement,
      clock: this.#clock,
      isRunning: (id) => this.#running.has(id),
    }).run(options);
  }

  /** The transactions whose compensation failed too often, and waits for a person. */
  async parked(): Promise<readonly ParkedTransaction[]> {
    this.#assertOpen();
    const found: ParkedTransaction[] = [];
    for (const id of (await this.#journal.open()).ids) {
      const { parked } = await new TransactionRecord(this.#journal, id).load();
      if (!parked) continue;
      const { participant, error, timestamp } = parked;
      found.push(Object.freeze({ transactionId: id, participant, error, since: timestamp }));
    }
    return found;
  }

  /**
   * Tries again what is parked, and goes on with the steps before it.
   *
   * @returns Whether all of the transaction is undone now; if not, it is parked again or left to `recover()`.
   * @throws {@link InvalidArgumentError} if the transaction is not parked.
   */
  retryParked(transactionId: string): Promise<boolean> {
    return this.#resume(transactionId, () => ({ type: 'transaction.resumed', data: {} }));
  }

  /**
   * Takes what is parked for undone, because a person has undone it, and goes on with the steps before it.
   *
   * @returns As {@link TransactionCoordinator.retryParked}.
   * @throws {@link InvalidArgumentError} if the transaction is not parked.
   */
  compensatedByHand(transactionId: string): Promise<boolean> {
    return this.#resume(transactionId, (participant) => ({
      type: 'transaction.compensated',
      data: { participant, byHand: true },
    }));
  }

  /** Aborts what is not decided, stops telling what is, and waits for the log. `recover()`, of another one, goes on. */
  async close(): Promise<void> {
    if (!this.#closed.signal.aborted) this.#closed.abort(new ClosedError('the transaction coordinator'));
    await Promise.allSettled(this.#running.values());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #resume(transactionId: string, entry: (participant: string) => TransactionEntry): Promise<boolean> {
    this.#assertOpen();
    const record = await new TransactionRecord(this.#journal, transactionId).load();
    const { parked } = record;
    if (!parked) throw new InvalidArgumentError('transactionId', 'the id of a parked transaction', transactionId);
    await record.appendUnless(() => record.parked !== parked, entry(parked.participant), new Date(this.#clock.now()));
    await this.#settlement.settle(record);
    return record.ended;
  }

  async #whileRunning<T>(id: string, work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#running.set(id, running);
    try {
      return await running;
    } finally {
      this.#running.delete(id);
    }
  }

  #assertOpen(): void {
    if (this.#closed.signal.aborted) throw new ClosedError('the transaction coordinator');
  }
}

function checkParticipant(participant: Participant, name: string): void {
  const methods = typeof participant === 'object' && participant !== null ? participant : {};
  const has = (...names: string[]) => names.every((each) => typeof Reflect.get(methods, each) === 'function');
  if (has('prepare', 'commit', 'rollback') !== has('execute', 'compensate')) return;
  const expected = 'an object with prepare, commit and rollback, or one with execute and compensate';
  throw new InvalidArgumentError(`options.participants.${name}`, expected, participant);
}
