import { sleep } from '../../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { isMigrationError } from '../../core/errors.ts';
import { createId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { TransactionLogError } from './errors.ts';
import type { TransactionEntry, TransactionEntryType } from './transaction-entry.ts';
import type { LogEntry, TransactionLog } from './transaction-log.ts';

/** Where the transactions of a coordinator are kept. */
export interface JournalOptions {
  readonly log: TransactionLog;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly retry: { readonly maxAttempts: number; readonly backoff: BackoffOptions };
}

/** The transactions that had not ended as of a position of the log. */
export interface OpenTransactions {
  readonly ids: ReadonlySet<string>;
  readonly position: number;
  /** How many entries had to be read for it. */
  readonly read: number;
}

const begun: TransactionEntryType = 'transaction.begun';
const ended: TransactionEntryType = 'transaction.ended';

/** The log of one coordinator's transactions: a stream for each, and one of the coordinator that says which are open. */
export class TransactionJournal {
  readonly #options: JournalOptions;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /**
   * Appends to a transaction's stream, all or none. A failure that leaves open whether it took effect is settled by trying
   * again: entries have ids.
   *
   * @throws {@link ConcurrencyConflictError} if somebody else appended meanwhile.
   */
  append(transactionId: string, entries: readonly TransactionEntry[], expectedVersion: number): Promise<void> {
    return this.#append(this.#stream(transactionId), entries, expectedVersion);
  }

  read(transactionId: string): AsyncIterable<LogEntry> {
    return this.#options.log.read(this.#stream(transactionId));
  }

  /** The transactions that have begun and not ended: reads from where {@link TransactionJournal.saveOpen} was last called. */
  async open(signal?: AbortSignal): Promise<OpenTransactions> {
    const { log, name } = this.#options;
    const ids = new Set<string>();
    let [position, read] = [0, 0];
    for await (const { data } of log.read(name, { direction: 'backward', limit: 1, signal })) {
      const saved = data as { readonly position: number; readonly open: readonly string[] };
      position = saved.position;
      for (const id of saved.open) ids.add(id);
    }
    const query = [{ types: [begun, ended], tags: [this.#tag] }];
    for await (const entry of log.readAll({ after: position, query, signal })) {
      const id = entry.stream.slice(name.length + 1);
      if (entry.type === begun) ids.add(id);
      else ids.delete(id);
      position = entry.position;
      read += 1;
    }
    return { ids, position, read };
  }

  /** Lets later calls of {@link TransactionJournal.open} begin at this position. */
  saveOpen(position: number, open: readonly string[]): Promise<void> {
    const { name } = this.#options;
    return this.#append(name, [{ type: 'transactions.open', data: { position, open } }], 'any');
  }

  get #tag(): string {
    return `transactions:${this.#options.name}`;
  }

  #stream(transactionId: string): string {
    return `${this.#options.name}-${transactionId}`;
  }

  async #append(
    stream: string,
    entries: readonly { readonly type: string; readonly data: object }[],
    expectedVersion: number | 'any',
  ): Promise<void> {
    const { log, clock, random, retry } = this.#options;
    const timestamp = new Date(clock.now());
    const events = entries.map(({ type, data }) => ({
      id: createId(),
      type,
      data: data as JsonObject,
      timestamp,
      tags: [this.#tag],
    }));
    for (let attempt = 1; ; attempt++) {
      try {
        await log.append(stream, events, { expectedVersion });
        return;
      } catch (error) {
        if (isMigrationError(error, 'CONCURRENCY_CONFLICT') || attempt >= retry.maxAttempts) throw error;
      }
      await sleep(backoffDelay(attempt, retry.backoff, random), { clock });
    }
  }
}

/** An entry of a transaction's stream, as it must be. @throws {@link TransactionLogError} for what this version does not know. */
export function entryOf({ stream, version, type, data }: LogEntry): TransactionEntry {
  if (!type.startsWith('transaction.') || typeof data !== 'object' || data === null) {
    throw new TransactionLogError(stream, `entry ${version} is of the unknown type "${type}"`);
  }
  return { type, data } as unknown as TransactionEntry;
}
