import { checkMethods } from '../core/check-argument.ts';
import { ClosedError, InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, type JsonValue, jsonEqual } from '../core/json-value.ts';
import { throwLater } from '../core/on-error.ts';
import { SharedListening } from '../core/shared-listening.ts';
import type { StreamFold, StreamState } from '../events/aggregate-stream.ts';
import type { NewEvent, RecordedEvent } from '../events/recorded-event.ts';
import type { Replica, ReplicaRecord, ReplicaWriteOptions, ReplicaWriteOutcome } from './replica.ts';
import { conflictOr } from './state-replica.ts';

/** The part of an `EventStore` that an {@link EventReplica} needs. */
export interface FoldedStreams {
  aggregateStream<S>(stream: string, fold: StreamFold<S>): Promise<StreamState<S>>;
  append(
    stream: string,
    events: readonly NewEvent[],
    options: { readonly expectedVersion: number; readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly version: number }>;
  streams(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<{ readonly stream: string }>;
  /** Needed where the replica is watched by a subscription. */
  subscribe?(options: {
    readonly name: string;
    readonly handle: (event: RecordedEvent) => Promise<void>;
    readonly onError: (error: unknown) => void;
  }): { readonly finished: Promise<void>; close(): Promise<void> };
}

/** How records and the events of a store follow from each other. */
export interface EventReplicaOptions<S> {
  /** Begins the names of the streams, one a record: the rest of the name is its id. */
  readonly prefix: string;
  /** The state after an event; `undefined` where there is none, as before the first. */
  readonly evolve: (state: S | undefined, event: RecordedEvent) => S | undefined;
  /** Events that fold to exactly the state of after; at least one. */
  readonly decide: (before: S | undefined, after: S | undefined, id: string) => readonly NewEvent[];
  /**
   * Watches by a subscription of this name: edits come over as soon as the store tells of them. Its checkpoint stays in the
   * store, so that a restart reads no event again; another replica takes another name. Default: records are looked at.
   */
  readonly subscription?: string;
  /** Watches in a way of your own instead. */
  readonly watch?: NonNullable<Replica<S>['watch']>;
}

interface Listener {
  readonly listener: (id: string) => void;
  readonly onEnd: (error: unknown) => void;
}

/** Streams of an event store, folded to records; what is written becomes events. */
export class EventReplica<S = JsonValue> implements Replica<S> {
  readonly watch?: NonNullable<Replica<S>['watch']>;
  readonly #store: FoldedStreams;
  readonly #options: EventReplicaOptions<S>;

  /** The subscription that runs, and who is told of its end. */
  #listening: SharedListening<Listener> | undefined;

  /** @throws {@link InvalidArgumentError} for a subscription where the store has none. */
  constructor(store: FoldedStreams, options: EventReplicaOptions<S>) {
    checkMethods(store, 'store', 'an EventStore', 'aggregateStream', 'append');
    checkMethods(options, 'options', 'options with prefix, evolve() and decide()', 'evolve', 'decide');
    this.#store = store;
    this.#options = options;
    const { subscription: name, watch } = options;
    if (watch) this.watch = watch;
    else if (name !== undefined) {
      if (!store.subscribe) throw new InvalidArgumentError('store.subscribe', 'a store with subscriptions', undefined);
      this.watch = (listener, onEnd = throwLater) => {
        this.#listening ??= this.#listenTo(name);
        return this.#listening.join({ listener, onEnd });
      };
    }
  }

  async read(id: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<ReplicaRecord<S>> {
    const { state, version } = await this.#fold(id, options.signal);
    return { state, version: String(version) };
  }

  async write(id: string, state: S | undefined, options: ReplicaWriteOptions): Promise<ReplicaWriteOutcome> {
    const { signal } = options;
    const before = await this.#fold(id, signal);
    if (String(before.version) !== options.expectedVersion) return { status: 'conflict' };
    if (state === undefined && before.state === undefined)
      return { status: 'written', version: options.expectedVersion };
    const events = this.#decide(id, before, state);
    try {
      const { version } = await this.#store.append(this.#options.prefix + id, events, {
        expectedVersion: before.version,
        signal,
      });
      return { status: 'written', version: String(version) };
    } catch (error) {
      return conflictOr(error);
    }
  }

  async *ids(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<string> {
    const { prefix } = this.#options;
    for await (const { stream } of this.#store.streams(options)) {
      if (stream.startsWith(prefix)) yield stream.slice(prefix.length);
    }
  }

  /** Events that come to what is to be written, and nothing else: what they left out would come back as an edit. */
  #decide(id: string, before: StreamState<S | undefined>, after: S | undefined): readonly NewEvent[] {
    const { decide, evolve, prefix } = this.#options;
    const events = decide(before.state, after, id);
    let state = before.state;
    for (const [index, event] of events.entries()) {
      const version = before.version + index + 1;
      state = evolve(state, {
        id: `to-be-${version}`,
        stream: prefix + id,
        version,
        position: 0,
        timestamp: new Date(0),
        tags: [],
        metadata: {},
        ...event,
        data: frozenJson(event.data as JsonValue, `the data of ${event.type}`),
      } as RecordedEvent);
    }
    if (events.length > 0 && jsonEqual(state, after)) return events;
    const advice = `events that evolve to the state of "${id}" exactly, at least one: mend decide or evolve`;
    throw new InvalidArgumentError('options.decide', advice, events);
  }

  #listenTo(name: string): SharedListening<Listener> {
    const listening: SharedListening<Listener> = new SharedListening(async () => {
      const fail = (error: unknown) => {
        // Whoever watches anew gets a subscription anew.
        if (this.#listening === listening) this.#listening = undefined;
        listening.each(({ onEnd }) => onEnd(error));
      };
      const handle = async ({ stream }: RecordedEvent) => {
        const { prefix } = this.#options;
        if (stream.startsWith(prefix)) listening.each(({ listener }) => listener(stream.slice(prefix.length)));
      };
      let isOver = false;
      const subscription = this.#store.subscribe!({ name, handle, onError: fail });
      void subscription.finished.then(() => {
        if (!isOver && this.#listening === listening) fail(new ClosedError(`The subscription "${name}"`));
      });
      return async () => {
        isOver = true;
        await subscription.close();
      };
    });
    return listening;
  }

  #fold(id: string, signal: AbortSignal | undefined): Promise<StreamState<S | undefined>> {
    const { prefix, evolve } = this.#options;
    return this.#store.aggregateStream<S | undefined>(prefix + id, { initial: () => undefined, evolve, signal });
  }
}
