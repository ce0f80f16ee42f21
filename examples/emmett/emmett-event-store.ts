import {
  type AggregateStreamOptions,
  type AggregateStreamResultWithGlobalPosition,
  type AppendToStreamOptions,
  type AppendToStreamResultWithGlobalPosition,
  assertExpectedVersionMatchesCurrent,
  downcastRecordedMessages,
  type EventStore as EmmettStore,
  type Event,
  type ExpectedStreamVersion,
  ExpectedVersionConflictError,
  NO_CONCURRENCY_CHECK,
  type ReadEvent,
  type ReadEventMetadataWithGlobalPosition,
  type ReadStreamOptions,
  type ReadStreamResult,
  STREAM_DOES_NOT_EXIST,
  STREAM_EXISTS,
  upcastRecordedMessages,
} from '@event-driven-io/emmett';
import {
  type ConcurrencyConflictError,
  type EventMetadata,
  type EventStore,
  type ExpectedVersion,
  isMigrationError,
  type NewEvent,
  type RecordedEvent,
} from '@zyflow/migration';

type Metadata = ReadEventMetadataWithGlobalPosition;

/**
 * This library's store as one of Emmett's, on whatever adapter: its `CommandHandler` and all else that asks for an
 * `EventStore` works with it.
 *
 * Versions are Emmett's: `bigint`, 0n for a stream that does not exist. `from` and `to` of a read are what they are in
 * Emmett's store in memory: `from` events are passed over, and `to` is the last version.
 */
export class EmmettEventStore implements EmmettStore<Metadata> {
  readonly #store: EventStore;

  constructor(store: EventStore) {
    this.#store = store;
  }

  async appendToStream<E extends Event, P extends Event = E>(
    streamName: string,
    events: E[],
    options: AppendToStreamOptions<bigint, E, P> = {},
  ): Promise<AppendToStreamResultWithGlobalPosition> {
    const expected = options.expectedStreamVersion ?? NO_CONCURRENCY_CHECK;
    const stored = downcastRecordedMessages<E, P>(events, options.schema?.versioning);
    try {
      const { version, position } = await this.#store.append(streamName, stored.map(toNewEvent), {
        expectedVersion: toExpectedVersion(expected),
      });
      return {
        nextExpectedStreamVersion: BigInt(version),
        createdNewStream: version === events.length,
        lastEventGlobalPosition: BigInt(position),
      };
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Emmett's own, so that its command handler tries again.
      throw new ExpectedVersionConflictError(BigInt(error.actualVersion), expected);
    }
  }

  async readStream<E extends Event, P extends Event = E>(
    streamName: string,
    options: ReadStreamOptions<bigint, E, P> = {},
  ): Promise<ReadStreamResult<E, Metadata>> {
    const events: ReadEvent<E, Metadata>[] = [];
    const currentStreamVersion = await this.#forEach(streamName, options, (event) => events.push(event));
    return { currentStreamVersion, events, streamExists: currentStreamVersion > 0n };
  }

  async aggregateStream<State, E extends Event, P extends Event = E>(
    streamName: string,
    { evolve, initialState, read = {} }: AggregateStreamOptions<State, E, Metadata, P>,
  ): Promise<AggregateStreamResultWithGlobalPosition<State>> {
    let state = initialState();
    let lastEventGlobalPosition = 0n;
    const currentStreamVersion = await this.#forEach<E, P>(streamName, read, (event) => {
      state = evolve(state, event);
      lastEventGlobalPosition = event.metadata.globalPosition;
    });
    return currentStreamVersion > 0n
      ? { currentStreamVersion, state, streamExists: true, lastEventGlobalPosition }
      : { currentStreamVersion, state, streamExists: false };
  }

  async streamExists(streamName: string): Promise<boolean> {
    return (await this.#store.streamVersion(streamName)) > 0;
  }

  /** Goes through events up to the version that the stream is at now, a batch at a time. @returns That version. */
  async #forEach<E extends Event, P extends Event>(
    streamName: string,
    { from = 0n, to, maxCount, expectedStreamVersion, schema }: ReadStreamOptions<bigint, E, P>,
    visit: (event: ReadEvent<E, Metadata>) => void,
  ): Promise<bigint> {
    const current = await this.#store.streamVersion(streamName);
    assertExpectedVersionMatchesCurrent(BigInt(current), expectedStreamVersion, 0n);
    const page = {
      fromVersion: Number(from) + 1,
      toVersion: Math.min(current, Number(to ?? current)),
      ...(maxCount !== undefined && { limit: Number(maxCount) }),
    };
    for await (const event of this.#store.read(streamName, page)) {
      const [upcast] = upcastRecordedMessages<E, P, Metadata>([toReadEvent<P>(event)], schema?.versioning);
      visit(upcast as ReadEvent<E, Metadata>);
    }
    return BigInt(current);
  }
}

function toNewEvent(event: Event): NewEvent {
  const { type, data, metadata } = event as Event & { readonly metadata?: EventMetadata };
  return { type, data, ...(metadata && { metadata }) };
}

function toReadEvent<E extends Event>(event: RecordedEvent): ReadEvent<E, Metadata> {
  const metadata = {
    ...event.metadata,
    messageId: event.id,
    streamName: event.stream,
    streamPosition: BigInt(event.version),
    globalPosition: BigInt(event.position),
  };
  return { kind: 'Event', type: event.type, data: event.data, metadata } as unknown as ReadEvent<E, Metadata>;
}

function toExpectedVersion(expected: ExpectedStreamVersion): ExpectedVersion {
  if (expected === NO_CONCURRENCY_CHECK) return 'any';
  if (expected === STREAM_DOES_NOT_EXIST) return 'no_stream';
  if (expected === STREAM_EXISTS) return 'stream_exists';
  return Number(expected);
}

function isConflict(error: unknown): error is ConcurrencyConflictError {
  return isMigrationError(error, 'CONCURRENCY_CONFLICT');
}
