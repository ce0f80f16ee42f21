import type { Clock } from '../../core/clock.ts';
import { TransactionOvertakenError } from './errors.ts';
import type { ParticipantCalls } from './participant-calls.ts';
import type { TransactionSettlement, Unsettled } from './settle-transaction.ts';
import type { TransactionJournal } from './transaction-journal.ts';
import { TransactionRecord } from './transaction-record.ts';

/** What is recovered. */
export interface RecoverOptions {
  /** Stops at the next transaction; the rest is left to the next call. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Don't wait for the `timeoutMs` of transactions whose coordinator is surely dead: they are rolled back if undecided. If it
   * lives, it learns so when it decides. Default false.
   */
  readonly takeOver?: boolean;
}

/** What became of the transactions that had not ended, by their ids. */
export interface RecoveryReport {
  readonly committed: readonly string[];
  readonly rolledBack: readonly string[];
  /** Those of `rolledBack` in which sagas had begun and are undone. */
  readonly compensated: readonly string[];
  /** Their compensation waits for a person: {@link TransactionCoordinator.parked}. */
  readonly parked: readonly string[];
  /** Undecided, and not over their time yet. */
  readonly running: readonly string[];
  /** Decided, but somebody could not be told: for the next call. */
  readonly unresolved: readonly UnresolvedTransaction[];
}

/** A transaction that could not be brought to its end. */
export interface UnresolvedTransaction {
  /** Null where a participant could not say what is prepared at it. */
  readonly transactionId: string | null;
  /** Who did not answer; null where it is the log. */
  readonly participant: string | null;
  readonly error: unknown;
}

type Report = { [K in keyof RecoveryReport]: RecoveryReport[K][number][] };

const atATime = 8;
/** So many entries are read again and again rather than writing where to begin. */
const saveEvery = 500;

/** One pass over the transactions that have not ended. */
export class TransactionRecovery {
  readonly #journal: TransactionJournal;
  readonly #calls: ParticipantCalls;
  readonly #settlement: TransactionSettlement;
  readonly #clock: Clock;
  readonly #isRunning: (id: string) => boolean;
  readonly #report: Report = {
    committed: [],
    rolledBack: [],
    compensated: [],
    parked: [],
    running: [],
    unresolved: [],
  };

  constructor(parts: {
    journal: TransactionJournal;
    calls: ParticipantCalls;
    settlement: TransactionSettlement;
    clock: Clock;
    isRunning: (id: string) => boolean;
  }) {
    this.#journal = parts.journal;
    this.#calls = parts.calls;
    this.#settlement = parts.settlement;
    this.#clock = parts.clock;
    this.#isRunning = parts.isRunning;
  }

  async run({ signal, takeOver = false }: RecoverOptions): Promise<RecoveryReport> {
    const { ids, position, read } = await this.#journal.open(signal);
    const stillOpen = new Set<string>();
    const queue = [...ids];
    const work = async () => {
      for (let id = queue.shift(); id !== undefined && !signal?.aborted; id = queue.shift()) {
        if (!(await this.#recover(id, takeOver))) stillOpen.add(id);
      }
    };
    await Promise.all(Array.from({ length: atATime }, work));
    signal?.throwIfAborted();
    await this.#sweep(signal);
    if (read >= saveEvery) await this.#journal.saveOpen(position, [...stillOpen]);
    return this.#report;
  }

  /** @returns Whether the transaction is at its end. */
  async #recover(id: string, takeOver: boolean): Promise<boolean> {
    const record = new TransactionRecord(this.#journal, id);
    try {
      await record.load();
      // Nothing is there of a transaction whose stream was deleted.
      if (!record.exists || record.ended) return true;
      const isInTime = !record.decision && !takeOver && this.#clock.now() < record.deadline;
      if (isInTime || this.#isRunning(id)) {
        this.#report.running.push(id);
        return false;
      }
      await record.decideRollback(new TransactionOvertakenError(), new Date(this.#clock.now()));
    } catch (error) {
      this.#report.unresolved.push({ transactionId: id, participant: null, error });
      return false;
    }
    const unsettled = record.parked ? [] : await this.#settlement.settle(record);
    this.#tell(record, unsettled);
    return record.ended;
  }

  #tell(record: TransactionRecord, unsettled: readonly Unsettled[]): void {
    const { id, decision, steps } = record;
    for (const left of unsettled) this.#report.unresolved.push({ transactionId: id, ...left });
    if (record.parked) this.#report.parked.push(id);
    if (unsettled.length > 0 || record.parked) return;
    if (decision?.outcome === 'commit') this.#report.committed.push(id);
    else {
      this.#report.rolledBack.push(id);
      if (steps.length > 0) this.#report.compensated.push(id);
    }
  }

  /** Tells participants what was decided of work that they prepared when the others had heard already. */
  async #sweep(signal: AbortSignal | undefined): Promise<void> {
    const seen = new Set(Object.values(this.#report).flatMap((list) => list.map((item) => idOf(item))));
    for (const participant of this.#calls.telling) {
      signal?.throwIfAborted();
      try {
        for (const id of await this.#calls.prepared(participant)) {
          if (!seen.has(id) && !this.#isRunning(id)) await this.#release(participant, id);
        }
      } catch (error) {
        this.#report.unresolved.push({ transactionId: null, participant, error });
      }
    }
  }

  async #release(participant: string, id: string): Promise<void> {
    const record = await new TransactionRecord(this.#journal, id).load();
    // Others, with a log of their own, may prepare there too; and what is open was looked at, or has begun since.
    if (record.decision) this.#tell(record, await this.#settlement.tell(record, [participant]));
  }
}

function idOf(item: string | UnresolvedTransaction): string | null {
  return typeof item === 'string' ? item : item.transactionId;
}
