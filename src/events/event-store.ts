import { checkMethods, checkObject } from '../core/check-argument.ts';
import { checkInteger } from '../core/check-integer.ts';
import { systemClock } from '../core/clock.ts';
import { ConcurrencyConflictError, InvalidArgumentError } from '../core/errors.ts';
import type { ExpectedVersion } from '../core/expected-version.ts';
import { throwLater } from '../core/on-error.ts';
import type { FoldSource } from './aggregate-stream.ts';
import { checkExpectedVersion } from './append-batches.ts';
import { checkSubscriptionName } from './checkpoint-names.ts';
import { type CheckpointedEvent, checkpointedEvents } from './checkpointed-events.ts';
import { beginEpoch, checkpointText, epochsOf, positionIn } from './epochs.ts';
import type { EventAdapter, StoredEvent, StreamInfo } from './event-adapter.ts';
import { EventAppender, type EventAppenderParts } from './event-appender.ts';
import { EventCodec } from './event-codec.ts';
import { checkName } from './event-names.ts';
import type { EventShape, NewEventOf, PartOf, RecordedEventOf } from './event-shape.ts';
import type {
  AppendManyOptions,
  AppendOptions,
  AppendRequest,
  AppendResult,
  EventStoreOptions,
  ReadAllOptions,
} from './event-store-options.ts';
import { EventStreams } from './event-streams.ts';
import { FoldSnapshots } from './fold-snapshots.ts';
import { InlineProjections } from './inline-projections.ts';
import type { ParkedEvents } from './parked-events.ts';
import type { Projection } from './projection.ts';
import { deleteRecorded, truncateRecorded } from './recorded-removals.ts';
import { RunningProjections } from './running-projections.ts';
import { RunningSubscriptions } from './running-subscriptions.ts';
import { SameDatabase } from './same-database.ts';
import { StoreAdapter } from './store-adapter.ts';
import {
  type RunOptions,
  type SubscribeOptions,
  subscribeSettings,
  type TypedSubscribeOptions,
} from './subscribe-options.ts';
import type { Subscription } from './subscription.ts';
import { DifferentDatabaseError, UnsupportedByAdapterError } from './transaction-errors.ts';

/**
 * Events kept in streams and in one global order, on any storage that has an {@link EventAdapter}.
 *
 * @example
 * ```ts
 * const store = new EventStore({ adapter: new MemoryEventAdapter() });
 * await store.append('task-1', [{ type: 'task.created', data: { title: 'one' } }], { expectedVersion: 'no_stream' });
 * for await (const event of store.read('task-1')) console.log(event.version, event.type);
 * ```
 */
export class EventStore<E extends EventShape = EventShape, N extends EventShape = E> extends EventStreams<E, N> {
  readonly #storage: StoreAdapter;
  readonly #parts: EventAppenderParts;
  readonly #appender: EventAppender;
  readonly #source: FoldSource<RecordedEventOf<E>>;
  readonly #subscriptions: RunningSubscriptions;
  readonly #projections: RunningProjections;
  readonly #sameDatabase = new SameDatabase();

  constructor(options: EventStoreOptions<E, N>) {
    checkObject(options);
    const { adapter, snapshotStrategy, clock = systemClock, random = Math.random, onError = throwLater } = options;
    checkMethods(adapter, 'options.adapter', 'an EventAdapter', 'append');
    const storage = new StoreAdapter(adapter);
    const codec = new EventCodec(options);
    // That these are events of the union is the registry's doing, or the word of whoever named the union.
    const decode = async (events: readonly StoredEvent[]) =>
      (await codec.decode(events)) as unknown[] as RecordedEventOf<E>[];
    // They end only after the store has taken the last call.
    const adapterToTheEnd = () => storage.initialize();
    const subscriptions = new RunningSubscriptions({ decode, adapter: adapterToTheEnd, clock, random });
    const parts: EventAppenderParts = {
      adapter: () => storage.ready,
      codec,
      codecAtOnce: new EventCodec(options, Number.POSITIVE_INFINITY),
      inline: new InlineProjections(options.inlineProjections ?? [], codec),
      clock,
      random,
      isChained: options.hashChain ?? false,
      appended: () => subscriptions.wake(),
    };
    const appender = new EventAppender(parts);
    const source = {
      events: { adapter: () => storage.use(), decode },
      snapshots: new FoldSnapshots(adapter, codec, clock, onError),
      strategy: snapshotStrategy,
      clock,
    };
    super(appender, source);
    this.#storage = storage;
    this.#parts = parts;
    this.#appender = appender;
    this.#source = source;
    this.#subscriptions = subscriptions;
    this.#projections = new RunningProjections(storage, subscriptions);
  }

