import { isMigrationError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json-value.ts';
import { TransactionLogError } from './errors.ts';
import {
  type LoggedError,
  loggedError,
  type TransactionEntry,
  type TransactionEntryData,
} from './transaction-entry.ts';
import { entryOf, type TransactionJournal } from './transaction-journal.ts';

/** A saga step that may have had an effect. */
export interface StartedStep {
  readonly participant: string;
  readonly input: JsonValue;
  compensated: boolean;
}

/**
 * What the log says of one transaction: a fold over its stream. Every entry is appended at the version that was folded,
 * so of two who decide, the second learns what the first has decided.
 */
export class TransactionRecord {
  readonly id: string;
  readonly #journal: TransactionJournal;
  #version = 0;
  /** Those who prepare. */
  participants: readonly string[] = [];
  /** From when on it may be taken for abandoned, in ms since 1970. */
  deadline = 0;
  readonly steps: StartedStep[] = [];
  decision: TransactionEntryData['transaction.decided'] | undefined;
  /** The compensation that waits for a person. */
  parked: { readonly participant: string; readonly error: LoggedError; readonly timestamp: Date } | undefined;
  ended = false;

  constructor(journal: TransactionJournal, id: string) {
    this.#journal = journal;
    this.id = id;
  }

  /** Whether there is anything in the log. */
  get exists(): boolean {
    return this.#version > 0;
  }

  /** What a participant gave when it prepared, if the transaction is to be committed. */
  preparedBy(participant: string): JsonValue | undefined {
    const { decision } = this;
    if (decision?.outcome !== 'commit' || !Object.hasOwn(decision.prepared, participant)) return undefined;
    return decision.prepared[participant];
  }

  /** Folds what was appended since, by others. */
  async load(): Promise<this> {
    for await (const entry of this.#journal.read(this.id)) {
      if (entry.version > this.#version) this.#fold(entryOf(entry), entry.timestamp);
    }
    return this;
  }

  /** @throws {@link ConcurrencyConflictError} if others appended meanwhile: {@link TransactionRecord.load} it again. */
  async append(entry: TransactionEntry, now: Date): Promise<void> {
    await this.#journal.append(this.id, [entry], this.#version);
    this.#fold(entry, now);
  }

  /** Rolls back, unless it is decided already. @returns Whether this call has decided it. */
  decideRollback(reason: unknown, now: Date): Promise<boolean> {
    const data = { outcome: 'rollback', reason: loggedError(reason) } as const;
    return this.appendUnless(() => this.decision !== undefined, { type: 'transaction.decided', data }, now);
  }

  /** Appends, unless it holds already or comes to hold by what others append. @returns Whether it was appended. */
  async appendUnless(holds: () => boolean, entry: TransactionEntry, now: Date): Promise<boolean> {
    while (!holds()) {
      try {
        await this.append(entry, now);
        return true;
      } catch (error) {
        if (!isMigrationError(error, 'CONCURRENCY_CONFLICT')) throw error;
        await this.load();
      }
    }
    return false;
  }

  #fold({ type, data }: TransactionEntry, timestamp: Date): void {
    this.#version += 1;
    switch (type) {
      case 'transaction.begun':
        this.participants = data.participants;
        this.deadline = timestamp.getTime() + data.timeoutMs;
        return;
      case 'transaction.step_started':
        this.steps.push({ ...data, compensated: false });
        return;
      case 'transaction.decided':
        this.decision = data;
        return;
      case 'transaction.compensated':
        this.parked = undefined;
        for (const step of this.steps) if (step.participant === data.participant) step.compensated = true;
        return;
      case 'transaction.parked':
        this.parked = { ...data, timestamp };
        return;
      case 'transaction.resumed':
        this.parked = undefined;
        return;
      case 'transaction.ended':
        this.ended = true;
        return;
      default:
        throw new TransactionLogError(this.id, `the entry type "${(type as { type: string }).type}" is unknown`);
    }
  }
}
