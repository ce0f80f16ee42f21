import { setMaxListeners } from 'node:events';
import { AutoConflictResolver } from '../conflicts/auto-conflict-resolver.ts';
import type { Conflict } from '../conflicts/conflict.ts';
import type { ConflictResolution } from '../conflicts/conflict-resolution.ts';
import type { ThreeWayMergeOptions } from '../conflicts/three-way-merge.ts';
import { abortable, withEither } from '../core/abort.ts';
import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError, InvalidArgumentError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import { KeyedQueue } from '../core/keyed-queue.ts';
import { throwLater } from '../core/on-error.ts';
import { RecoveryManager } from '../resilience/recovery-manager.ts';
import { ContinuousSync, type ContinuousSyncParts } from './continuous-sync.ts';
import { differencesBetween, type Inconsistency } from './differences.ts';
import { forEachId, idsOf } from './each-record.ts';
import { SyncIncompleteError } from './errors.ts';
import { atLeastOne, delay, interval } from './number-options.ts';
import { Reconciler, type Reconciliation } from './reconciler.ts';
import type { RecordSyncOptions } from './record-sync.ts';
import { noRecord, type RollbackPoint, restoreRecord, saveRecord } from './rollback-point.ts';
import { jsonMerger, type StateMerger } from './state-merger.ts';
import type { SyncAllOptions, SyncCoordinatorOptions, SyncOptions } from './sync-coordinator-options.ts';
import { type SyncParts, syncParts, syncPolicies } from './sync-parts.ts';
import type { SyncFailure, SyncReport, SyncResult } from './sync-result.ts';

/**
 * Keeps two replicas of the same records in step, and brings any two versions of a state together.
 *
 * @example
 * ```ts
 * await using coordinator = new SyncCoordinator({ spec, runtime, journal });
 * const { conflicts } = await coordinator.sync('task-1');
 * await coordinator.start(); // from now on, both ways
 * ```
 */
export class SyncCoordinator<S = JsonValue> {
  readonly #options: SyncCoordinatorOptions<S>;
  readonly #reconciler: Reconciler;
  readonly #recovery: Pick<RecoveryManager, 'run'>;
  readonly #parts: SyncParts<S> | undefined;
  readonly #queue = new KeyedQueue();
  readonly #concurrency: number;
  readonly #times: Pick<ContinuousSyncParts, 'debounceMs' | 'pollIntervalMs' | 'fullSyncIntervalMs'>;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #started: Promise<ContinuousSync> | undefined;
  #closed: Promise<void> | undefined;