  /**
   * Makes what the storage needs, where it is not there yet. Every call that can wait does it by itself; to be called
   * before {@link EventStore.withTransaction} and {@link EventStore.appendSync}.
   */
  async init(): Promise<void> {
    await this.#sameDatabase.learn(await this.#storage.use());
  }

  /**
   * This store inside a transaction that you have open on this client: what is appended is stored if and when you
   * commit, together with your own statements. It reads what the transaction sees, keeps inline projections in it, and
   * writes no snapshots. A failure of the storage fails your transaction: roll it back, and run all of it again.
   *
   * Subscriptions don't see what is not committed yet: call {@link EventStore.wake} once it is.
   *
   * @example
   * ```ts
   * await client.query('begin');
   * await client.query('insert into orders values ($1)', [order]);
   * await store.withTransaction(client).append(`order-${order}`, [{ type: 'order.placed', data: { order } }]);
   * await client.query('commit');
   * store.wake();
   * ```
   *
   * @throws {@link NotInitializedError} before `init()`: nothing is created within your transaction.
   * @throws {@link UnsupportedByAdapterError} if the adapter has no such thing.
   */
  withTransaction(client: unknown): EventStreams<E, N> {
    const adapter = this.#storage.useAtOnce('withTransaction');
    if (!adapter.withTransaction) {
      const advice =
        'on SQLite use appendSync() inside your transaction, elsewhere an adapter that has it (PostgreSQL)';
      throw new UnsupportedByAdapterError('withTransaction', advice);
    }
    return this.#inside(adapter.withTransaction(client));
  }

  /**
   * Appends at once, for callers that can't wait: inside a transaction that is open on the adapter's own database
   * (`db.transaction(() => …)()` of better-sqlite3), with which the events are stored or not; else in one of its own.
   *
   * Otherwise as `append`. Schemas, encryption and inline projections must answer at once; compression does.
   * The transaction must not wait for anything: other calls of this process would get into it.
   *
   * @throws The errors of `append`.
   * @throws {@link NotInitializedError} before `init()`.
   * @throws {@link SynchronousAppendError} if a schema or the encryption gives a promise: nothing is written.
   * @throws {@link UnsupportedByAdapterError} if the storage can only be waited for.
   */
  appendSync(stream: string, events: readonly NewEventOf<N>[], options: AppendOptions = {}): AppendResult {
    const batches = this.#appender.encode(stream, events, options);
    return this.#appender.appendSync(batches, options, this.#storage.useAtOnce('appendSync'))[0]!;
  }

  /** Appends to several streams at once, all of it or nothing, as {@link EventStore.appendSync}. */
  appendManySync(requests: readonly AppendRequest<NewEventOf<N>>[], options: AppendManyOptions = {}): AppendResult[] {
    const batches = this.#appender.encodeMany(requests);
    return this.#appender.appendSync(batches, options, this.#storage.useAtOnce('appendManySync'));
  }

