import { InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { checkAggregateId, checkWhole } from './arguments.ts';
import { ReadOnlyTransactionError, SavepointEndedError, TransactionEndedError } from './errors.ts';
import { type IsolationLevel, keepsSnapshot } from './isolation-level.ts';
import type { OpenSnapshot } from './open-snapshots.ts';
import { replaySteps } from './replay-steps.ts';
import { scanVersions } from './scan-versions.ts';
import { type ReadContext, TransactionReads } from './transaction-reads.ts';
import type { Committed, VersionWrite } from './version-store.ts';
import { existingState, type StateVersion, stateVersion, type VersionedState } from './versioned-state.ts';
import { type Changes, type NewState, WriteSet } from './write-set.ts';

/** How a transaction begins. */
export interface BeginOptions {
  /** Default `serializable`. */
  readonly isolationLevel?: IsolationLevel;
  /** Refuses writes. Default false. */
  readonly readOnly?: boolean;
  /** Rolls back when it aborts; reads, writes and the commit that come later reject with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a transaction needs of its controller. */
export interface TransactionContext extends ReadContext {
  /** @param reads - What the transaction saw, for the message of a conflict. */
  commit(changes: Changes, reads?: TransactionReads): Promise<WrittenVersions>;
  prepare(id: string, changes: Changes, reads: TransactionReads): Promise<void>;
  now(): number;
  ended(transaction: { end(): void }): void;
}

/** What a commit wrote, and as which versions. */
export interface WrittenVersions {
  readonly writes: readonly VersionWrite[];
  readonly committed: Committed;
}

/** A point of a transaction to which it can go back. */
export interface Savepoint {
  /**
   * Undoes what was written since. What was read since is still validated. The savepoint stays, later ones are gone.
   *
   * @throws {@link SavepointEndedError} if it is gone itself.
   */
  rollback(): void;
  /** Forgets this point and later ones; what was written stays. @throws {@link SavepointEndedError} if it is gone already. */
  release(): void;
}

/** What is scanned, and how. */
export interface ScanOptions {
  /** How many aggregates are held at a time. Default 100. */
  readonly batchSize?: number;
}

/**
 * Reads and writes that take effect together or not at all (MV6): writes stay here until {@link Transaction.commit}, so
 * nobody ever sees those of a transaction that did not commit (MV7).
 *
 * The snapshot of `repeatable_read` and `serializable` is taken by the first read or write, as PostgreSQL does. Several
 * calls may be under way at once. End every transaction: an open snapshot holds old versions in the store.
 */
export class Transaction<S = JsonValue> {
  readonly isolationLevel: IsolationLevel;
  readonly readOnly: boolean;
  readonly #context: TransactionContext;
  readonly #signal: AbortSignal | undefined;
  readonly #reads: TransactionReads;
  readonly #writes = new WriteSet();
  /** Those of scans under way, where the level keeps none: whoever lets go of an iteration does not end it. */
  readonly #scans = new Set<OpenSnapshot>();
  #ended = false;
  #stopListening: (() => void) | undefined;

  /** @internal */
  constructor(context: TransactionContext, options: Required<BeginOptions>) {
    this.isolationLevel = options.isolationLevel;
    this.readOnly = options.readOnly;
    this.#context = context;
    this.#reads = new TransactionReads(context, options.isolationLevel);
    this.#signal = options.signal;
    if (this.#signal) this.#endWith(this.#signal);
  }

  /**
   * Takes the snapshot now, rather than by the first read or write. Does nothing where the level keeps none, or it is taken.
   *
   * @throws {@link StorageError} if the storage failed.
   */
  async snapshot(): Promise<void> {
    this.#assertOpen();
    if (keepsSnapshot(this.isolationLevel)) await this.#reads.sequence();
  }

  /**
   * The state of an aggregate as this transaction sees it, with its own write; null if it does not exist.
   *
   * Its own write has the version that it will get if the commit finds nothing newer.
   *
   * @throws {@link SnapshotTooOldError} if another controller removed what the snapshot sees, or it was expired: begin again.
   */
  async read(aggregateId: string): Promise<VersionedState<S> | null> {
    this.#assertOpen();
    const found = await this.#reads.visible(checkAggregateId(aggregateId));
    this.#assertOpen();
    const { view } = this.#writes;
    if (!view.has(aggregateId)) return existingState(found);
    return this.#own(aggregateId, view.get(aggregateId), found?.version);
  }

  /**
   * The aggregates whose ids begin with `prefix`, as this transaction sees them, in the order of the UTF-8 bytes of their ids.
   *
   * They are read a page at a time while they are iterated, as of one moment in `read_committed` too; what is written
   * meanwhile does not show. To be serializable, no aggregate with such an id may be created, changed or deleted before
   * the commit, even if the iteration ends early.
   *
   * @param prefix - The beginning of the ids, character for character; empty for all.
   * @throws {@link SnapshotTooOldError} as {@link Transaction.read} does.
   */
  async *scan(prefix: string, options: ScanOptions = {}): AsyncGenerator<VersionedState<S>, void, void> {
    this.#assertOpen();
    const batchSize = checkWhole(options.batchSize ?? 100, 1, 'options.batchSize');
    for await (const { aggregateId, stored, state, isOwn } of this.#scan(checkPrefix(prefix), batchSize)) {
      if (!isOwn) yield stateVersion(stored!) as VersionedState<S>;
      else yield this.#own(aggregateId, state, (stored ?? (await this.#reads.visible(aggregateId)))?.version)!;
    }
  }

  /**
   * Writes the next version of an aggregate when the transaction commits; the last write of an aggregate counts.
   *
   * @throws {@link ReadOnlyTransactionError} in a transaction begun with `readOnly`.
   * @throws {@link InvalidArgumentError} if the state is not JSON.
   */
  async write(aggregateId: string, state: S): Promise<void> {
    this.#assertWritable(checkAggregateId(aggregateId));
    this.#writes.set(aggregateId, frozenJson(state as JsonValue, 'state'));
    if (keepsSnapshot(this.isolationLevel)) await this.#reads.sequence();
  }

  /**
   * Deletes an aggregate when the transaction commits: its next version says that it does not exist, and earlier ones stay
   * in its history. Nothing happens if it does not exist then.
   *
   * @returns Whether it existed, as this transaction saw it.
   * @throws {@link ReadOnlyTransactionError} in a transaction begun with `readOnly`.
   */
  async delete(aggregateId: string): Promise<boolean> {
    this.#assertWritable(checkAggregateId(aggregateId));
    const { view } = this.#writes;
    const own = view.has(aggregateId) ? view.get(aggregateId) !== undefined : undefined;
    this.#writes.set(aggregateId, undefined);
    const found = await this.#reads.visible(aggregateId);
    return own ?? found?.state !== undefined;
  }

  /**
   * Changes all aggregates whose ids begin with `prefix`.
   *
   * In `read_committed` it is made anew, when the transaction commits, of what is committed by then: no update is lost, and what
   * was created meanwhile is changed too. Hence `change` may be called again, and has no effects elsewhere.
   *
   * @param change - The new state; undefined leaves the aggregate as it is.
   * @returns How many were changed, as this transaction saw them.
   */
  updateWhere(
    prefix: string,
    change: (state: S, aggregateId: string) => S | undefined | Promise<S | undefined>,
  ): Promise<number> {
    return this.#changeAll(prefix, async (state, aggregateId) => {
      const changed = await change(state as S, aggregateId);
      return changed === undefined || changed === state ? state : frozenJson(changed as JsonValue, 'state');
    });
  }

  /**
   * Deletes those aggregates whose ids begin with `prefix` and for which `predicate` holds; in `read_committed` it is decided
   * anew when the transaction commits, as {@link Transaction.updateWhere} does.
   *
   * @returns How many were deleted, as this transaction saw them.
   */
  deleteWhere(
    prefix: string,
    predicate: (state: S, aggregateId: string) => boolean | Promise<boolean>,
  ): Promise<number> {
    return this.#changeAll(prefix, async (state, aggregateId) =>
      (await predicate(state as S, aggregateId)) ? undefined : state,
    );
  }

  /** A point to which what is written from now on can be rolled back. They nest. */
  savepoint(): Savepoint {
    this.#assertOpen();
    const savepoint = this.#writes.savepoint();
    const end = (isOpen: boolean) => {
      if (!isOpen) throw new SavepointEndedError();
    };
    return {
      rollback: () => {
        this.#assertOpen();
        end(this.#writes.rollbackTo(savepoint));
      },
      release: () => {
        this.#assertOpen();
        end(this.#writes.release(savepoint));
      },
    };
  }

  /**
   * Makes every write visible at once, durably. A transaction that wrote nothing always commits.
   *
   * @returns The versions written, in the order in which the aggregates were first written.
   * @throws {@link ConcurrencyConflictError} in `repeatable_read` if somebody has committed an aggregate written here
   * since the snapshot, in `serializable` also one that was only read or scanned here, in `read_committed` if statements
   * over many still clashed at their last try. Nothing was written: begin again.
   * @throws {@link SnapshotTooOldError} if it was expired, or lost and what it saw is removed. Nothing was written.
   * @throws {@link PreparedConflictError} if a prepared transaction holds what is written.
   * @throws {@link StorageError} if the storage failed; where the connection broke, read again whether it took effect.
   */
  async commit(): Promise<readonly StateVersion<S>[]> {
    return this.#end(async () => {
      if (this.#writes.view.size === 0 && this.#writes.steps.length === 0) return [];
      return this.#settle(async (changes) => {
        if (changes.writes.length === 0) return [];
        return given<S>(await this.#context.commit(changes, this.#reads));
      });
    });
  }

  /**
   * The first half of a two-phase commit: validates as {@link Transaction.commit} does, and keeps the writes, durably, until
   * `mvcc.decide(id, …)` makes them visible or forgets them. Until then nobody else can write what was written here or,
   * to be serializable, read. The transaction is over; the decision is the controller's.
   *
   * @param id - Names it to whoever decides, also after a crash; unique in the store.
   * @throws what {@link Transaction.commit} throws: then it is not prepared.
   */
  async prepare(id: string): Promise<void> {
    checkAggregateId(id);
    return this.#end(() => this.#settle((changes) => this.#context.prepare(id, changes, this.#reads)));
  }

  /** Forgets every write. Does nothing after the end. */
  async rollback(): Promise<void> {
    this.end();
  }

  /** Rolls back what was not committed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.rollback();
  }

  /** @internal Ends it at once. */
  end(): void {
    this.#ended = true;
    this.#stopListening?.();
    this.#reads.release();
    for (const snapshot of this.#scans) snapshot.release();
    this.#context.ended(this);
  }

  #endWith(signal: AbortSignal): void {
    const onAbort = () => this.end();
    this.#stopListening = () => signal.removeEventListener('abort', onAbort);
    if (signal.aborted) this.end();
    else signal.addEventListener('abort', onAbort, { once: true });
  }

  async #end<T>(work: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    this.#ended = true;
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** Hands over what is to take effect, and what must hold for it. */
  async #settle<T>(settle: (changes: Changes) => Promise<T>): Promise<T> {
    const { view, steps } = this.#writes;
    const assertGoesOn = () => this.#signal?.throwIfAborted();
    // Whether there is something to delete is decided at the commit, too.
    const isDecidedAnew = !keepsSnapshot(this.isolationLevel) && [...view.values()].includes(undefined);
    const again = steps.length === 0 && isDecidedAnew ? [view] : steps;
    if (again.length > 0) return replaySteps(again, { context: this.#context, settle, assertGoesOn });
    const checks = await this.#reads.checks(view.keys());
    const writes: VersionWrite[] = [];
    for (const [aggregateId, state] of view) {
      if (state !== undefined || (await this.#reads.visible(aggregateId))?.state !== undefined) {
        writes.push({ aggregateId, state });
      }
    }
    assertGoesOn();
    return settle({ writes, checks });
  }

  async #changeAll(prefix: string, change: (state: JsonValue, aggregateId: string) => Promise<NewState>) {
    this.#assertWritable(checkPrefix(prefix));
    const effects = new Map<string, NewState>();
    for await (const { aggregateId, state } of this.#scan(prefix, 100)) {
      const changed = await change(state, aggregateId);
      if (changed !== state) effects.set(aggregateId, changed);
    }
    this.#assertOpen();
    if (!keepsSnapshot(this.isolationLevel)) this.#writes.add({ prefix, change }, effects);
    else for (const [aggregateId, state] of effects) this.#writes.set(aggregateId, state);
    return effects.size;
  }

  async *#scan(prefix: string, batchSize: number) {
    const store = await this.#context.store();
    // Who has ended meanwhile must not open a snapshot that nobody releases.
    this.#assertOpen();
    const page = { prefix, batchSize, own: this.#writes.view, assertOpen: () => this.#assertOpen() };
    if (keepsSnapshot(this.isolationLevel)) {
      this.#reads.scanned(prefix);
      yield* scanVersions(store, { ...page, sequence: await this.#reads.sequence() });
      return;
    }
    const snapshot = this.#context.snapshots.open(this.#context.store);
    this.#scans.add(snapshot);
    const assertOpen = () => {
      this.#assertOpen();
      snapshot.assertNotExpired();
    };
    try {
      yield* scanVersions(store, { ...page, assertOpen, sequence: await snapshot.sequence });
    } finally {
      this.#scans.delete(snapshot);
      snapshot.release();
    }
  }

  #own(aggregateId: string, state: NewState, version = 0): VersionedState<S> | null {
    return existingState({ aggregateId, version: version + 1, state, timestamp: this.#context.now() });
  }

  #assertWritable(what: string): void {
    this.#assertOpen();
    if (this.readOnly) throw new ReadOnlyTransactionError(what);
  }

  #assertOpen(): void {
    this.#signal?.throwIfAborted();
    if (this.#ended) throw new TransactionEndedError();
    this.#reads.assertNotExpired();
  }
}

/** What was written, as it is given out. */
export function given<S>({ writes, committed: { versions, timestamp } }: WrittenVersions): StateVersion<S>[] {
  return writes.map(({ aggregateId, state, checksum }, index) =>
    stateVersion({ aggregateId, version: versions[index]!, state, timestamp, checksum }),
  );
}

/** The beginning of ids. @throws {@link InvalidArgumentError} for what no id begins with. */
export function checkPrefix(prefix: string): string {
  if (prefix === '') return prefix;
  if (typeof prefix !== 'string') throw new InvalidArgumentError('prefix', 'text', prefix);
  return checkAggregateId(prefix);
}
