import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError, ConcurrencyConflictError, InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { checkAggregateId, checkWhole } from './arguments.ts';
import { PreparedConflictError } from './errors.ts';
import { isolationLevels } from './isolation-level.ts';
import { MemoryVersionStore } from './memory-version-store.ts';
import { OpenSnapshots } from './open-snapshots.ts';
import { type BeginOptions, type CommittedVersions, Transaction } from './transaction.ts';
import type { CommitRequest, Retention, VersionCheck, VersionStore } from './version-store.ts';
import { type VersionedState, versionedState } from './versioned-state.ts';

/** Where the versions are kept, and how many. */
export interface MVCCControllerOptions {
  /** Default: a {@link MemoryVersionStore} of its own. */
  readonly store?: VersionStore;
  /**
   * Removes the old versions of an aggregate whenever a new one is written, so that endless updates need bounded space:
   * all but the newest `versions` and what an open snapshot of this controller sees. One more may stay until the next
   * write. Default: every version stays until {@link MVCCController.vacuum}.
   */
  readonly retention?: { readonly versions: number };
  readonly clock?: Clock;
}

/** Which part of an aggregate's history is read. */
export interface HistoryOptions {
  /** Default 1. */
  readonly fromVersion?: number;
  /** How many versions are held at a time. Default 100. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The versions of aggregates, and transactions over any number of them.
 *
 * `S` is the type of the states: one type, or a union of those that are kept here. Several controllers, in several
 * processes, may share one store.
 *
 * @example
 * ```ts
 * const mvcc = new MVCCController<{ done: boolean }>();
 * await mvcc.writeVersion('task-1', { done: false }, 0);
 * await using transaction = mvcc.begin({ isolationLevel: 'serializable' });
 * const task = await transaction.read('task-1');
 * await transaction.write('task-1', { done: !task?.state.done });
 * await transaction.commit();
 * ```
 */
export class MVCCController<S = JsonValue> {
  readonly #store: VersionStore;
  readonly #clock: Clock;
  readonly #keepVersions: number | undefined;
  readonly #snapshots = new OpenSnapshots();
  readonly #transactions = new Set<{ end(): void }>();
  #initialized: Promise<void> | undefined;
  #closed = false;