  /**
   * Appends to several streams inside a transaction that somebody has open on this client, of whichever kind: at once on
   * a synchronous database and in memory (`undefined`), else by a promise. What gets a client that way is, for instance,
   * `within` of a {@link VersionStore}. Call {@link EventStore.wake} once it is committed.
   *
   * @throws {@link DifferentDatabaseError} if the client is not on the database of the events: nothing is stored apart.
   * @throws {@link NotInitializedError} before `init()`.
   */
  appendWithin(
    client: unknown,
    requests: readonly AppendRequest<NewEventOf<N>>[],
  ): AppendResult[] | Promise<AppendResult[]> {
    const adapter = this.#storage.useAtOnce('appendWithin');
    if (!adapter.withTransaction) {
      if (!adapter.appendSync || !adapter.isOn?.(client)) throw new DifferentDatabaseError();
      return this.appendManySync(requests);
    }
    if (typeof client !== 'object' || client === null) throw new DifferentDatabaseError();
    const inside = this.#sameDatabase.inside(adapter, client);
    return inside.then((within) => this.#inside(within).appendMany(requests));
  }

  /**
   * As {@link readAll}, each event with a {@link CheckpointedEvent.checkpoint}, to be kept outside of this store.
   *
   * @throws {@link CheckpointEpochError} while iterating, if the reader is ahead of what this life of the store took over.
   */
  readAllWithCheckpoints(options: ReadAllOptions = {}): AsyncGenerator<CheckpointedEvent<RecordedEventOf<E>>, void> {
    return checkpointedEvents(this.#source.events, options);
  }

  /**
   * The checkpoint of a position in the present life of this store. That it was read in this one is the caller's word:
   * {@link readAllWithCheckpoints} knows.
   *
   * @throws {@link InvalidArgumentError} if it is behind the last event there is, also where that was removed.
   */
  async checkpointOf(position: number): Promise<string> {
    checkInteger(position, 0, 'position');
    const adapter = await this.#storage.use();
    // In this order: set back in between, it is of the life before, and refused.
    const epochs = await epochsOf(adapter);
    const last = await adapter.lastPosition();
    if (position > last) {
      throw new InvalidArgumentError('position', `one of this store, whose last event is at ${last}`, position);
    }
    return checkpointText(epochs, position);
  }

  /**
   * The position of a checkpoint, whichever life of the store gave it, if this one has the same events up to there.
   *
   * @throws {@link CheckpointEpochError} if it is ahead of what this store was restored or copied from.
   */
  async positionOf(checkpoint: string): Promise<number> {
    return positionIn(await epochsOf(await this.#storage.use()), checkpoint);
  }

  /**
   * Begins another life of the store: to be called once after it was set back by means that it can't notice, such as an
   * older copy of an SQLite file, a disk snapshot or a base backup of PostgreSQL. Restoring a backup or a PostgreSQL dump
   * does it by itself.
   */
  async beginEpoch(): Promise<void> {
    await beginEpoch(await this.#storage.use());
  }

  /** The streams that have or had events, read a page at a time, in an order of names that is always the same. */
  async *streams(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<StreamInfo, void> {
    const limit = 500;
    for (let after: string | undefined; ; ) {
      options.signal?.throwIfAborted();
      const page = await (await this.#storage.use()).listStreams({ after, limit });
      yield* page;
      if (page.length < limit) return;
      after = page.at(-1)!.stream;
    }
  }

  /**
   * Removes the events of a stream below a version for good, for instance what a snapshot or a summary stands for. The
   * stream goes on where it is.
   */
  async truncateStream(stream: string, beforeVersion: number): Promise<void> {
    checkName(stream, 'stream');
    checkInteger(beforeVersion, 1, 'beforeVersion');
    const adapter = await this.#storage.use();
    if (this.#parts.isChained) return truncateRecorded(adapter, stream, beforeVersion);
    await adapter.truncateStream(stream, beforeVersion);
  }

  /**
   * Removes all events and snapshots of a stream for good. A tombstone stays: the stream takes no events any more.
   *
   * @throws {@link ConcurrencyConflictError} if the stream is not at its expected version.
   */
  async deleteStream(stream: string, options: { readonly expectedVersion?: ExpectedVersion } = {}): Promise<void> {
    const { expectedVersion = 'any' } = options;
    checkName(stream, 'stream');
    checkExpectedVersion(expectedVersion, 'options.expectedVersion');
    const adapter = await this.#storage.use();
    const outcome = await (this.#parts.isChained
      ? deleteRecorded(adapter, stream, expectedVersion)
      : adapter.deleteStream(stream, expectedVersion));
    if (outcome.status === 'conflict') {
      throw new ConcurrencyConflictError({
        aggregateId: stream,
        expectedVersion,
        actualVersion: outcome.actualVersion,
      });
    }
  }

  /**
   * Brings every event, from the checkpoint of this name on, to a handler: at least once and in order.
   *
   * Events appended through this store are handled at once, those of other processes within `pollIntervalMs`.
   *
   * @throws {@link InvalidArgumentError} if this store has a subscription of the same name already.
   */
  subscribe(options: TypedSubscribeOptions<E>): Subscription {
    const settings = subscribeSettings(options as SubscribeOptions);
    this.#storage.assertOpen();
    return this.#subscriptions.subscribe(settings);
  }

  /**
   * Lets subscriptions look for new events now instead of at their next poll: those of this store, and those of others
   * where the adapter tells them (`notify`). For what was appended otherwise than by this store itself, such as in a
   * transaction of yours that has committed.
   */
  wake(): void {
    this.#storage.notify();
    this.#subscriptions.wake();
  }

  /**
   * The events that a subscription has set aside, whether it runs or not: see {@link Subscription.parked}.
   *
   * @throws {@link InvalidArgumentError} if no subscription can have this name.
   */
  parkedEvents(subscription: string): ParkedEvents {
    return this.#subscriptions.parked(checkSubscriptionName(subscription, 'subscription'));
  }

  /**
   * Keeps a projection up to date: events are applied in the transaction that saves its checkpoint, so that each takes
   * effect exactly once, even if several processes run it.
   *
   * @throws {@link InvalidArgumentError} if this version of it runs in this store already.
   */
  project<Client>(projection: Projection<Client>, options: RunOptions = {}): Subscription {
    return this.#projections.run(projection, options);
  }

  /**
   * Builds another version of a projection beside the live one, into its own target, and makes it the live one once it
   * has caught up. The version before stays as it is: it can be made live again, or dropped.
   *
   * @returns The new version, which goes on running.
   */
  rebuildProjection<Client>(projection: Projection<Client>, options: RunOptions = {}): Promise<Subscription> {
    return this.#projections.rebuild(projection, options);
  }

  /** Which version of a projection is to be read; nothing if none was ever run. */
  liveVersion(projection: string): Promise<number | undefined> {
    return this.#projections.liveVersion(projection);
  }

  /**
   * Makes a version that was built the live one, in one step: for instance the one before, if the new one was wrong.
   *
   * @throws {@link InvalidArgumentError} if this version was never run.
   */
  makeProjectionLive<Client>(projection: Projection<Client>): Promise<void> {
    return this.#projections.makeLive(projection);
  }

  /**
   * Removes a version that is not live: its target by its own `drop`, and its checkpoint. Close it first.
   *
   * @throws {@link ProjectionLiveError} if it is the live one.
   */
  dropProjection<Client>(projection: Projection<Client>): Promise<void> {
    return this.#projections.drop(projection);
  }

  /**
   * This store, seen as one of some of its events: of one kind of stream, say. It is the caller's word that the streams it
   * is used on have no others; nothing is checked.
   *
   * @example
   * ```ts
   * const tasks = store.typed<TaskEvent>();
   * for await (const event of tasks.read('task-1')) if (event.type === 'task.created') console.log(event.data.title);
   * ```
   */
  typed<T extends E>(): EventStore<T, PartOf<N, T>> {
    return this as unknown as EventStore<T, PartOf<N, T>>;
  }

  /** Ends its subscriptions and then the adapter, which leaves the caller's connection open. */
  async close(): Promise<void> {
    if (!this.#storage.close()) return;
    await this.#subscriptions.close();
    await this.#source.snapshots.idle();
    await this.#storage.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #inside(adapter: EventAdapter): EventStreams<E, N> {
    const use = () => {
      this.#storage.assertOpen();
      return adapter;
    };
    const { events, snapshots, strategy, clock } = this.#source;
    const appender = new EventAppender({ ...this.#parts, adapter: use, appended: () => {} });
    return new EventStreams(appender, {
      events: { ...events, adapter: async () => use() },
      snapshots: snapshots.on(adapter),
      // One is used, but none is written: nobody would wait for it before the transaction ends.
      strategy: strategy && { shouldSnapshot: () => false },
      clock,
    });
  }
}
