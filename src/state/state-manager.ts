import type { CacheProvider } from '../cache/cache-provider.ts';
import type { Random } from '../core/backoff.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError, InvalidArgumentError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { type IsolationLevel, isolationLevels } from './isolation-level.ts';
import { MVCCController } from './mvcc-controller.ts';
import { type RetryOptions, retryConflicts } from './retry-conflicts.ts';
import type { Transaction } from './transaction.ts';
import { VersionCache } from './version-cache.ts';
import type { VersionStore } from './version-store.ts';
import type { StateVersion, VersionedState } from './versioned-state.ts';

/** What the manager works with. */
export interface StateManagerOptions<S = JsonValue> {
  /** Nobody waits for a lock: a write that lost a race is refused, or tried again by `update`. The only kind. */
  readonly concurrencyControl?: 'optimistic';
  /** Of `transaction()`. Default `serializable`. */
  readonly isolationLevel?: IsolationLevel;
  /** Where the versions are kept. Default: in memory. Give either this or `mvcc`. */
  readonly store?: VersionStore;
  /** A controller of yours, which stays open. Give either this or `store`. */
  readonly mvcc?: MVCCController<S>;
  /** Keeps versions that were read. It may be shared; what it costs to be without it is reading from the store. */
  readonly cacheProvider?: CacheProvider;
  /** How often `update` and `transaction` try again after a conflict. */
  readonly retry?: RetryOptions;
  /** Told when the cache or a listener fails; the call goes on without it. Default: an uncaught exception. */
  readonly onError?: OnError;
  readonly clock?: Clock;
  /** Chance for the jitter of retries. */
  readonly random?: Random;
}

/** Told of each version written, deletions included. */
export type StateListener<S> = (written: StateVersion<S>) => void;

/**
 * The state of aggregates of one type: the newest version of each, and the versions before it.
 *
 * @example
 * ```ts
 * const tasks = new StateManager<{ title: string; done: boolean }>();
 * await tasks.set('task-1', { title: 'Write the parser', done: false }, { expectedVersion: 0 });
 * await tasks.update('task-1', (task) => ({ ...task!, done: true }));
 * ```
 */
export class StateManager<S = JsonValue> {
  readonly #mvcc: MVCCController<S>;
  readonly #ownsMvcc: boolean;
  readonly #cache: VersionCache<S> | undefined;
  readonly #isolationLevel: IsolationLevel;
  readonly #retry: Parameters<typeof retryConflicts>[1];
  readonly #onError: OnError;
  readonly #listeners = new Set<{ readonly told: StateListener<S> }>();
  #closed = false;

  constructor(options: StateManagerOptions<S> = {}) {
    const { concurrencyControl = 'optimistic', isolationLevel = 'serializable', store, mvcc, cacheProvider } = options;
    const { retry = {}, onError = throwLater, clock = systemClock, random = Math.random } = options;
    if (concurrencyControl !== 'optimistic') {
      throw new InvalidArgumentError('options.concurrencyControl', '"optimistic"', concurrencyControl);
    }
    if (!isolationLevels.includes(isolationLevel)) {
      throw new InvalidArgumentError('options.isolationLevel', isolationLevels.join(', '), isolationLevel);
    }
    if (store && mvcc) throw new InvalidArgumentError('options.store', 'either a store or an mvcc', store);
    this.#mvcc = mvcc ?? new MVCCController<S>({ clock, ...(store && { store }) });
    this.#ownsMvcc = mvcc === undefined;
    this.#isolationLevel = isolationLevel;
    this.#cache = cacheProvider && new VersionCache(this.#mvcc, cacheProvider, onError);
    this.#retry = { ...retry, clock, random };
    this.#onError = onError;
  }

  /**
   * Writes the next version.
   *
   * @param options - `expectedVersion`: the newest version there must be, 0 for none (MV3). Default: whatever is there.
   * @throws {@link ConcurrencyConflictError} if another version was found: read again, then retry.
   */
  async set(
    aggregateId: string,
    state: S,
    options: { readonly expectedVersion?: number } = {},
  ): Promise<VersionedState<S>> {
    this.#assertOpen();
    const written = await this.#mvcc.writeVersion(aggregateId, state, options.expectedVersion);
    this.#tell([written]);
    return written;
  }

  /**
   * The newest version, or the one of this number; null if there is none.
   *
   * Which version is the newest is always asked of the store, so no cache can make it an old one.
   */
  async get(aggregateId: string, options: { readonly version?: number } = {}): Promise<VersionedState<S> | null> {
    this.#assertOpen();
    const { version } = options;
    if (!this.#cache) return this.#mvcc.readVersion(aggregateId, version);
    if (version !== undefined) return this.#cache.read(aggregateId, version);
    const latest = await this.#mvcc.latestVersion(aggregateId);
    if (latest === 0) return null;
    // Where old versions are removed, that one may be gone by now.
    return (await this.#cache.read(aggregateId, latest)) ?? this.#mvcc.readVersion(aggregateId);
  }

  /**
   * Writes what `change` makes of the newest state, and nothing else: whoever else writes meanwhile, no update is lost.
   *
   * @param change - Gets undefined if there is no state yet. Called again after a conflict, so it has no effects elsewhere.
   * @throws {@link ConcurrencyConflictError} if it still lost the race at the last try.
   */
  async update(
    aggregateId: string,
    change: (state: S | undefined) => S | Promise<S>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<VersionedState<S>> {
    this.#assertOpen();
    return retryConflicts(
      async () => {
        const before = await this.#mvcc.readVersion(aggregateId);
        return this.set(aggregateId, await change(before?.state), { expectedVersion: before?.version ?? 0 });
      },
      { ...this.#retry, signal: options.signal },
    );
  }

  /**
   * Runs `work` in a transaction of the manager's isolation level and commits what it wrote, all or nothing (MV6).
   *
   * @param work - Called again, with a new transaction, after a conflict, so it has no effects elsewhere.
   * @throws {@link ConcurrencyConflictError} if it still lost at the last try.
   */
  async transaction<R>(
    work: (transaction: Transaction<S>) => Promise<R>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<R> {
    this.#assertOpen();
    return retryConflicts(
      async () => {
        const transaction = this.#mvcc.begin({ isolationLevel: this.#isolationLevel, signal: options.signal });
        try {
          const result = await work(transaction);
          this.#tell(await transaction.commit());
          return result;
        } finally {
          await transaction.rollback();
        }
      },
      { ...this.#retry, signal: options.signal },
    );
  }

  /**
   * Tells `listener` of every version that this manager writes, after it was committed.
   *
   * Of two versions written at the same time the later may be told first: compare their numbers.
   *
   * @returns Ends it.
   */
  subscribe(listener: StateListener<S>): () => void {
    this.#assertOpen();
    const entry = { told: listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** Ends the subscriptions and refuses what comes after. Store, controller and cache of yours stay as they are. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    if (this.#ownsMvcc) await this.#mvcc.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #tell(versions: readonly StateVersion<S>[]): void {
    for (const written of versions) {
      for (const { told } of this.#listeners) {
        try {
          told(written);
        } catch (error) {
          this.#onError(error);
        }
      }
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError('the state manager');
  }
}