  constructor(options: MVCCControllerOptions = {}) {
    const { store = new MemoryVersionStore(), retention, clock = systemClock } = options;
    if (typeof store.commit !== 'function') throw new InvalidArgumentError('options.store', 'a VersionStore', store);
    this.#keepVersions = retention && checkWhole(retention.versions, 1, 'options.retention.versions');
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Writes the next version of an aggregate, durably once resolved.
   *
   * With an expected version it takes effect only if that is the newest one; of several writes racing on it exactly one
   * wins (MV3).
   *
   * @param aggregateId - 1 to 255 characters of well-formed text without NUL.
   * @param state - A JSON value; kept as a frozen copy.
   * @param expectedVersion - 0 means that it does not exist yet. Default: whatever is there.
   * @throws {@link ConcurrencyConflictError} if another version was found: read again, then retry.
   * @throws {@link InvalidArgumentError} for what can't be stored, before anything is written.
   */
  async writeVersion(aggregateId: string, state: S, expectedVersion?: number): Promise<VersionedState<S>> {
    const write = { aggregateId: checkAggregateId(aggregateId), state: frozenJson(state as JsonValue, 'state') };
    const checks: VersionCheck[] = [];
    if (expectedVersion !== undefined) {
      checks.push({ aggregateId, version: checkWhole(expectedVersion, 0, 'expectedVersion') });
    }
    const { versions, timestamp } = await this.#commit({ writes: [write], checks });
    return versionedState({ ...write, version: versions[0]!, timestamp });
  }

  /**
   * The newest version of an aggregate, or the one of this number; null if there is none, or no more.
   *
   * A version that is read again is the same (MV2).
   */
  async readVersion(aggregateId: string, version?: number): Promise<VersionedState<S> | null> {
    checkAggregateId(aggregateId);
    if (version !== undefined) checkWhole(version, 0, 'version');
    const store = await this.#ready();
    const found = await store.read(aggregateId, version === undefined ? undefined : { version });
    return found ? versionedState(found) : null;
  }

  /** The number of an aggregate's newest version; 0 if it does not exist. */
  async latestVersion(aggregateId: string): Promise<number> {
    checkAggregateId(aggregateId);
    return (await this.#ready()).latestVersion(aggregateId);
  }

  /** The versions of an aggregate in order, read a batch at a time while they are iterated. */
  async *history(aggregateId: string, options: HistoryOptions = {}): AsyncGenerator<VersionedState<S>, void, void> {
    const { batchSize = 100, signal } = options;
    checkAggregateId(aggregateId);
    checkWhole(batchSize, 1, 'options.batchSize');
    let fromVersion = checkWhole(options.fromVersion ?? 1, 1, 'options.fromVersion');
    for (;;) {
      signal?.throwIfAborted();
      const batch = await (await this.#ready()).history(aggregateId, { fromVersion, limit: batchSize });
      for (const stored of batch) yield versionedState(stored);
      if (batch.length < batchSize) return;
      fromVersion = batch.at(-1)!.version + 1;
    }
  }

  /**
   * Begins a transaction. Nothing is asked of the store yet.
   *
   * @throws {@link InvalidArgumentError} for an unknown isolation level.
   */
  begin(options: BeginOptions = {}): Transaction<S> {
    if (this.#closed) throw new ClosedError('the MVCC controller');
    const { isolationLevel = 'serializable', readOnly = false, signal } = options;
    if (!isolationLevels.includes(isolationLevel)) {
      throw new InvalidArgumentError('options.isolationLevel', isolationLevels.join(', '), isolationLevel);
    }
    const transaction = new Transaction<S>(
      {
        store: () => this.#ready(),
        commit: (request) => this.#commit(request),
        now: () => this.#now(),
        snapshots: this.#snapshots,
        ended: (ended) => void this.#transactions.delete(ended),
      },
      { isolationLevel, readOnly, signal },
    );
    if (!signal?.aborted) this.#transactions.add(transaction);
    return transaction;
  }

  /**
   * Removes old versions: of each aggregate the newest `keepVersions` stay, and whatever an open snapshot of this
   * controller sees (MV5).
   *
   * @returns How many were removed.
   */
  async vacuum({ keepVersions }: { readonly keepVersions: number }): Promise<number> {
    checkWhole(keepVersions, 1, 'options.keepVersions');
    const store = await this.#ready();
    this.#snapshots.reached(await store.lastSequence());
    return store.vacuum(this.#retention(keepVersions));
  }

  /**
   * A name of the store that no other store has: with it, an aggregate's id and a version name one state for ever.
   */
  async identity(): Promise<string> {
    return (await this.#ready()).identity();
  }

  /** Rolls back its open transactions. The store stays as it is. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const transaction of this.#transactions) transaction.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #commit(request: Pick<CommitRequest, 'writes' | 'checks'>): Promise<CommittedVersions> {
    const store = await this.#ready();
    const timestamp = this.#now();
    const retention = this.#keepVersions === undefined ? undefined : this.#retention(this.#keepVersions);
    const outcome = await store.commit({ ...request, timestamp, retention });
    if (outcome.status === 'committed') {
      this.#snapshots.reached(outcome.sequence);
      return outcome;
    }
    if (outcome.status === 'locked') throw new PreparedConflictError(outcome);
    const [{ check, aggregateId, actualVersion }, ...others] = outcome.failed as [(typeof outcome.failed)[0]];
    const detail = others.length === 0 ? {} : { detail: `and ${others.length} more have changed` };
    throw new ConcurrencyConflictError({
      aggregateId,
      expectedVersion: 'version' in check ? check.version : 0,
      actualVersion,
      ...detail,
    });
  }

  #retention(keepVersions: number): Retention {
    return { keepVersions, horizon: this.#snapshots.horizon };
  }

  /** Whole ms, as the store keeps them. */
  #now(): number {
    return Math.floor(this.#clock.now());
  }

  /** The store, initialized on first use; a failure is forgotten, so that the next use tries again. */
  async #ready(): Promise<VersionStore> {
    if (this.#closed) throw new ClosedError('the MVCC controller');
    this.#initialized ??= this.#store.init();
    try {
      await this.#initialized;
    } catch (error) {
      this.#initialized = undefined;
      throw error;
    }
    return this.#store;
  }
}
