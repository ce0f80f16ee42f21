import type { CacheProvider } from '../cache/cache-provider.ts';
import type { Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { OnError } from '../core/on-error.ts';
import type { IsolationLevel } from './isolation-level.ts';
import type { LockManager } from './lock-manager.ts';
import type { MVCCController } from './mvcc-controller.ts';
import type { RecordChangesOptions } from './record-changes.ts';
import type { RetryOptions } from './retry-conflicts.ts';
import type { VersionStore } from './version-store.ts';
import type { StateVersion } from './versioned-state.ts';

/** What the manager works with. */
export interface StateManagerOptions<S = JsonValue> {
  /**
   * `optimistic`: nobody waits; a write that lost a race is refused, or tried again by `update`, `patch` and `transaction`.
   * `pessimistic`: they and every other write lock the aggregate first and so wait for each other in turn. For what many
   * write at once. What is written is checked all the same, for others need not lock. Default `optimistic`.
   */
  readonly concurrencyControl?: 'optimistic' | 'pessimistic';
  /** The locks, for `pessimistic`. Default: those of this object; across processes give a `PostgreSQLLockManager`. */
  readonly locks?: LockManager;
  /** How long to wait for each lock, in ms. Default 10,000. */
  readonly lockTimeoutMs?: number;
  /** Of `transaction()`. Default `serializable`. */
  readonly isolationLevel?: IsolationLevel;
  /** Where the versions are kept. Default: in memory. Give either this or `mvcc`. */
  readonly store?: VersionStore;
  /** A controller of yours, which stays open. Give either this or `store`. */
  readonly mvcc?: MVCCController<S>;
  /**
   * Tells of each change in an event, in the same commit: see {@link recordChanges}, which does the same for a store whose
   * controller is yours. Needs `store`, in the database of the events. Default: no events.
   */
  readonly events?: RecordChangesOptions<S>;
  /** Keeps versions that were read. It may be shared; what it costs to be without it is reading from the store. */
  readonly cacheProvider?: CacheProvider;
  /** How often `update`, `patch` and `transaction` try again after a conflict or a deadlock. */
  readonly retry?: RetryOptions;
  /** Told when the cache, a listener or the watching of the store fails; the call goes on. Default: an uncaught exception. */
  readonly onError?: OnError;
  readonly clock?: Clock;
  /** Chance for the jitter of retries. */
  readonly random?: Random;
}

/** Which state is read: the one of a version's number, or the one of a moment (a Date, or ms since 1970). */
export type StateMoment =
  | { readonly version?: number; readonly at?: never }
  | { readonly at: Date | number; readonly version?: never };

/** How a state is written. */
export interface SetOptions {
  /** The newest version there must be, 0 for none (MV3). Default: whatever is there. */
  readonly expectedVersion?: number | undefined;
  /** Ends the waiting for a lock. */
  readonly signal?: AbortSignal | undefined;
}

/** How a transaction is run. */
export interface StateTransactionOptions {
  /** Default: the manager's. */
  readonly isolationLevel?: IsolationLevel;
  /** Refuses writes, and takes no locks. Default false. */
  readonly readOnly?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Whose versions a listener is told of. */
export interface SubscribeStateOptions {
  /**
   * Also those of other managers and processes: all versions of the store, in the order of their commits, and once each
   * unless the store fails meanwhile. Keeps the process alive until it is ended. Default false.
   */
  readonly others?: boolean;
  /** How often the store is asked for those of other processes, in ms. Default 500. */
  readonly pollIntervalMs?: number;
}

/** Ends a subscription when it is called. */
export interface StateSubscription {
  (): void;
  /** Resolves once whatever is written afterwards, by anybody that is listened to, is told. */
  readonly begun: Promise<void>;
}

/** Told of each version written, deletions included. */
export type StateListener<S> = (written: StateVersion<S>) => void;
