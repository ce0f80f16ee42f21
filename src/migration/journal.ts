import type { Clock } from '../core/clock.ts';
import { isMigrationError } from '../core/errors.ts';
import type { JsonObject } from '../core/json-value.ts';
import { MigrationRunningError, MigrationTakenOverError } from './errors.ts';
import type { MigrationEvent } from './journal-event.ts';
import { JournalState } from './journal-state.ts';
import type { JournalStore } from './journal-store.ts';

/** Where a journal is and who is told of it. */
export interface JournalOptions {
  readonly migration: string;
  readonly stages: readonly string[];
  readonly store: JournalStore;
  readonly stream: string;
  readonly clock: Clock;
  readonly onEvent: (event: MigrationEvent) => void;
}

/** Folds the journal as it is stored now. */
export async function readJournal(options: JournalOptions, signal?: AbortSignal): Promise<JournalState> {
  const state = new JournalState(options.migration, options.stages);
  for await (const { type, data, timestamp } of options.store.read(options.stream, signal ? { signal } : {})) {
    state.apply({ type, data } as unknown as MigrationEvent, timestamp.getTime());
  }
  return state;
}

/**
 * The right to write one migration's journal, until it is released or lost.
 *
 * Every append expects the version that this runner knows, so whoever writes beside it makes one of the two fail. A sign
 * of life is written at a third of the lease when there is nothing else to write.
 */
export class Journal {
  readonly state: JournalState;
  readonly #options: JournalOptions;
  readonly #runner: string;
  readonly #leaseMs: number;
  readonly #lost = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();
  #cancelHeartbeat = () => {};

  private constructor(options: JournalOptions, state: JournalState, runner: string, leaseMs: number) {
    this.#options = options;
    this.state = state;
    this.#runner = runner;
    this.#leaseMs = leaseMs;
  }

  /**
   * Takes the migration whose journal was just read.
   *
   * @throws {@link MigrationRunningError} if another runner claimed it since.
   */
  static async claim(
    options: JournalOptions,
    state: JournalState,
    claim: { runner: string; leaseMs: number },
  ): Promise<Journal> {
    const journal = new Journal(options, state, claim.runner, claim.leaseMs);
    const claimed: MigrationEvent = { type: 'migration.claimed', data: claim };
    try {
      if (state.version > 0) await journal.append(claimed);
      else await journal.append({ type: 'migration.started', data: { stages: options.stages } }, claimed);
    } catch (error) {
      if (!(error instanceof MigrationTakenOverError)) throw error;
      throw new MigrationRunningError(
        { migration: options.migration, runner: null, leaseExpiresAt: null },
        { cause: error },
      );
    }
    return journal;
  }

  /** Aborts when the journal can't be written any more, with the reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Records events, all or none, after those recorded before.
   *
   * @throws {@link MigrationTakenOverError} if another runner has the migration now. The store's own errors pass through;
   * whether the events are there is then unknown, and this journal refuses to go on.
   */
  append(...events: MigrationEvent[]): Promise<void> {
    const written = this.#tail.then(() => this.#write(events));
    this.#tail = written.catch(() => undefined); // the caller has the failure, and so has every later append
    return written;
  }

  /** Records the last events and leaves the migration to others. */
  async release(...events: MigrationEvent[]): Promise<void> {
    await this.append(...events, { type: 'migration.released', data: { runner: this.#runner } });
    this.end();
  }

  /** Stops the signs of life. */
  end(): void {
    this.#cancelHeartbeat();
  }

  async #write(events: readonly MigrationEvent[]): Promise<void> {
    this.lost.throwIfAborted();
    this.#cancelHeartbeat();
    const { store, stream, clock, migration, onEvent } = this.#options;
    const now = clock.now();
    try {
      const entries = events.map((event) => ({ ...event, data: event.data as JsonObject, timestamp: new Date(now) }));
      await store.append(stream, entries, { expectedVersion: this.state.version });
    } catch (error) {
      const overtaken = isMigrationError(error, 'CONCURRENCY_CONFLICT');
      const reason = overtaken ? new MigrationTakenOverError(migration, { cause: error }) : error;
      this.#lost.abort(reason);
      throw reason;
    }
    for (const event of events) {
      this.state.apply(event, now);
      onEvent(event);
    }
    this.#cancelHeartbeat = clock.schedule(() => this.#heartbeat(), this.#leaseMs / 3);
  }

  #heartbeat(): void {
    // A failure aborts `lost`, which is what everybody watches.
    void this.append({ type: 'migration.heartbeat', data: { runner: this.#runner } }).catch(() => undefined);
  }
}
