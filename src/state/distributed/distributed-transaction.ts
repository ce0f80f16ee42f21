import { withEither } from '../../core/abort.ts';
import type { Clock } from '../../core/clock.ts';
import { InvalidArgumentError, isMigrationError, messageOf, TimeoutError } from '../../core/errors.ts';
import { frozenJson, type JsonValue } from '../../core/json-value.ts';
import { TransactionEndedError } from '../errors.ts';
import { TransactionInDoubtError, TransactionOvertakenError, TransactionRolledBackError } from './errors.ts';
import type { Participants, WorkOf } from './participant.ts';
import type { ParticipantCalls } from './participant-calls.ts';
import type { TransactionSettlement, Unsettled } from './settle-transaction.ts';
import type { TransactionRecord } from './transaction-record.ts';

/** A transaction that is committed. */
export interface DistributedCommit {
  readonly transactionId: string;
  /** Who has not answered to the commit yet, and may not show it: `recover()` goes on with them. */
  readonly pending: readonly string[];
}

/** What a transaction works with. */
export interface TransactionParts {
  readonly calls: ParticipantCalls;
  readonly settlement: TransactionSettlement;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Keeps the coordinator from recovering the transaction while it runs here. */
  readonly running: <T>(id: string, work: () => Promise<T>) => Promise<T>;
}

/** Work of several participants that takes effect everywhere or nowhere (MV9). Made by {@link TransactionCoordinator.begin}. */
export class DistributedTransaction<P extends Participants = Participants> {
  readonly #record: TransactionRecord;
  readonly #parts: TransactionParts;
  readonly #work = new Map<string, unknown>();
  /** Calls that may still come to an effect. */
  readonly #unanswered = new Set<Promise<unknown>>();
  #ended = false;

  /** Made by a coordinator. */
  constructor(record: TransactionRecord, parts: TransactionParts) {
    this.#record = record;
    this.#parts = parts;
  }

  get id(): string {
    return this.#record.id;
  }

