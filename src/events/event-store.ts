import type { Random } from '../core/backoff.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError, ConcurrencyConflictError, InvalidArgumentError } from '../core/errors.ts';
import type { ExpectedVersion } from '../core/expected-version.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { aggregateStream, type StreamFold, type StreamState } from './aggregate-stream.ts';
import {
  appendCondition,
  checkDistinct,
  checkExpectedVersion,
  compressBatches,
  encodeRequest,
} from './append-batches.ts';
import { AppendConditionError, StreamDeletedError } from './errors.ts';
import type { AppendedBatch, EventAdapter, EventBatch, StreamInfo } from './event-adapter.ts';
import { allSequence, type BatchSource, streamSequence } from './event-batches.ts';
import { decodeEvents } from './event-codec.ts';
import { checkInteger, checkName } from './event-names.ts';
import type { EventSequence } from './event-sequence.ts';
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
import { PayloadCodec } from './payload-codec.ts';
import type { NewEvent } from './recorded-event.ts';
import type { SnapshotStrategy } from './snapshot-strategy.ts';
import { type SubscribeOptions, subscriptionSettings } from './subscribe-options.ts';
import { Subscription } from './subscription.ts';

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
export class EventStore {
  readonly #adapter: EventAdapter;
  readonly #codec: PayloadCodec;
  readonly #strategy: SnapshotStrategy | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onError: OnError;
  readonly #source: BatchSource;
  readonly #subscriptions = new Map<string, Subscription>();
  #initialized: Promise<void> | undefined;
  #closed = false;

  constructor(options: EventStoreOptions) {
    const { adapter, snapshotStrategy, clock = systemClock, random = Math.random, onError = throwLater } = options;
    if (typeof adapter?.append !== 'function') {
      throw new InvalidArgumentError('options.adapter', 'an EventAdapter', adapter);
    }
    this.#adapter = adapter;
    this.#codec = new PayloadCodec(options);
    this.#strategy = snapshotStrategy;
    this.#clock = clock;
    this.#random = random;
    this.#onError = onError;
    this.#source = { adapter: () => this.#ready(), decode: (events) => decodeEvents(events, this.#codec) };
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
   * @throws {@link InvalidArgumentError} for what can't be stored, before anything is written.
   */
  async append(stream: string, events: readonly NewEvent[], options: AppendOptions = {}): Promise<AppendResult> {
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
  async appendMany(requests: readonly AppendRequest[], options: AppendManyOptions = {}): Promise<AppendResult[]> {
    if (!Array.isArray(requests)) throw new InvalidArgumentError('requests', 'an array', requests);
    const batches = requests.map((request, index) => this.#encode(request, `requests[${index}].`));
    return batches.length === 0 ? [] : this.#append(batches, options);
  }

  /**
   * The events of a stream, read a batch at a time while they are iterated (ES10). A stream that does not exist is empty.
   *
   * @throws {@link EventCorruptedError} while iterating, at an event that can't be decoded.
   */
  read(stream: string, options: ReadOptions = {}): EventSequence {
    return streamSequence(this.#source, stream, options);
  }

  /**
   * The events of all streams in ascending order of position, read a batch at a time (ES10).
   *
   * Whoever reads on later from the last position he got misses nothing (ES5).
   */
  readAll(options: ReadAllOptions = {}): EventSequence {
    return allSequence(this.#source, options);
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
   * With a `snapshotStrategy` and a `name` it begins at the last snapshot; the result is the same as without (ES8).
   */
  async aggregateStream<S>(stream: string, fold: StreamFold<S>): Promise<StreamState<S>> {
    checkName(stream, 'stream');
    const source = {
      adapter: await this.#ready(),
      codec: this.#codec,
      strategy: this.#strategy,
      onError: this.#onError,
      read: (fromVersion: number) => this.read(stream, { fromVersion, signal: fold.signal }),
    };
    return aggregateStream(source, stream, fold);
  }

  /**
   * Brings every event, from the checkpoint of this name on, to a handler: at least once and in order.
   *
   * Events appended through this store are handled at once, those of other processes within `pollIntervalMs`.
   *
   * @throws {@link InvalidArgumentError} if this store has a subscription of the same name already.
   */
  subscribe(options: SubscribeOptions): Subscription {
    const settings = subscriptionSettings(options);
    const { name } = settings;
    if (this.#closed) throw new ClosedError('the event store');
    if (this.#subscriptions.has(name)) {
      throw new InvalidArgumentError('options.name', 'a name without a running subscription', name);
    }
    const subscription = new Subscription(settings, {
      read: async (after, limit) => this.#source.decode(await (await this.#initialize()).readAll({ after, limit })),
      lastPosition: async () => (await this.#initialize()).lastPosition(),
      loadCheckpoint: async () => (await (await this.#initialize()).loadCheckpoint(name))?.position,
      saveCheckpoint: async (position) => {
        await (await this.#initialize()).saveCheckpoint(name, { position, state: '{}' });
      },
      clock: this.#clock,
      random: this.#random,
    }).start();
    this.#subscriptions.set(name, subscription);
    void subscription.finished.then(() => this.#subscriptions.delete(name));
    return subscription;
  }

  /** Ends its subscriptions and then the adapter, which leaves the caller's connection open. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.close()));
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
    const adapter = await this.#ready();
    const compressed = await compressBatches(batches, this.#codec);
    options.signal?.throwIfAborted();
    const outcome = await adapter.append(compressed, { condition });
    switch (outcome.status) {
      case 'appended':
        for (const subscription of this.#subscriptions.values()) subscription.wake();
        return withStreams(batches, outcome.batches);
      case 'existing':
        return withStreams(batches, await firstResult(batches, outcome.events, this.#codec));
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

  async #ready(): Promise<EventAdapter> {
    if (this.#closed) throw new ClosedError('the event store');
    return this.#initialize();
  }

  /** The adapter, initialized on first use; a failure is forgotten, so that the next use tries again. */
  async #initialize(): Promise<EventAdapter> {
    this.#initialized ??= this.#adapter.init();
    const attempt = this.#initialized;
    try {
      await attempt;
    } catch (error) {
      if (this.#initialized === attempt) this.#initialized = undefined;
      throw error;
    }
    return this.#adapter;
  }
}

function withStreams(batches: readonly EventBatch[], appended: readonly AppendedBatch[]): AppendResult[] {
  return batches.map(({ stream }, index) => {
    const { version, position } = appended[index]!;
    return { stream, version, position };
  });
}
