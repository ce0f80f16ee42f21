import { checkInteger } from '../core/check-integer.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError, ConcurrencyConflictError, InvalidArgumentError } from '../core/errors.ts';
import type { ExpectedVersion } from '../core/expected-version.ts';
import { throwLater } from '../core/on-error.ts';
import { aggregateStream, type StreamFold, type StreamState } from './aggregate-stream.ts';
import { appendCondition, checkDistinct, checkExpectedVersion, encodeRequest } from './append-batches.ts';
import { appendChained } from './chained-appends.ts';
import { checkSubscriptionName } from './checkpoint-names.ts';
import { beginEpoch, checkpointText, epochsOf, noticeEpoch, positionIn } from './epochs.ts';
import { AppendConditionError, StreamDeletedError } from './errors.ts';
import type { AppendedBatch, EventAdapter, EventBatch, StoredEvent, StreamInfo } from './event-adapter.ts';
import { allSequence, type BatchSource, streamSequence } from './event-batches.ts';
import { EventCodec } from './event-codec.ts';
import { checkName } from './event-names.ts';
import type { EventSequence } from './event-sequence.ts';
import type { EventShape, NewEventOf, RecordedEventOf } from './event-shape.ts';
import type {
  AppendManyOptions,
  AppendOptions,
  AppendRequest,
  AppendResult,
  EventStoreOptions,
  ReadAllOptions,
  ReadOptions,
} from './event-store-options.ts';
import { firstResult } from './first-result.ts';
import { FoldSnapshots } from './fold-snapshots.ts';
import { InlineProjections } from './inline-projections.ts';
import type { ParkedEvents } from './parked-events.ts';
import { type Projection, type ProjectionPlan, projectionPlan } from './projection.ts';
import { dropVersion, liveVersion, makeFirstLive, makeLive } from './projection-versions.ts';
import { RunningSubscriptions } from './running-subscriptions.ts';
import type { SnapshotStrategy } from './snapshot-strategy.ts';
import { type RunOptions, runSettings, type SubscribeOptions, subscribeSettings } from './subscribe-options.ts';
import type { Subscription } from './subscription.ts';

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
export class EventStore<E extends EventShape = EventShape, N extends EventShape = E> {
  readonly #adapter: EventAdapter;
  readonly #codec: EventCodec;
  readonly #snapshots: FoldSnapshots;
  readonly #strategy: SnapshotStrategy | undefined;
  readonly #clock: Clock;
  readonly #isChained: boolean;
  readonly #source: BatchSource<RecordedEventOf<E>>;
  readonly #subscriptions: RunningSubscriptions;
  readonly #inline: InlineProjections;
  #initialized: Promise<void> | undefined;
  /** The adapter while nothing needs to be waited for: it is initialized, and the store is open. */
  #open: EventAdapter | undefined;
  #closed = false;

  constructor(options: EventStoreOptions<E, N>) {
    const { adapter, snapshotStrategy, clock = systemClock, random = Math.random, onError = throwLater } = options;
    if (typeof adapter?.append !== 'function') {
      throw new InvalidArgumentError('options.adapter', 'an EventAdapter', adapter);
    }
    this.#adapter = adapter;
    this.#codec = new EventCodec(options);
    this.#strategy = snapshotStrategy;
    this.#clock = clock;
    this.#isChained = options.hashChain ?? false;
    this.#snapshots = new FoldSnapshots(adapter, this.#codec, clock, onError);
    this.#source = { adapter: () => this.#ready(), decode: (events) => this.#decode(events) };
    this.#inline = new InlineProjections(options.inlineProjections ?? [], this.#codec);
    // They end only after the store has taken the last call.
    const adapterToTheEnd = () => this.#initialize();
    this.#subscriptions = new RunningSubscriptions({ ...this.#source, adapter: adapterToTheEnd, clock, random });
  }

  /**
   * Appends events to the end of a stream, all or none (ES1), durably once resolved (ES3).
   *
   * Of several appends racing on one `expectedVersion` exactly one wins (ES2). Events whose ids are stored already
   * return the first result and add nothing (ES4): after a failure whose outcome is unknown, append the same again.
   *
   * @param stream - 1 to 255 characters of well-formed text without NUL.
   * @param events - At least one; each `data` any JSON value.
   * @throws {@link ConcurrencyConflictError} if the stream is not at its expected version: read again, then retry.
   * @throws {@link AppendConditionError} if an event matches `failIfEventsMatch`: query again, then retry.
   * @throws {@link StreamDeletedError} if the stream was deleted.
   * @throws {@link AppendInDoubtError} if the connection was lost and could not be made again: append the same again.
   * @throws {@link DuplicateEventError} if an id is stored already with other content or beside other events.
   * @throws {@link EventValidationError} for what the registry does not know or its schema refuses: nothing is written.
   * @throws {@link InvalidArgumentError} for what can't be stored, before anything is written.
   */
  async append(stream: string, events: readonly NewEventOf<N>[], options: AppendOptions = {}): Promise<AppendResult> {
    const { expectedVersion = 'any' } = options;
    const [result] = await this.#append([this.#encode({ stream, events, expectedVersion }, '')], options);
    return result!;
  }