  /**
   * Says what a participant is to do, once each. Nobody is asked before the commit. Sagas run in the order of these calls.
   *
   * @throws {@link UnknownParticipantError} if the coordinator has none of this name.
   * @throws {@link InvalidArgumentError} if it has its work already, or the input of a saga is no JSON value.
   * @throws {@link TransactionEndedError} after the commit or rollback.
   */
  enlist<Name extends keyof P & string>(name: Name, work: WorkOf<P[Name]>): this {
    this.#assertOpen();
    if (this.#work.has(name)) throw new InvalidArgumentError('name', 'a participant without work so far', name);
    this.#work.set(name, this.#parts.calls.isSaga(name) ? frozenJson<unknown>(work, `work of "${name}"`) : work);
    return this;
  }

  /**
   * Has everybody prepare, then runs the sagas, decides, and tells everybody.
   *
   * @throws {@link TransactionRolledBackError} if somebody could not: nothing took effect, or it is compensated.
   * @throws {@link TransactionInDoubtError} if the log did not answer when it was decided.
   * @throws {@link TransactionEndedError} if it was called before.
   */
  async commit(): Promise<DistributedCommit> {
    this.#assertOpen();
    this.#ended = true;
    return this.#parts.running(this.id, () => this.#commit());
  }

  /** Forgets it: nobody has been asked anything. Does nothing after `commit()`; what that has begun, its `signal` ends. */
  async rollback(): Promise<void> {
    this.#ended = true;
  }

  async #commit(): Promise<DistributedCommit> {
    const { calls, clock, timeoutMs, signal, settlement } = this.#parts;
    const within = signal ? [signal, calls.closed] : [calls.closed];
    for (const each of within) each.throwIfAborted();
    const sagas = [...this.#work].filter(([name]) => calls.isSaga(name));
    const participants = [...this.#work.keys()].filter((name) => !calls.isSaga(name));
    await this.#record.append({ type: 'transaction.begun', data: { participants, timeoutMs } }, this.#now());
    let prepared: Readonly<Record<string, JsonValue>>;
    // An append to the log is never left alone: what is over in time are the calls.
    const expiry = new AbortController();
    const expire = () => expiry.abort(new TimeoutError(`transaction ${this.id}`, timeoutMs));
    const cancel = clock.schedule(expire, timeoutMs, { keepAlive: true });
    try {
      prepared = await withEither([...within, expiry.signal], async (inTime) => {
        const answers = await this.#prepare(participants, inTime);
        for (const [name, input] of sagas) await this.#execute(name, input as JsonValue, inTime);
        inTime.throwIfAborted();
        return answers;
      });
    } catch (error) {
      return await this.#rollBack(error);
    } finally {
      cancel();
    }
    try {
      const decision = { type: 'transaction.decided', data: { outcome: 'commit', prepared } } as const;
      await this.#record.append(decision, this.#now());
    } catch (error) {
      if (isMigrationError(error, 'CONCURRENCY_CONFLICT')) return this.#rollBack(error);
      throw new TransactionInDoubtError(this.id, { cause: error });
    }
    const unsettled = await settlement.settle(this.#record);
    return Object.freeze({ transactionId: this.id, pending: waitingFor(unsettled) });
  }

  async #rollBack(cause: unknown): Promise<never> {
    const record = this.#record;
    const late = [...this.#unanswered];
    let isOurs: boolean;
    try {
      isOurs = await record.decideRollback(cause, this.#now());
    } catch (error) {
      // Without a decision it is rolled back all the same, by whoever recovers.
      const pending = [...this.#work.keys()];
      const both = new AggregateError([cause, error], messageOf(cause));
      throw new TransactionRolledBackError({ transactionId: this.id, pending, parked: undefined }, { cause: both });
    }
    const { settlement } = this.#parts;
    const unsettled = isOurs ? await settlement.settle(record, late.length === 0) : await settlement.undoAgain(record);
    if (late.length > 0) void this.#undoLate(late);
    throw new TransactionRolledBackError(
      { transactionId: this.id, pending: waitingFor(unsettled), parked: record.parked?.participant },
      { cause: isOurs ? cause : new TransactionOvertakenError({ cause }) },
    );
  }

  /**
   * What was asked for and given up may come to an effect still. Never rejects: if it is never answered, or can't be undone now,
   * the transaction stays open, and a recovery tells.
   */
  async #undoLate(calls: readonly Promise<unknown>[]): Promise<void> {
    await Promise.allSettled(calls);
    const {
      settlement,
      calls: { closed },
    } = this.#parts;
    if (closed.aborted || this.#record.parked) return;
    const unsettled = await settlement.undoAgain(this.#record);
    if (unsettled.length === 0) await settlement.end(this.#record);
  }

  /** All at once. Waits for every answer before it fails, so that a rollback comes after what it undoes. */
  async #prepare(names: readonly string[], signal: AbortSignal): Promise<Readonly<Record<string, JsonValue>>> {
    const answers = await Promise.allSettled(
      names.map(async (name) => {
        const participant = this.#parts.calls.preparer(name);
        const answer = await this.#ask(
          `prepare by "${name}"`,
          (inTime) => participant.prepare(this.id, this.#work.get(name), inTime),
          signal,
        );
        return answer === undefined ? [] : [[name, frozenJson(answer, `what "${name}" prepared`)] as const];
      }),
    );
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
    return Object.fromEntries(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])));
  }

  async #execute(name: string, input: JsonValue, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const started = { type: 'transaction.step_started', data: { participant: name, input } } as const;
    await this.#record.append(started, this.#now());
    const participant = this.#parts.calls.saga(name);
    await this.#ask(`execute by "${name}"`, (inTime) => participant.execute(this.id, input, inTime), signal);
  }

  #ask<T>(what: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#parts.calls.ask(
      what,
      (inTime) => {
        const answer = (async () => work(inTime))();
        this.#unanswered.add(answer);
        const answered = () => void this.#unanswered.delete(answer);
        answer.then(answered, answered);
        return answer;
      },
      signal,
    );
  }

  #assertOpen(): void {
    if (this.#ended) throw new TransactionEndedError();
  }

  #now(): Date {
    return new Date(this.#parts.clock.now());
  }
}

/** The log itself is waited for by nobody: it is read again by `recover()`. */
function waitingFor(unsettled: readonly Unsettled[]): readonly string[] {
  return Object.freeze(unsettled.flatMap(({ participant }) => participant ?? []));
}
