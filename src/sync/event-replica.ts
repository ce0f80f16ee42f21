import type { JsonValue } from '../core/json-value.ts';
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
}

/** How records and the events of a store follow from each other. */
export interface EventReplicaOptions<S> {
  /** Begins the names of the streams, one a record: the rest of the name is its id. */
  readonly prefix: string;
  /** The state after an event; `undefined` where there is none, as before the first. */
  readonly evolve: (state: S | undefined, event: RecordedEvent) => S | undefined;
  /** Events that fold to exactly the state of after; at least one. */
  readonly decide: (before: S | undefined, after: S | undefined, id: string) => readonly NewEvent[];
  /** Tells the id of each record that got events, such as a subscription of yours. Default: they are looked at. */
  readonly watch?: NonNullable<Replica<S>['watch']>;
}

/** Streams of an event store, folded to records; what is written becomes events. */
export class EventReplica<S = JsonValue> implements Replica<S> {
  readonly watch?: NonNullable<Replica<S>['watch']>;
  readonly #store: FoldedStreams;
  readonly #options: EventReplicaOptions<S>;

  constructor(store: FoldedStreams, options: EventReplicaOptions<S>) {
    this.#store = store;
    this.#options = options;
    if (options.watch) this.watch = options.watch;
  }

  async read(id: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<ReplicaRecord<S>> {
    const { state, version } = await this.#fold(id, options.signal);
    return { state, version: String(version) };
  }

  async write(id: string, state: S | undefined, options: ReplicaWriteOptions): Promise<ReplicaWriteOutcome> {
    const { signal } = options;
    const before = await this.#fold(id, signal);
    if (String(before.version) !== options.expectedVersion) return { status: 'conflict' };
    const events = this.#options.decide(before.state, state, id);
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

  #fold(id: string, signal: AbortSignal | undefined): Promise<StreamState<S | undefined>> {
    const { prefix, evolve } = this.#options;
    return this.#store.aggregateStream<S | undefined>(prefix + id, { initial: () => undefined, evolve, signal });
  }
}
