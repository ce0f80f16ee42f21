import { checkMethods, checkObject } from '../core/check-argument.ts';
import { checksum } from '../core/checksum.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError, ConcurrencyConflictError, InvalidArgumentError, SnapshotTooOldError } from '../core/errors.ts';
import { Initialization } from '../core/initialization.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { throwLater } from '../core/on-error.ts';
import type { JsonPatchOperation } from './apply-json-patch.ts';
import { checkAggregateId, checkWhole } from './arguments.ts';
import { CommitSignal } from './commit-signal.ts';
import { diffJson } from './diff-json.ts';
import {
  PreparedConflictError,
  TwoPhaseUnsupportedError,
  VersionCorruptedError,
  VersionNotFoundError,
} from './errors.ts';
import { checkIsolationLevel } from './isolation-level.ts';
import { MemoryVersionStore } from './memory-version-store.ts';
import type { HistoryOptions, MVCCControllerOptions, ReadVersionOptions } from './mvcc-controller-options.ts';
import { OpenSnapshots } from './open-snapshots.ts';
import { checkRetention, type RetentionOptions, retentionAt } from './retention.ts';
import { type BeginOptions, given, Transaction, type TransactionContext, type WrittenVersions } from './transaction.ts';
import type { TransactionReads } from './transaction-reads.ts';
import { isIntact, type VersionReport, verifyVersions } from './verify-versions.ts';
import type { CommitRequest, Committed, NotCommitted, PreparedVersions, VersionStore } from './version-store.ts';
import {
  type DeletedVersion,
  existingState,
  type StateVersion,
  stateVersion,
  type VersionedState,
} from './versioned-state.ts';
import { type WatchedVersion, type WatchOptions, watchVersions } from './watch-versions.ts';
import type { Changes } from './write-set.ts';

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
  readonly #retention: RetentionOptions | undefined;
  readonly #storesChecksums: boolean;
  readonly #snapshots: OpenSnapshots;
  readonly #commits = new CommitSignal();
  readonly #transactions = new Set<{ end(): void }>();
  readonly #initialization: Initialization;
  readonly #context: TransactionContext;
  /** Known without waiting. */
  #isReady = false;
  #closed = false;

  constructor(options: MVCCControllerOptions = {}) {
    checkObject(options);
    const { store = new MemoryVersionStore(), retention, checksums = 'written', clock = systemClock } = options;
    const { maxSnapshotAgeMs, onLongSnapshot, onError = throwLater } = options;
    checkMethods(store, 'options.store', 'a VersionStore', 'commit');
    if (checksums !== 'written' && checksums !== 'computed') {
      throw new InvalidArgumentError('options.checksums', '"written" or "computed"', checksums);
    }
    if ((maxSnapshotAgeMs === undefined) !== (onLongSnapshot === undefined)) {
      throw new InvalidArgumentError(
        'options.maxSnapshotAgeMs',
        'a limit and onLongSnapshot, or neither',
        maxSnapshotAgeMs,
      );
    }
    this.#retention = retention && checkRetention(retention, 'options.retention');
    this.#storesChecksums = checksums === 'written';
    this.#snapshots = new OpenSnapshots(
      clock,
      onLongSnapshot && { maxAgeMs: checkWhole(maxSnapshotAgeMs!, 1, 'options.maxSnapshotAgeMs'), onLongSnapshot },
      onError,
    );
    this.#store = store;
    this.#initialization = new Initialization(() => store.init());
    this.#clock = clock;
    this.#context = {
      snapshots: this.#snapshots,
      store: () => this.#ready(),
      commit: (changes, reads) => this.#commit(changes, reads),
      prepare: (id, changes, reads) => this.#prepare(id, changes, reads),
      now: () => this.#now(),
      ended: (ended) => void this.#transactions.delete(ended),
    };
  }

  /**
   * Writes the next version of an aggregate, durably once resolved.
   *
   * With an expected version it takes effect only if that is the newest one; of several writes racing on it exactly one
   * wins (MV3).
   *
   * @param aggregateId - 1 to 255 characters of well-formed text without NUL.
   * @param state - A JSON value; kept as a frozen copy.
   * @param expectedVersion - 0 means that it does not exist: never, or not any more. Default: whatever is there.
   * @throws {@link ConcurrencyConflictError} if another version was found: read again, then retry.
   * @throws {@link PreparedConflictError} if a prepared transaction holds the aggregate.
   * @throws {@link InvalidArgumentError} for what can't be stored, before anything is written.
   */
  async writeVersion(aggregateId: string, state: S, expectedVersion?: number): Promise<VersionedState<S>> {
    const copy = frozenJson(state as JsonValue, 'state');
    return (await this.#writeOne(aggregateId, copy, expectedVersion)) as VersionedState<S>;
  }

  /**
   * Deletes an aggregate by a version that says so; earlier ones stay in its history. Writing it again goes on counting.
   *
   * @param expectedVersion - As in {@link MVCCController.writeVersion}. Default: whatever is there.
   * @returns The version that deletes; null, and nothing is written, if it does not exist and no version was expected.
   * @throws {@link ConcurrencyConflictError} if another version was found: read again, then retry.
   * @throws {@link PreparedConflictError} if a prepared transaction holds the aggregate.
   */
  async delete(aggregateId: string, expectedVersion?: number): Promise<DeletedVersion | null> {
    if (expectedVersion !== undefined) {
      checkWhole(expectedVersion, 1, 'expectedVersion');
      return (await this.#writeOne(aggregateId, undefined, expectedVersion)) as DeletedVersion;
    }
    for (;;) {
      const found = await this.readVersion(aggregateId);
      if (!found) return null;
      try {
        return await this.delete(aggregateId, found.version);
      } catch (error) {
        // Somebody was faster, so that somebody gets on.
        if (!(error instanceof ConcurrencyConflictError)) throw error;
      }
    }
  }

  /**
   * The newest version of an aggregate, or the one of this number; null if it does not exist, was removed, or is deleted
   * in that version.
   *
   * A version that is read again is the same (MV2).
   *
   * @throws {@link VersionCorruptedError} with `verify`, if the state does not have the checksum that was stored with it.
   */
  async readVersion(
    aggregateId: string,
    version?: number,
    options?: ReadVersionOptions,
  ): Promise<VersionedState<S> | null> {
    checkAggregateId(aggregateId);
    if (version !== undefined) checkWhole(version, 0, 'version');
    const store = this.#isReady ? this.#store : await this.#ready();
    const found = await store.read(aggregateId, version === undefined ? undefined : { version });
    if (options?.verify && found && !isIntact(found)) throw new VersionCorruptedError(found);
    return existingState(found);
  }

  /**
   * The state as it was at a moment: the last one committed by then; null if there was none.
   *
   * @param time - A Date, or ms since 1970.
   * @throws {@link SnapshotTooOldError} if that version was removed.
   */
  async readAsOf(aggregateId: string, time: Date | number): Promise<VersionedState<S> | null> {
    checkAggregateId(aggregateId);
    const ms = typeof time === 'string' || time === null ? Number.NaN : Number(time);
    if (!(Math.abs(ms) <= maxTime)) throw new InvalidArgumentError('time', 'a valid Date, or ms since 1970', time);
    return existingState(await (await this.#ready()).read(aggregateId, { time: Math.floor(ms) }));
  }

  /** The number of an aggregate's newest version, which may delete it; 0 if it never existed. */
  async latestVersion(aggregateId: string): Promise<number> {
    checkAggregateId(aggregateId);
    return (await this.#ready()).latestVersion(aggregateId);
  }

  /** The sequence of the last commit; 0 before the first. */
  async lastSequence(): Promise<number> {
    return (await this.#ready()).lastSequence();
  }

  /** The versions of an aggregate in order, deletions included, read a batch at a time while they are iterated. */
  async *history(aggregateId: string, options: HistoryOptions = {}): AsyncGenerator<StateVersion<S>, void, void> {
    const { batchSize = 100, signal } = options;
    checkAggregateId(aggregateId);
    checkWhole(batchSize, 1, 'options.batchSize');
    let fromVersion = checkWhole(options.fromVersion ?? 1, 1, 'options.fromVersion');
    for (;;) {
      signal?.throwIfAborted();
      const batch = await (await this.#ready()).history(aggregateId, { fromVersion, limit: batchSize });
      for (const stored of batch) yield stateVersion(stored);
      if (batch.length < batchSize) return;
      fromVersion = batch.at(-1)!.version + 1;
    }
  }

  /**
   * What changed from one version to another, as a JSON Patch (RFC 6902): {@link applyJsonPatch} makes one of the other.
   *
   * @throws {@link VersionNotFoundError} if one of them is not there, or deletes the aggregate.
   */
  async diff(aggregateId: string, fromVersion: number, toVersion: number): Promise<JsonPatchOperation[]> {
    const [before, after] = await Promise.all(
      [fromVersion, toVersion].map(async (version) => {
        const found = await this.readVersion(aggregateId, version);
        if (!found) throw new VersionNotFoundError(aggregateId, version);
        return found.state as JsonValue;
      }),
    );
    return diffJson(before!, after!);
  }

  /**
   * Writes the state of an old version as the next one; nothing in between is lost. An old version that deletes, deletes.
   *
   * @param expectedVersion - As in {@link MVCCController.writeVersion}. Default: whatever is there.
   * @throws {@link VersionNotFoundError} if the version is not there.
   * @throws {@link ConcurrencyConflictError} if another version was found than expected.
   */
  async revertTo(aggregateId: string, version: number, expectedVersion?: number): Promise<StateVersion<S>> {
    checkWhole(version, 1, 'version');
    const found = await (await this.#ready()).read(checkAggregateId(aggregateId), { version });
    if (!found) throw new VersionNotFoundError(aggregateId, version);
    return this.#writeOne(aggregateId, found.state, expectedVersion);
  }

  /**
   * Every version from now on, or from a commit on, in the order of the commits, for as long as it is iterated.
   *
   * Commits of this controller come at once, those of others when the store is asked next. What is removed before it was
   * its turn is left out. It ends by `break`, by the signal, or with {@link ClosedError} when the controller is closed.
   */
  watch(options: WatchOptions = {}): AsyncGenerator<WatchedVersion<S>, void, void> {
    return watchVersions({ store: () => this.#ready(), commits: this.#commits, clock: this.#clock }, options);
  }

  /**
   * Begins a transaction. Nothing is asked of the store yet.
   *
   * @throws {@link InvalidArgumentError} for an unknown isolation level.
   */
  begin(options: BeginOptions = {}): Transaction<S> {
    this.#assertOpen();
    const { isolationLevel = 'serializable', readOnly = false, signal } = options;
    checkIsolationLevel(isolationLevel);
    const transaction = new Transaction<S>(this.#context, { isolationLevel, readOnly, signal });
    if (!signal?.aborted) this.#transactions.add(transaction);
    return transaction;
  }

  /**
   * Decides a prepared transaction: its writes take effect now, or never.
   *
   * @returns What was committed; undefined if it was rolled back, or nothing is prepared under this id (any more).
   * @throws {@link TwoPhaseUnsupportedError} if the store can't.
   */
  async decide(id: string, decision: 'commit' | 'rollback'): Promise<Committed | undefined> {
    checkAggregateId(id);
    if (decision !== 'commit' && decision !== 'rollback') {
      throw new InvalidArgumentError('decision', '"commit" or "rollback"', decision);
    }
    const committed = await twoPhase(await this.#ready()).decide(id, decision, this.#now());
    if (committed) this.#reached(committed.sequence);
    return committed;
  }

  /** What is prepared and not decided, by whomever, oldest first. @throws {@link TwoPhaseUnsupportedError} if the store can't. */
  async prepared(): Promise<readonly PreparedVersions[]> {
    return twoPhase(await this.#ready()).prepared();
  }

  /**
   * Removes old versions: of each aggregate stays what the limits leave, the newest version, and whatever an open snapshot of
   * this controller sees (MV5).
   *
   * @returns How many were removed.
   */
  async vacuum(options: RetentionOptions): Promise<number> {
    checkRetention(options, 'options');
    const store = await this.#ready();
    this.#snapshots.reached(await store.lastSequence());
    return store.vacuum(retentionAt(options, this.#now(), this.#snapshots.horizon));
  }

  /**
   * Ends the snapshots that were opened so long ago or longer, so that they hold back no removal any more: the next call of their
   * transactions rejects with {@link SnapshotTooOldError}.
   *
   * @returns How many.
   */
  expireSnapshots({ olderThanMs }: { readonly olderThanMs: number }): number {
    return this.#snapshots.expire(checkWhole(olderThanMs, 0, 'options.olderThanMs'));
  }

  /**
   * Compares every version that is stored with the checksum stored beside it, and names those that differ or can't be read.
   */
  async verify(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<VersionReport> {
    return verifyVersions(await this.#ready(), options.signal);
  }

  /**
   * A name of the store that no other store has: with it, an aggregate's id and a version name one state for ever.
   */
  async identity(): Promise<string> {
    return (await this.#ready()).identity();
  }

  /** Rolls back its open transactions and ends what watches. The store stays as it is. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#isReady = false;
    for (const transaction of this.#transactions) transaction.end();
    this.#commits.notify();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #writeOne(
    aggregateId: string,
    state: JsonValue | undefined,
    expectedVersion?: number,
  ): Promise<StateVersion<S>> {
    checkAggregateId(aggregateId);
    const checks =
      expectedVersion === undefined
        ? []
        : [{ aggregateId, version: checkWhole(expectedVersion, 0, 'expectedVersion') }];
    return given<S>(await this.#commit({ writes: [{ aggregateId, state }], checks }))[0]!;
  }

  async #commit(changes: Changes, reads?: TransactionReads): Promise<WrittenVersions> {
    const store = this.#isReady ? this.#store : await this.#ready();
    const request = this.#request(changes);
    const outcome = await store.commit(request);
    if (outcome.status !== 'committed') throw await failure(outcome, reads);
    this.#reached(outcome.sequence);
    return { writes: request.writes, committed: outcome };
  }

  async #prepare(id: string, changes: Changes, reads: TransactionReads): Promise<void> {
    const outcome = await twoPhase(await this.#ready()).prepare(id, this.#request(changes));
    if (outcome.status !== 'prepared') throw await failure(outcome, reads);
  }

  #request({ writes, checks }: Changes): CommitRequest {
    const timestamp = this.#now();
    return {
      writes: this.#storesChecksums ? writes.map(withChecksum) : writes,
      checks,
      timestamp,
      retention: this.#retention && retentionAt(this.#retention, timestamp, this.#snapshots.horizon),
    };
  }

  #reached(sequence: number): void {
    this.#snapshots.reached(sequence);
    this.#commits.notify();
  }

  /** Whole ms, as the store keeps them. */
  #now(): number {
    return Math.floor(this.#clock.now());
  }

  /** The store, initialized on first use. */
  async #ready(): Promise<VersionStore> {
    this.#assertOpen();
    await this.#initialization.done();
    this.#assertOpen();
    this.#isReady = true;
    return this.#store;
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError('the MVCC controller');
  }
}

/** The last moment of a Date, and before 1970 the first. */
const maxTime = 8.64e15;

const withChecksum = (write: CommitRequest['writes'][0]) =>
  write.state === undefined ? write : { ...write, checksum: checksum(write.state) };

/** The store, if it can commit in two phases. */
function twoPhase(store: VersionStore): VersionStore & Required<Pick<VersionStore, 'prepare' | 'decide' | 'prepared'>> {
  if (!store.prepare || !store.decide || !store.prepared) throw new TwoPhaseUnsupportedError();
  return store as ReturnType<typeof twoPhase>;
}

/** The error that says why nothing was written. */
async function failure(outcome: NotCommitted, reads?: TransactionReads): Promise<Error> {
  if (outcome.status === 'locked') return new PreparedConflictError(outcome);
  const [{ check, aggregateId, actualVersion }, ...others] = outcome.failed as [(typeof outcome.failed)[0]];
  const expectedVersion = 'version' in check ? check.version : ((await reads?.visible(aggregateId))?.version ?? 0);
  const detail = others.length === 0 ? {} : { detail: `and ${others.length} more have changed` };
  return new ConcurrencyConflictError({ aggregateId, expectedVersion, actualVersion, ...detail });
}