  /**
   * Appends to several streams at once: all of it or nothing (ES1), each under its own expected version.
   *
   * @param requests - One a stream.
   * @returns The results in the order of the requests.
   * @throws The errors of {@link EventStore.append}.
   */
  async appendMany(
    requests: readonly AppendRequest<NewEventOf<N>>[],
    options: AppendManyOptions = {},
  ): Promise<AppendResult[]> {
    if (!Array.isArray(requests)) throw new InvalidArgumentError('requests', 'an array', requests);
    const batches = requests.map((request, index) => this.#encode(request, `requests[${index}].`));
    return batches.length === 0 ? [] : this.#append(batches, options);
  }

  /**
   * The events of a stream, read a batch at a time while they are iterated (ES10). A stream that does not exist is empty.
   *
   * @throws {@link UnreadableEventError} while iterating, at an event that can't be decoded: its class says why.
   */
  read(stream: string, options: ReadOptions = {}): EventSequence<RecordedEventOf<E>> {
    return streamSequence(this.#source, stream, options);
  }

  /**
   * The events of all streams in ascending order of position, read a batch at a time (ES10).
   *
   * Whoever reads on later from the last position he got misses nothing (ES5).
   *
   * @throws {@link CheckpointEpochError} while iterating, if `after` is a checkpoint of another life of the store.
   */
  readAll(options: ReadAllOptions = {}): EventSequence<RecordedEventOf<E>> {
    return allSequence(this.#source, options);
  }

  /**
   * A position as a text to be kept outside of this store, for {@link readAll} or {@link positionOf} to go on from: it
   * tells of which life of the store it is. A restored store is another life, with the same events up to the backup.
   */
  async checkpointOf(position: number): Promise<string> {
    checkInteger(position, 0, 'position');
    return checkpointText(await epochsOf(await this.#ready()), position);
  }

  /**
   * The position of a checkpoint, whichever life of the store gave it, if this one has the same events up to there.
   *
   * @throws {@link CheckpointEpochError} if it is ahead of what this store was restored or copied from.
   */
  async positionOf(checkpoint: string): Promise<number> {
    return positionIn(await epochsOf(await this.#ready()), checkpoint);
  }

  /**
   * Begins another life of the store: to be called once after it was set back by means that it can't notice, such as an
   * older copy of an SQLite file. Restoring a backup, a PostgreSQL dump or base backup does it by itself.
   */
  async beginEpoch(): Promise<void> {
    await beginEpoch(await this.#ready());
  }

  /** The version of a stream's last event, truncated and deleted ones included; 0 if there never was one. */
  async streamVersion(stream: string): Promise<number> {
    checkName(stream, 'stream');
    return (await this.#ready()).streamVersion(stream);
  }

  /** The streams that have or had events, read a page at a time, in an order of names that is always the same. */
  async *streams(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<StreamInfo, void> {
    const limit = 500;
    for (let after: string | undefined; ; ) {
      options.signal?.throwIfAborted();
      const page = await (await this.#ready()).listStreams({ after, limit });
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
    await (await this.#ready()).truncateStream(stream, beforeVersion);
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
    const outcome = await (await this.#ready()).deleteStream(stream, expectedVersion);
    if (outcome.status === 'conflict') {
      throw new ConcurrencyConflictError({
        aggregateId: stream,
        expectedVersion,
        actualVersion: outcome.actualVersion,
      });
    }
  }

  /**
   * Folds a stream into a state.
   *
   * With a `snapshotStrategy` and a `name` it begins at the last snapshot; the result is the same as without (ES8). A new
   * snapshot is written afterwards, and not waited for: `close` waits.
   */
  async aggregateStream<S>(stream: string, fold: StreamFold<S, RecordedEventOf<E>>): Promise<StreamState<S>> {
    checkName(stream, 'stream');
    await this.#ready();
    const source = { events: this.#source, snapshots: this.#snapshots, strategy: this.#strategy, clock: this.#clock };
    return aggregateStream(source, stream, fold);
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
    if (this.#closed) throw new ClosedError('the event store');
    return this.#subscriptions.subscribe(settings);
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
    const plan = projectionPlan(projection);
    return this.#project(plan, options, async () => makeFirstLive(await this.#initialize(), plan));
  }

  /**
   * Builds another version of a projection beside the live one, into its own target, and makes it the live one once it
   * has caught up. The version before stays as it is: it can be made live again, or dropped.
   *
   * @returns The new version, which goes on running.
   */
  async rebuildProjection<Client>(projection: Projection<Client>, options: RunOptions = {}): Promise<Subscription> {
    const plan = projectionPlan(projection);
    const running = this.#project(plan, options);
    try {
      await running.caughtUp({ signal: options.signal });
      await makeLive(await this.#ready(), plan);
    } catch (error) {
      await running.close();
      throw error;
    }
    return running;
  }

  /** Which version of a projection is to be read; nothing if none was ever run. */
  async liveVersion(projection: string): Promise<number | undefined> {
    checkSubscriptionName(projection, 'projection');
    return liveVersion(await this.#ready(), projection);
  }

  /**
   * Makes a version that was built the live one, in one step: for instance the one before, if the new one was wrong.
   *
   * @throws {@link InvalidArgumentError} if this version was never run.
   */
  async makeProjectionLive<Client>(projection: Projection<Client>): Promise<void> {
    const plan = projectionPlan(projection);
    await makeLive(await this.#ready(), plan);
  }

  /**
   * Removes a version that is not live: its target by its own `drop`, and its checkpoint. Close it first.
   *
   * @throws {@link ProjectionLiveError} if it is the live one.
   */
  async dropProjection<Client>(projection: Projection<Client>): Promise<void> {
    const plan = projectionPlan(projection);
    await dropVersion(await this.#ready(), plan);
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
    if (this.#closed) return;
    this.#closed = true;
    this.#open = undefined;
    await this.#subscriptions.close();
    await this.#snapshots.idle();
    await this.#adapter.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #encode(request: AppendRequest, path: string): EventBatch {
    return encodeRequest(request, this.#codec, this.#clock, path);
  }

  async #append(batches: readonly EventBatch[], options: AppendManyOptions): Promise<AppendResult[]> {
    checkDistinct(batches);
    const condition = appendCondition(options);
    // Most appends have nothing to wait for but the storage, and each wait costs as much as a check.
    const adapter = this.#open ?? (await this.#ready());
    const validated = this.#codec.validate(batches);
    const valid = validated instanceof Promise ? await validated : validated;
    const encoded = this.#codec.seal(valid);
    const sealed = encoded instanceof Promise ? await encoded : encoded;
    options.signal?.throwIfAborted();
    const how = { condition, within: this.#inline.within(valid) };
    const outcome = await (this.#isChained
      ? appendChained(adapter, sealed, { ...how, signal: options.signal })
      : adapter.append(sealed, how));
    switch (outcome.status) {
      case 'appended':
        this.#subscriptions.wake();
        return withStreams(batches, outcome.batches);
      case 'existing':
        return withStreams(batches, await firstResult(valid, outcome.events, this.#codec));
      case 'deleted':
        throw new StreamDeletedError(outcome);
      case 'matched':
        throw new AppendConditionError({ after: condition?.after ?? 0, position: outcome.position });
      case 'conflict': {
        const { stream, actualVersion } = outcome;
        const expectedVersion = batches.find((batch) => batch.stream === stream)?.expectedVersion ?? 'any';
        throw new ConcurrencyConflictError({ aggregateId: stream, expectedVersion, actualVersion });
      }
    }
  }

  #project(plan: ProjectionPlan, options: RunOptions, begun?: () => Promise<void>): Subscription {
    const settings = runSettings(options);
    if (this.#closed) throw new ClosedError('the event store');
    return this.#subscriptions.project(plan, settings, begun);
  }

  /** That these are events of the union is the registry's doing, or the word of whoever named the union. */
  async #decode(events: readonly StoredEvent[]): Promise<RecordedEventOf<E>[]> {
    return (await this.#codec.decode(events)) as unknown[] as RecordedEventOf<E>[];
  }

  async #ready(): Promise<EventAdapter> {
    if (this.#closed) throw new ClosedError('the event store');
    return this.#initialize();
  }

  /** The adapter, initialized on first use; a failure is forgotten, so that the next use tries again. */
  async #initialize(): Promise<EventAdapter> {
    this.#initialized ??= this.#adapter.init().then(() => noticeEpoch(this.#adapter));
    const attempt = this.#initialized;
    try {
      await attempt;
      if (!this.#closed) this.#open = this.#adapter;
    } catch (error) {
      if (this.#initialized === attempt) this.#initialized = undefined;
      throw error;
    }
    return this.#adapter;
  }
}

/** How a typed store's events are subscribed to. */
export type TypedSubscribeOptions<E extends EventShape> = Omit<SubscribeOptions, 'handle'> & {
  readonly handle: (event: RecordedEventOf<E>) => Promise<void>;
};

/** The events to append that go with some of the events read. */
export type PartOf<N extends EventShape, T extends EventShape> = string extends N['type']
  ? T
  : Extract<N, { readonly type: T['type'] }>;

function withStreams(batches: readonly EventBatch[], appended: readonly AppendedBatch[]): AppendResult[] {
  return batches.map(({ stream }, index) => {
    const { version, position } = appended[index]!;
    return { stream, version, position };
  });
}
