import type { Random } from '../../core/backoff.ts';
import { checkObject } from '../../core/check-argument.ts';
import { checkInteger } from '../../core/check-integer.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { InvalidArgumentError, StorageError, storageError } from '../../core/errors.ts';
import { SharedListening } from '../../core/shared-listening.ts';
import type { EventTransport, TransportListener } from '../../events/event-transport.ts';
import { checkClient, type RedisClient, sendCommand } from './redis-commands.ts';
import { RedisStreamReader, type StreamEntry } from './redis-stream-reader.ts';

/** How a {@link RedisEventTransport} sends and hears. */
export interface RedisEventTransportOptions {
  /**
   * A connection that is used for nothing else, since reading blocks it: `client.duplicate()`. Default: none, and `listen`
   * is refused: this process only publishes.
   */
  readonly reader?: RedisClient;
  /** The key of the stream. Default `'zyflow:events'`. */
  readonly stream?: string;
  /** About how many entries the stream keeps: so many may be sent while a process has no connection. Default 10,000. */
  readonly maxLength?: number;
  /** For how long, in ms, one read waits for entries. Default 1000. */
  readonly blockMs?: number;
  /**
   * Told of each read that failed; it is tried again without end. What Redis refuses is told to the bus as well, a lost
   * connection is not.
   */
  readonly onRetry?: (error: unknown, attempt: number) => void;
  readonly clock?: Clock;
  /** Chance for the jitter between tries. */
  readonly random?: Random;
}

/** The field of an entry that holds the text. */
const field = 'text';

/**
 * Brings events to other processes by a Redis stream. A process that lost its connection reads on where it was: it
 * misses nothing but what was trimmed meanwhile (`maxLength`). A process that begins hears what is sent from then on.
 *
 * The connections stay the caller's.
 */
export class RedisEventTransport implements EventTransport {
  readonly #client: RedisClient;
  readonly #options: RedisEventTransportOptions;
  readonly #stream: string;
  readonly #maxLength: number;
  readonly #blockMs: number;
  readonly #listening: SharedListening<TransportListener>;

  /** @param client - Your own, of ioredis or node-redis: to send by. */
  constructor(client: RedisClient, options: RedisEventTransportOptions = {}) {
    checkObject(options);
    const { stream = 'zyflow:events', maxLength = 10_000, blockMs = 1000 } = options;
    this.#client = checkClient(client);
    this.#options = options;
    this.#stream = stream;
    this.#maxLength = checkInteger(maxLength, 1, 'options.maxLength');
    // 0 would wait without end.
    this.#blockMs = checkInteger(blockMs, 1, 'options.blockMs');
    this.#listening = new SharedListening(() => this.#begin());
  }

  /** @throws {@link StorageError} if Redis did not say that it has the text. */
  async send(text: string): Promise<void> {
    const limit = ['MAXLEN', '~', `${this.#maxLength}`];
    try {
      await sendCommand(this.#client, 'XADD', this.#stream, ...limit, '*', field, text);
    } catch (cause) {
      throw storageError(
        `add to the stream ${this.#stream}`,
        'whether it was added is unknown: look at the cause',
        cause,
      );
    }
  }

  /** @throws {@link StorageError} if the stream can't be read. */
  listen(listener: TransportListener): Promise<() => Promise<void>> {
    return this.#listening.join(listener);
  }

  async #begin(): Promise<() => Promise<void>> {
    const { reader, onRetry = () => {}, clock = systemClock, random = Math.random } = this.#options;
    if (!reader) throw new InvalidArgumentError('options.reader', 'a connection to read by', reader);
    const streamReader = new RedisStreamReader(reader, {
      stream: this.#stream,
      blockMs: this.#blockMs,
      onEntry: (entry) => this.#take(entry),
      onRetry,
      onError: this.#tell,
      clock,
      random,
    });
    await streamReader.begin();
    return async () => streamReader.end();
  }

  #take([id, fields]: StreamEntry): void {
    const [name, text] = fields;
    if (name === field && text !== undefined && fields.length === 2) {
      this.#listening.each((listener) => listener.hear(text));
      return;
    }
    const advice = 'something else writes there: give the transport a stream of its own';
    this.#tell(new StorageError(`take entry ${id} of the stream ${this.#stream} for an event`, advice));
  }

  readonly #tell = (error: unknown): void => {
    this.#listening.each((listener) => listener.onError(error));
  };
}
