import { ConcurrencyConflictError, SnapshotTooOldError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { checkAggregateId } from './arguments.ts';
import { PreparedConflictError, ReadOnlyTransactionError, TransactionEndedError } from './errors.ts';
import type { IsolationLevel } from './isolation-level.ts';
import type { OpenSnapshot, OpenSnapshots } from './open-snapshots.ts';
import type { CommitRequest, Committed, StoredVersion, VersionStore } from './version-store.ts';
import { type VersionedState, versionedState } from './versioned-state.ts';

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
export interface TransactionContext {
  store(): Promise<VersionStore>;
  commit(request: Pick<CommitRequest, 'writes' | 'checks'>): Promise<CommittedVersions>;
  readonly snapshots: OpenSnapshots;
  now(): number;
  ended(transaction: { end(): void }): void;
}

/** What a commit wrote. */
export type CommittedVersions = Omit<Committed, 'status'>;

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
  readonly #writes = new Map<string, JsonValue>();
  /** What the snapshot sees of each aggregate asked for; undefined if it sees none. */
  readonly #seen = new Map<string, Promise<StoredVersion | undefined>>();
  #snapshot: OpenSnapshot | undefined;
  #ended = false;
  readonly #onAbort = () => this.end();

  /** @internal */
  constructor(context: TransactionContext, options: Required<BeginOptions>) {
    this.isolationLevel = options.isolationLevel;
    this.readOnly = options.readOnly;
    this.#context = context;
    this.#signal = options.signal;
    if (this.#signal?.aborted) this.end();
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * The state of an aggregate as this transaction sees it, with its own write; null if it does not exist.
   *
   * Its own write has the version that it will get if the commit finds nothing newer.
   *
   * @throws {@link SnapshotTooOldError} if another controller removed what the snapshot sees: begin again.
   */
  async read(aggregateId: string): Promise<VersionedState<S> | null> {
    this.#assertOpen();
    const found = await this.#visible(checkAggregateId(aggregateId));
    this.#assertOpen();
    const state = this.#writes.get(aggregateId);
    if (state !== undefined) {
      const version = (found?.version ?? 0) + 1;
      return versionedState({ aggregateId, version, state, timestamp: this.#context.now() });
    }
    return found ? versionedState(found) : null;
  }

  /**
   * Writes the next version of an aggregate when the transaction commits; the last write of an aggregate counts.
   *
   * @throws {@link ReadOnlyTransactionError} in a transaction begun with `readOnly`.
   * @throws {@link InvalidArgumentError} if the state is not JSON.
   */
  async write(aggregateId: string, state: S): Promise<void> {
    this.#assertOpen();
    checkAggregateId(aggregateId);
    if (this.readOnly) throw new ReadOnlyTransactionError(aggregateId);
    this.#writes.set(aggregateId, frozenJson(state as JsonValue, 'state'));
    if (this.#keepsSnapshot) await this.#sequence();
  }

  /**
   * Makes every write visible at once, durably.
   *
   * @returns The versions written, in the order in which the aggregates were first written.
   * @throws {@link ConcurrencyConflictError} in `repeatable_read` if somebody has committed an aggregate written here
   * since the snapshot, in `serializable` also one only read here. Nothing was written: begin again.
   * @throws {@link StorageError} if the storage failed; where the connection broke, read again whether it took effect.
   */
  async commit(): Promise<readonly VersionedState<S>[]> {
    this.#assertOpen();
    this.#ended = true;
    try {
      return this.#writes.size > 0 ? await this.#flush() : [];
    } finally {
      this.end();
    }
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
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#snapshot?.release();
    this.#context.ended(this);
  }

  async #flush(): Promise<readonly VersionedState<S>[]> {
    const writes = [...this.#writes].map(([aggregateId, state]) => ({ aggregateId, state }));
    const checks = await this.#checks();
    this.#signal?.throwIfAborted();
    const { versions, timestamp } = await this.#context.commit({ writes, checks });
    return writes.map((write, index) => versionedState({ ...write, version: versions[index]!, timestamp }));
  }

  /** What must still be the newest version: of what was written and, to be serializable, of what was read. */
  async #checks() {
    if (!this.#keepsSnapshot) return [];
    const ids = new Set(this.#writes.keys());
    if (this.isolationLevel === 'serializable') for (const id of this.#seen.keys()) ids.add(id);
    return Promise.all(
      [...ids].map(async (aggregateId) => {
        const version = (await this.#visible(aggregateId))?.version ?? 0;
        return { aggregateId, version };
      }),
    );
  }

  async #visible(aggregateId: string): Promise<StoredVersion | undefined> {
    if (!this.#keepsSnapshot) return (await this.#context.store()).read(aggregateId);
    const known = this.#seen.get(aggregateId);
    if (known) return known;
    const reading = this.#readSnapshot(aggregateId);
    this.#seen.set(aggregateId, reading);
    try {
      return await reading;
    } catch (error) {
      // Forgotten, so that the next read tries anew.
      this.#seen.delete(aggregateId);
      throw error;
    }
  }

  async #readSnapshot(aggregateId: string): Promise<StoredVersion | undefined> {
    const sequence = await this.#sequence();
    const store = await this.#context.store();
    const found = await store.read(aggregateId, { sequence });
    if (found) return found;
    const [oldest] = await store.history(aggregateId, { fromVersion: 1, limit: 1 });
    if (oldest && oldest.version > 1) throw new SnapshotTooOldError(aggregateId);
    return undefined;
  }

  async #sequence(): Promise<number> {
    this.#snapshot ??= this.#context.snapshots.open(async () => (await this.#context.store()).lastSequence());
    const snapshot = this.#snapshot;
    try {
      return await snapshot.sequence;
    } catch (error) {
      snapshot.release();
      if (this.#snapshot === snapshot) this.#snapshot = undefined;
      throw error;
    }
  }

  get #keepsSnapshot(): boolean {
    return this.isolationLevel === 'repeatable_read' || this.isolationLevel === 'serializable';
  }

  #assertOpen(): void {
    this.#signal?.throwIfAborted();
    if (this.#ended) throw new TransactionEndedError();
  }
}

/** Whether the same transaction, begun again, may well succeed. */
export function isWorthRetrying(error: unknown): boolean {
  return (
    error instanceof ConcurrencyConflictError ||
    error instanceof SnapshotTooOldError ||
    error instanceof PreparedConflictError
  );
}