  /** @throws {@link InvalidArgumentError} for a number that is none, or one replica alone. */
  constructor(options: SyncCoordinatorOptions<S> = {}) {
    checkObject(options);
    const { conflictResolver = new AutoConflictResolver(), clock = systemClock, random = Math.random } = options;
    const { concurrency = 8 } = options;
    this.#options = options;
    this.#concurrency = atLeastOne(concurrency, 'options.concurrency');
    this.#times = {
      debounceMs: delay(options.debounceMs ?? 5, 'options.debounceMs'),
      pollIntervalMs: interval(options.pollIntervalMs ?? 5000, 'options.pollIntervalMs'),
      fullSyncIntervalMs: interval(options.fullSyncIntervalMs ?? 600_000, 'options.fullSyncIntervalMs'),
    };
    setMaxListeners(0, this.#closing.signal); // one for each call that waits
    this.#clock = clock;
    this.#recovery = options.recoveryManager ?? new RecoveryManager({ clock, random, policies: syncPolicies });
    this.#reconciler = new Reconciler({
      detector: options.conflictDetector,
      resolver: conflictResolver,
      recovery: this.#recovery,
    });
    this.#parts = syncParts(options, this.#reconciler);
  }

  /**
   * Merges the versions and decides their conflicts.
   *
   * No change is lost: each is in the state, in a resolution that says what it dropped, or in a conflict (CF5). A
   * conflict that only the detector sees is handed on as it is: the merge has let both changes stand.
   *
   * @throws {@link InvalidArgumentError} if a version is no JSON value.
   * @throws {@link RetriesExhaustedError} if the detector or the resolver kept failing.
   * @throws {@link ClosedError} after {@link SyncCoordinator.close}.
   */
  async reconcile<T>(
    options: ThreeWayMergeOptions<T> & { readonly signal?: AbortSignal | undefined },
  ): Promise<Reconciliation<T>> {
    const { signal, ...versions } = options;
    const merger = jsonMerger as StateMerger<T>;
    return this.#run(signal, (either) => this.#reconciler.reconcile('', versions, merger, either)) as Promise<
      Reconciliation<T>
    >;
  }

  /**
   * Brings both sides of a record to the merge of their changes since they were last in step. What is in conflict, and
   * nobody decided, stands as it did then, on both sides, until {@link SyncCoordinator.resolveConflicts}.
   *
   * Afterwards both sides and the base are equal (SY1). A crash at any step is made good by the next sync (SY2). An edit made
   * meanwhile is never lost: every write is a compare-and-set, and the sync runs again (SY3).
   *
   * @throws {@link RetriesExhaustedError} if it kept failing, for instance because the record was edited all the time.
   */
  async sync(id: string, options: SyncOptions = {}): Promise<SyncResult<S>> {
    return this.#sync(id, { ...options, direction: 'both' });
  }

  /** Brings the changes of the spec to the runtime; those of the runtime stay there, for a later sync to bring over. */
  async syncSpecToRuntime(id: string, options: SyncOptions = {}): Promise<SyncResult<S>> {
    return this.#sync(id, { ...options, direction: 'spec to runtime' });
  }

  /** Brings the changes of the runtime to the spec; those of the spec stay there, for a later sync to bring over. */
  async syncRuntimeToSpec(id: string, options: SyncOptions = {}): Promise<SyncResult<S>> {
    return this.#sync(id, { ...options, direction: 'runtime to spec' });
  }

  /**
   * Syncs every record that either side has. One that fails keeps no other from its turn.
   *
   * @throws {@link RetriesExhaustedError} with `rollBackOnFailure`, if a record could not be synced; its `cause` is a
   * {@link SyncIncompleteError}.
   */
  async syncAll(options: SyncAllOptions = {}): Promise<SyncReport<S>> {
    const { rollBackOnFailure = false, dryRun = false, signal } = options;
    if (!rollBackOnFailure || dryRun) return this.#syncAll(options);
    const point = await this.createRollbackPoint({ signal });
    const sync = async () => {
      const report = await this.#syncAll(options);
      if (report.failures.length > 0) throw new SyncIncompleteError(report.failures);
      return report;
    };
    return this.#recovery.run('syncing all records', sync, { signal, restore: () => this.restore(point) });
  }

  /** What a person has to decide about a record, and what a sync would find now. Changes nothing. */
  async detectConflicts(
    id: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly Conflict[]> {
    const { records } = this.#replicas();
    return this.#run(options.signal, (signal) => records.conflicts(id, signal));
  }

  /**
   * Syncs a record and applies decisions about its conflicts, on both sides. A conflict without a decision stays.
   *
   * @throws {@link ResolutionOutdatedError} if what a decision is about has changed since: nothing was written.
   */
  async resolveConflicts(
    id: string,
    resolutions: readonly ConflictResolution[],
    options: SyncOptions = {},
  ): Promise<SyncResult<S>> {
    return this.#sync(id, { ...options, direction: 'both', decisions: resolutions });
  }

  /** Every record whose sides differ, and each difference by name; empty if both sides hold the same. */
  async validateConsistency(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly Inconsistency[]> {
    const { records } = this.#replicas();
    const found: Inconsistency[] = [];
    await this.#each(options, async (id, signal) => {
      const { spec, runtime } = await records.read(id, signal);
      const differences = differencesBetween(spec.state, runtime.state);
      if (differences.length > 0) found.push(Object.freeze({ id, differences: Object.freeze(differences) }));
    });
    return found;
  }

  /** What both sides hold now, to be brought back by {@link SyncCoordinator.restore}. Finishes what a crash interrupted. */
  async createRollbackPoint(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<RollbackPoint> {
    const { entries, records } = this.#replicas();
    const createdAt = Math.floor(this.#clock.now());
    const saved: RollbackPoint['records'][number][] = [];
    await this.#each(options, async (id, signal) => {
      if ((await entries.load(id)).intent) await records.run(id, { direction: 'both', signal });
      saved.push(await saveRecord(this.#replicas(), id, signal));
    });
    return Object.freeze({ createdAt, records: Object.freeze(saved) });
  }

  /**
   * Makes both sides exactly what they were at the point, records that came since removed (SY4). What was edited since is
   * gone; take another point first to keep it. After a crash, restore again.
   */
  async restore(point: RollbackPoint, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const parts = this.#replicas();
    const saved = new Map(point.records.map((record) => [record.id, record]));
    const restoreOne = async (id: string, signal: AbortSignal) => {
      const restore = () => restoreRecord(parts, saved.get(id) ?? noRecord(id), signal);
      await this.#recovery.run(`restoring "${id}"`, restore, { signal });
    };
    await this.#each(options, restoreOne, saved.keys());
  }

  /**
   * Syncs all records, and from then on each that is edited on either side, until {@link SyncCoordinator.close}. Resolves
   * once no edit can be missed any more and all records have had their turn.
   */
  async start(): Promise<void> {
    this.#replicas();
    this.#closing.signal.throwIfAborted();
    this.#started ??= this.#start();
    await this.#started;
  }

  /** Ends what `start` began, gives up tries that wait, and resolves once nothing runs. The replicas stay open. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort(new ClosedError('The sync coordinator'));
    try {
      await (await this.#started?.catch(() => undefined))?.close();
    } finally {
      await Promise.allSettled(this.#running);
      await this.#queue.idle();
    }
  }

  async #start(): Promise<ContinuousSync> {
    const { replicas } = this.#replicas();
    const { random = Math.random, onError = (error: unknown) => throwLater(error) } = this.#options;
    const { signal } = this.#closing;
    const syncing = new ContinuousSync({
      ...this.#times,
      replicas,
      sync: (id) => this.sync(id),
      concurrency: this.#concurrency,
      onError,
      signal,
      clock: this.#clock,
      random,
    });
    try {
      await syncing.watch();
      const { failures } = await this.#syncAll({ signal });
      signal.throwIfAborted();
      for (const { id, error } of failures) syncing.failed(id, error);
    } catch (error) {
      await syncing.close();
      this.#started = undefined;
      throw error;
    }
    return syncing;
  }

  /** With one signal for all: on the caller's own there would be listeners for each record. */
  #syncAll(options: SyncAllOptions): Promise<SyncReport<S>> {
    const { signal: callers } = options;
    return callers
      ? withEither([callers], (signal) => this.#syncEach({ ...options, signal }))
      : this.#syncEach(options);
  }

  async #syncEach(options: SyncAllOptions): Promise<SyncReport<S>> {
    const results: SyncResult<S>[] = [];
    const failures: SyncFailure[] = [];
    const { replicas } = this.#replicas();
    const ids = idsOf(replicas, options.signal);
    await forEachId(ids, atLeastOne(options.concurrency ?? this.#concurrency, 'options.concurrency'), async (id) => {
      try {
        results.push(await this.sync(id, options));
      } catch (error) {
        options.signal?.throwIfAborted();
        failures.push(Object.freeze({ id, error }));
      }
    });
    return Object.freeze({ results: Object.freeze(results), failures: Object.freeze(failures) });
  }

  /** One sync of a record at a time, and tries of it again while they may help. */
  #sync(id: string, options: RecordSyncOptions): Promise<SyncResult<S>> {
    if (typeof id !== 'string') throw new InvalidArgumentError('id', 'text', id);
    const { records } = this.#replicas();
    return this.#run(options.signal, (signal) =>
      this.#queue.run(id, () =>
        this.#recovery.run(`syncing "${id}"`, () => records.run(id, { ...options, signal }), { signal }),
      ),
    );
  }

  /** Does the work for each record, in turn with syncs of it. */
  async #each(
    options: { readonly signal?: AbortSignal | undefined },
    work: (id: string, signal: AbortSignal) => Promise<void>,
    others: Iterable<string> = [],
  ): Promise<void> {
    const { replicas } = this.#replicas();
    const all = (callers: AbortSignal | undefined) =>
      forEachId(idsOf(replicas, callers, others), this.#concurrency, (id) =>
        this.#run(callers, (signal) => this.#queue.run(id, () => work(id, signal))),
      );
    return options.signal ? withEither([options.signal], all) : all(undefined);
  }

  #replicas(): SyncParts<S> {
    if (this.#parts) return this.#parts;
    throw new InvalidArgumentError('options.spec', 'a Replica on each side: only reconcile() does without', undefined);
  }

  /** Runs work that `close` waits for, with a signal that either the caller or `close` aborts. */
  async #run<T>(callers: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const started = callers ? withEither([callers, signal], work) : work(signal);
    const running = started.finally(() => this.#running.delete(running));
    this.#running.add(running);
    return abortable(running, callers);
  }
}
