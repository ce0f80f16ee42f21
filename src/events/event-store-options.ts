import type { Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { EventQuery } from '../core/event-query.ts';
import type { ExpectedVersion } from '../core/expected-version.ts';
import type { OnError } from '../core/on-error.ts';
import type { EventAdapter } from './event-adapter.ts';
import type { EventEncryption } from './event-encryption.ts';
import type { EventRegistry } from './event-registry.ts';
import type { EventShape } from './event-shape.ts';
import type { PayloadCodecOptions } from './payload-codec.ts';
import type { Projection } from './projection.ts';
import type { NewEvent } from './recorded-event.ts';
import type { SnapshotStrategy } from './snapshot-strategy.ts';

/** How a store is set up. */
export interface EventStoreOptions<E extends EventShape = EventShape, N extends EventShape = E>
  extends PayloadCodecOptions {
  readonly adapter: EventAdapter;
  /** The types of events there are: checked on append, brought to their schema of today on read. Default: any type. */
  readonly registry?: EventRegistry<E, N> | undefined;
  /** Encrypts the data of events and snapshots. Default: they are stored in plain. */
  readonly encryption?: EventEncryption | undefined;
  /**
   * Whether each event gets the hash of the one before it in its stream, for {@link verifyEvents} to find what was changed,
   * removed or reordered since. Appends then read before they write, and each is a transaction of its own. All
   * stores that append to the storage should have it. Default false.
   */
  readonly hashChain?: boolean;
  /** When `aggregateStream` keeps a snapshot. Default: never, and none is used. */
  readonly snapshotStrategy?: SnapshotStrategy;
  /**
   * Kept in the transaction of each append through this store: all of it is stored, or, if one of them throws, nothing.
   * On a synchronous database (SQLite) they must not return promises. They see no event of before. Default: none.
   */
  readonly inlineProjections?: readonly Projection[];
  /** The time of events that bring none, and of every wait. */
  readonly clock?: Clock;
  /** Chance for the jitter of retries. */
  readonly random?: Random;
  /** Told when a snapshot could not be saved. Default: an uncaught exception. */
  readonly onError?: OnError;
}

/** How events are appended to one stream. */
export interface AppendOptions extends AppendManyOptions {
  /** What the stream must be at. Default `'any'`. */
  readonly expectedVersion?: ExpectedVersion;
}

/** What must hold over all streams for an append to take place. */
export interface AppendManyOptions {
  /**
   * No event that matches may stand behind `after`: a condition over all streams, checked in the same step as the
   * expected versions (a dynamic consistency boundary). Default: no condition.
   */
  readonly failIfEventsMatch?: EventQuery | undefined;
  /** The position of the last event taken into account, as {@link EventStore.readAll} gave it. Default 0: none was. */
  readonly after?: number | undefined;
  /** Heeded until the events are handed to the storage; from then on the outcome is waited for. */
  readonly signal?: AbortSignal | undefined;
}

/** Events for one stream, as a part of an append to several. */
export interface AppendRequest<R extends NewEvent = NewEvent> {
  readonly stream: string;
  /** At least one. */
  readonly events: readonly R[];
  /** What the stream must be at. Default `'any'`. */
  readonly expectedVersion?: ExpectedVersion;
}

/** Where a stream stands after an append. */
export interface AppendResult {
  readonly stream: string;
  /** The version of the last event appended. */
  readonly version: number;
  /** Its position in the store. */
  readonly position: number;
}

/** What to read of a stream. */
export interface ReadOptions {
  /** Lowest version. Default 1. */
  readonly fromVersion?: number;
  /** Highest version. Default: the last there is. */
  readonly toVersion?: number;
  /** The order in which they come: from the lowest version or from the highest. Default `'forward'`. */
  readonly direction?: 'forward' | 'backward';
  /** At most so many events. Default: all. */
  readonly limit?: number;
  /** How many are in memory at a time. Default 500. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What to read of the whole store. */
export interface ReadAllOptions {
  /** Only events behind this position, or behind a checkpoint that this store or another life of it has given. Default 0. */
  readonly after?: number | string | undefined;
  /** Only events that match. Default: all. */
  readonly query?: EventQuery | undefined;
  /** At most so many events. Default: all there are by then. */
  readonly limit?: number;
  /** How many are in memory at a time. Default 500. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
}
