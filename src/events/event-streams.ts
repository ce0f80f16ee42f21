import { aggregateStream, type FoldSource, type StreamFold, type StreamState } from './aggregate-stream.ts';
import type { EventAppender } from './event-appender.ts';
import { allSequence, streamSequence } from './event-batches.ts';
import { checkName } from './event-names.ts';
import type { EventSequence } from './event-sequence.ts';
import type { EventShape, NewEventOf, RecordedEventOf } from './event-shape.ts';
import type {
  AppendManyOptions,
  AppendOptions,
  AppendRequest,
  AppendResult,
  ReadAllOptions,
  ReadOptions,
} from './event-store-options.ts';

/**
 * Streams of events, to append to and to read: an {@link EventStore}, or the part of one that works inside a transaction
 * of yours (`withTransaction`).
 */
export class EventStreams<E extends EventShape = EventShape, N extends EventShape = E> {
  readonly #appender: EventAppender;
  readonly #source: FoldSource<RecordedEventOf<E>>;

  /** Made by an {@link EventStore}. */
  constructor(appender: EventAppender, source: FoldSource<RecordedEventOf<E>>) {
    this.#appender = appender;
    this.#source = source;
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
    const [result] = await this.#appender.append(this.#appender.encode(stream, events, options), options);
    return result!;
  }

  /**
   * Appends to several streams at once: all of it or nothing (ES1), each under its own expected version.
   *
   * @param requests - One a stream.
   * @returns The results in the order of the requests.
   * @throws The errors of {@link EventStreams.append}.
   */
  async appendMany(
    requests: readonly AppendRequest<NewEventOf<N>>[],
    options: AppendManyOptions = {},
  ): Promise<AppendResult[]> {
    return this.#appender.append(this.#appender.encodeMany(requests), options);
  }

  /**
   * The events of a stream, read a batch at a time while they are iterated (ES10). A stream that does not exist is empty.
   *
   * @throws {@link UnreadableEventError} while iterating, at an event that can't be decoded: its class says why.
   */
  read(stream: string, options: ReadOptions = {}): EventSequence<RecordedEventOf<E>> {
    return streamSequence(this.#source.events, stream, options);
  }

  /**
   * The events of all streams in ascending order of position, read a batch at a time (ES10).
   *
   * Whoever reads on later from the last position he got misses nothing (ES5).
   *
   * @throws {@link CheckpointEpochError} while iterating, if `after` is a checkpoint of another life of the store.
   */
  readAll(options: ReadAllOptions = {}): EventSequence<RecordedEventOf<E>> {
    return allSequence(this.#source.events, options);
  }

  /** The version of a stream's last event, truncated and deleted ones included; 0 if there never was one. */
  async streamVersion(stream: string): Promise<number> {
    checkName(stream, 'stream');
    return (await this.#source.events.adapter()).streamVersion(stream);
  }

  /**
   * Folds a stream into a state.
   *
   * With a `snapshotStrategy` and a `name` it begins at the last snapshot; the result is the same as without (ES8). A new
   * snapshot is written afterwards, and not waited for: `close` waits. Inside a transaction none is written.
   */
  async aggregateStream<S>(stream: string, fold: StreamFold<S, RecordedEventOf<E>>): Promise<StreamState<S>> {
    checkName(stream, 'stream');
    await this.#source.events.adapter();
    return aggregateStream(this.#source, stream, fold);
  }
}
