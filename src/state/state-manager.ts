import { checkFunction, checkObject } from '../core/check-argument.ts';
import { systemClock } from '../core/clock.ts';
import { ClosedError, InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { DeadlockError } from '../core/lock-errors.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { applyJsonPatch, type JsonPatchOperation } from './apply-json-patch.ts';
import { applyMergePatch, type MergePatch } from './apply-merge-patch.ts';
import { checkAggregateId, checkWhole } from './arguments.ts';
import { VersionNotFoundError } from './errors.ts';
import { checkIsolationLevel, type IsolationLevel } from './isolation-level.ts';
import type { LockManager } from './lock-manager.ts';
import { LockScope } from './lock-scope.ts';
import { MemoryLockManager } from './memory-lock-manager.ts';
import { MemoryVersionStore } from './memory-version-store.ts';
import { MVCCController } from './mvcc-controller.ts';
import type { HistoryOptions } from './mvcc-controller-options.ts';
import { recordChanges } from './record-changes.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { StateFollower } from './state-follower.ts';
import type {
  SetOptions,
  StateListener,
  StateManagerOptions,
  StateMoment,
  StateSubscription,
  StateTransactionOptions,
  SubscribeStateOptions,
} from './state-manager-options.ts';
import { GuardedTransaction, type StateTransaction } from './state-transaction.ts';
import { Turns } from './turns.ts';
import { VersionCache } from './version-cache.ts';
import type { DeletedVersion, StateVersion, VersionedState } from './versioned-state.ts';

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
  readonly #locks: LockManager | undefined;
  readonly #lockTimeoutMs: number | undefined;
  readonly #turns: Turns;
  readonly #cache: VersionCache<S> | undefined;
  readonly #isolationLevel: IsolationLevel;
  readonly #retry: Parameters<typeof retryConflicts>[1];
  readonly #onError: OnError;
  readonly #listeners = new Set<{ readonly told: StateListener<S> }>();
  readonly #followers = new Set<StateFollower<S>>();
  #closed = false;

  constructor(options: StateManagerOptions<S> = {}) {
    checkObject(options);
    const { concurrencyControl = 'optimistic', isolationLevel = 'serializable', store, mvcc, cacheProvider } = options;
    const { retry = {}, onError = throwLater, clock = systemClock, random = Math.random } = options;
    const { locks, lockTimeoutMs, events } = options;
    if (concurrencyControl !== 'optimistic' && concurrencyControl !== 'pessimistic') {
      throw new InvalidArgumentError('options.concurrencyControl', '"optimistic" or "pessimistic"', concurrencyControl);
    }
    const isPessimistic = concurrencyControl === 'pessimistic';
    for (const [name, value] of Object.entries({ locks, lockTimeoutMs })) {
      if (value === undefined || isPessimistic) continue;
      throw new InvalidArgumentError(`options.${name}`, 'none, being optimistic', value);
    }
    checkWhole(retry.maxAttempts ?? 1, 1, 'options.retry.maxAttempts');
    if (store && mvcc) throw new InvalidArgumentError('options.store', 'either a store or an mvcc', store);
    if (events && mvcc) {
      throw new InvalidArgumentError('options.events', 'a store beside them (for an mvcc: recordChanges)', events);
    }
    const kept = store ?? new MemoryVersionStore();
    this.#mvcc = mvcc ?? new MVCCController<S>({ clock, store: events ? recordChanges(kept, events) : kept });
    this.#ownsMvcc = mvcc === undefined;
    this.#locks = isPessimistic ? (locks ?? new MemoryLockManager({ clock })) : undefined;
    this.#lockTimeoutMs =
      lockTimeoutMs === undefined ? undefined : checkWhole(lockTimeoutMs, 1, 'options.lockTimeoutMs');
    this.#turns = new Turns(clock);
    this.#isolationLevel = checkIsolationLevel(isolationLevel);
    this.#cache = cacheProvider && new VersionCache(this.#mvcc, cacheProvider, onError);
    this.#retry = { ...retry, clock, random };
    this.#onError = onError;
  }

  /**
   * Writes the next version.
   *
   * @throws {@link ConcurrencyConflictError} if another version was found than expected: read again, then retry.
   * @throws {@link LockTimeoutError} if the aggregate was locked for too long.
   */
  async set(aggregateId: string, state: S, options: SetOptions = {}): Promise<VersionedState<S>> {
    const { expectedVersion, signal } = options;
    return this.#locked(aggregateId, signal, async () => {
      const written = await this.#mvcc.writeVersion(aggregateId, state, expectedVersion);
      this.#tell([written]);
      return written;
    });
  }

  /**
   * Deletes the aggregate by a version that says so; its history stays.
   *
   * @returns That version; null if there was nothing to delete.
   * @throws {@link ConcurrencyConflictError} if another version was found than expected: read again, then retry.
   * @throws {@link LockTimeoutError} if the aggregate was locked for too long.
   */
  async delete(aggregateId: string, options: SetOptions = {}): Promise<DeletedVersion | null> {
    const { expectedVersion, signal } = options;
    return this.#locked(aggregateId, signal, async () => {
      const deleted = await this.#mvcc.delete(aggregateId, expectedVersion);
      if (deleted) this.#tell([deleted]);
      return deleted;
    });
  }

  /**
   * The newest state, or the one of a version or of a moment; null if there is or was none.
   *
   * Which version is the newest is always asked of the store, so no cache can make it an old one.
   *
   * @throws {@link SnapshotTooOldError} if the state of that moment was removed.
   */
  async get(aggregateId: string, moment: StateMoment = {}): Promise<VersionedState<S> | null> {
    this.#assertOpen();
    // Also a moment that is `undefined` by mistake: it is refused, and not taken for the newest.
    if ('at' in moment) return this.#mvcc.readAsOf(aggregateId, moment.at as Date | number);
    const { version } = moment;
    if (!this.#cache) return this.#mvcc.readVersion(aggregateId, version);
    if (version !== undefined) return this.#cache.read(aggregateId, version);
    const latest = await this.#mvcc.latestVersion(aggregateId);
    if (latest === 0) return null;
    // Where old versions are removed, that one may be gone by now.
    return (await this.#cache.read(aggregateId, latest)) ?? this.#mvcc.readVersion(aggregateId);
  }

  /** The versions of an aggregate in order, deletions included, read a batch at a time while they are iterated. */
  history(aggregateId: string, options: HistoryOptions = {}): AsyncGenerator<StateVersion<S>, void, void> {
    this.#assertOpen();
    return this.#mvcc.history(aggregateId, options);
  }

  /**
   * Writes what `change` makes of the newest state, and nothing else: whoever else writes meanwhile, no update is lost.
   *
   * @param change - Gets undefined if there is no state. Called again after a conflict, so it has no effects elsewhere.
   * @throws {@link ConcurrencyConflictError} if it still lost the race at the last try.
   * @throws {@link LockTimeoutError} if the aggregate was locked for too long.
   */
  async update(
    aggregateId: string,
    change: (state: S | undefined) => S | Promise<S>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<VersionedState<S>> {
    const { signal } = options;
    checkFunction(change, 'change');
    const attempt = async (approach: (aggregateId: string) => Promise<void>) => {
      await approach(aggregateId);
      const before = await this.#mvcc.readVersion(aggregateId);
      const state = await change(before?.state);
      signal?.throwIfAborted();
      const written = await this.#mvcc.writeVersion(aggregateId, state, before?.version ?? 0);
      this.#tell([written]);
      return written;
    };
    const settings = { ...this.#retry, turns: this.#turns, signal };
    return this.#locked(aggregateId, signal, () => retryConflicts(attempt, settings));
  }

  /**
   * Changes the newest state by a JSON Merge Patch (RFC 7396), or by the operations of a JSON Patch (RFC 6902), as
   * {@link StateManager.update} does.
   *
   * @param patch - An array is a JSON Patch, anything else a merge patch, which makes a state where there is none.
   * @throws {@link JsonPatchError} if an operation can't be applied. Nothing was written.
   * @throws {@link VersionNotFoundError} for a JSON Patch of what does not exist.
   */
  async patch(
    aggregateId: string,
    patch: MergePatch | readonly JsonPatchOperation[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<VersionedState<S>> {
    const given = frozenJson(patch as JsonValue, 'patch');
    const change = (state: S | undefined) => {
      if (!Array.isArray(given)) return applyMergePatch(state as JsonValue | undefined, given) as S;
      if (state === undefined) throw new VersionNotFoundError(aggregateId, 0);
      return applyJsonPatch(state as JsonValue, given as readonly JsonPatchOperation[]) as S;
    };
    return this.update(aggregateId, change, options);
  }

  /**
   * Runs `work` in a transaction and commits what it wrote, all or nothing (MV6). A pessimistic one locks each aggregate that it
   * reads or writes, and keeps the locks until its end.
   *
   * @param work - Called again, with a new transaction, after a conflict or a deadlock, so it has no effects elsewhere.
   * @throws {@link ConcurrencyConflictError} if it still lost at the last try.
   * @throws {@link DeadlockError} if it still had to give way at the last try.
   * @throws {@link LockTimeoutError} if an aggregate was locked for too long.
   */
  async transaction<R>(
    work: (transaction: StateTransaction<S>) => Promise<R>,
    options: StateTransactionOptions = {},
  ): Promise<R> {
    this.#assertOpen();
    checkFunction(work, 'work');
    await this.#begun();
    const { isolationLevel = this.#isolationLevel, readOnly = false, signal } = options;
    const scope = this.#locks && !readOnly ? this.#scope(this.#locks, signal) : undefined;
    const attempt = async (approach: (aggregateId: string) => Promise<void>) => {
      const ask = scope ? (aggregateId: string) => scope.lock(aggregateId) : approach;
      const transaction = this.#mvcc.begin({ isolationLevel, readOnly, signal });
      try {
        const result = await work(readOnly ? transaction : new GuardedTransaction(transaction, ask));
        this.#tell(await transaction.commit());
        return result;
      } finally {
        await transaction.rollback();
      }
    };
    try {
      return await retryConflicts(attempt, {
        ...this.#retry,
        // Those who lock have a queue already.
        turns: scope ? undefined : this.#turns,
        signal,
        // After a conflict it keeps its locks, and finds nothing changed the next time.
        async failed(error) {
          if (error instanceof DeadlockError) await scope?.release();
        },
      });
    } finally {
      await scope?.end();
    }
  }

  /**
   * Tells `listener` of every version that this manager writes, after it was committed.
   *
   * Of two versions written at the same time the later may be told first: compare their numbers. With `others` it is told
   * of all versions that are committed from now on, whoever writes them, in order.
   *
   * @returns Ends it; its `begun` says from when on.
   */
  subscribe(listener: StateListener<S>, options: SubscribeStateOptions = {}): StateSubscription {
    this.#assertOpen();
    checkFunction(listener, 'listener');
    const { others = false, pollIntervalMs } = options;
    if (pollIntervalMs !== undefined) checkWhole(pollIntervalMs, 1, 'options.pollIntervalMs');
    if (!others) {
      const entry = { told: listener };
      this.#listeners.add(entry);
      return Object.assign(() => void this.#listeners.delete(entry), { begun: Promise.resolve() });
    }
    const { clock } = this.#retry;
    const tell = (version: StateVersion<S>) => this.#tellOne(listener, version);
    const follower = new StateFollower(this.#mvcc, { tell, pollIntervalMs, clock, onError: this.#onError });
    this.#followers.add(follower);
    const end = () => {
      this.#followers.delete(follower);
      follower.end();
    };
    return Object.assign(end, { begun: follower.begun });
  }

  /** Ends the subscriptions and refuses what comes after. Store, controller, locks and cache of yours stay as they are. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    for (const follower of this.#followers) follower.end();
    this.#followers.clear();
    if (this.#ownsMvcc) await this.#mvcc.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Runs work under the lock of an aggregate, being pessimistic. */
  async #locked<R>(aggregateId: string, signal: AbortSignal | undefined, work: () => Promise<R>): Promise<R> {
    this.#assertOpen();
    await this.#begun();
    signal?.throwIfAborted();
    if (!this.#locks) return work();
    const scope = this.#scope(this.#locks, signal);
    try {
      await scope.lock(checkAggregateId(aggregateId));
      return await work();
    } finally {
      await scope.end();
    }
  }

  #scope(locks: LockManager, signal: AbortSignal | undefined): LockScope {
    return new LockScope(locks, { timeoutMs: this.#lockTimeoutMs, signal });
  }

  /** Until followers know from where on: what is written now is theirs. */
  async #begun(): Promise<void> {
    for (const { begun } of this.#followers) await begun;
  }

  #tell(versions: readonly StateVersion<S>[]): void {
    for (const written of versions) for (const { told } of this.#listeners) this.#tellOne(told, written);
  }

  #tellOne(told: StateListener<S>, written: StateVersion<S>): void {
    try {
      told(written);
    } catch (error) {
      this.#onError(error);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError('the state manager');
  }
}
