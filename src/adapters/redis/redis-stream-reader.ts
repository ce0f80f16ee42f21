import { sleep } from '../../core/abort.ts';
import { backoffDelay, type Random } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { isMigrationError, messageOf, StorageError, storageError } from '../../core/errors.ts';
import { type RedisClient, sendCommand } from './redis-commands.ts';

/** An entry of a stream: its id, and its fields and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

/** What a {@link RedisStreamReader} works with. */
export interface StreamReaderParts {
  readonly stream: string;
  readonly blockMs: number;
  readonly onEntry: (entry: StreamEntry) => void;
  readonly onRetry: (error: unknown, attempt: number) => void;
  /** Told of what has to do with more than the connection. */
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** Entries read at a time. */
const batchSize = 100;

/**
 * Reads a stream from its end on, entry by entry. It remembers where it is, so that after a lost connection it goes on
 * there: nothing is missed that the stream still holds.
 */
export class RedisStreamReader {
  readonly #client: RedisClient;
  readonly #parts: StreamReaderParts;
  readonly #ended = new AbortController();
  /** The last entry that was read. */
  #last = '0-0';

  /** @param client - A connection of its own: each read blocks it. */
  constructor(client: RedisClient, parts: StreamReaderParts) {
    this.#client = client;
    this.#parts = parts;
  }

  /** Resolves once all that is added from now on is read. @throws {@link StorageError} if the stream can't be read. */
  async begin(): Promise<void> {
    const { stream } = this.#parts;
    try {
      const newest = await sendCommand(this.#client, 'XREVRANGE', stream, '+', '-', 'COUNT', '1');
      this.#last = (newest as StreamEntry[])[0]?.[0] ?? '0-0';
    } catch (cause) {
      throw storageError(`read the stream ${stream}`, 'look at the cause', cause);
    }
    void this.#run();
  }

  /** Hands out no entry any more. A read that is under way is not waited for: it ends by itself within `blockMs`. */
  end(): void {
    this.#ended.abort();
  }

  async #run(): Promise<void> {
    const { stream, onEntry, onRetry, onError, random } = this.#parts;
    const { signal } = this.#ended;
    for (let failures = 0; !signal.aborted; ) {
      try {
        for (const entry of await this.#read()) {
          if (signal.aborted) return;
          this.#last = entry[0];
          onEntry(entry);
        }
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        onRetry(error, ++failures);
        if (isRefusal(error)) onError(storageError(`read the stream ${stream}`, 'it is tried again', error));
        await this.#pause(backoffDelay(failures, {}, random));
      }
    }
  }

  /** Ends at once when the reader does. */
  async #pause(delayMs: number): Promise<void> {
    const { signal } = this.#ended;
    try {
      await sleep(delayMs, { clock: this.#parts.clock, signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #read(): Promise<readonly StreamEntry[]> {
    const { stream, blockMs } = this.#parts;
    const options = ['COUNT', `${batchSize}`, 'BLOCK', `${blockMs}`, 'STREAMS', stream, this.#last];
    return entriesIn(await sendCommand(this.#client, 'XREAD', ...options));
  }
}

// What Redis answers begins with a word in capitals; what a client says of its connection does not.
const refused = /^(?!LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|BUSY|UNBLOCKED)[A-Z]{2,} /;

/** Whether it has to do with more than the connection. */
function isRefusal(error: unknown): boolean {
  return isMigrationError(error) || refused.test(messageOf(error));
}

/**
 * The entries in an answer to XREAD about one stream. RESP2 has pairs of a name and entries; of the maps of RESP3 clients
 * make a list of names and entries in turn, a Map or an object. Nothing came in time: null.
 */
function entriesIn(reply: unknown): readonly StreamEntry[] {
  if (reply === null) return [];
  let entries: unknown;
  if (Array.isArray(reply)) entries = Array.isArray(reply[0]) ? (reply[0] as unknown[])[1] : reply[1];
  else [entries] = reply instanceof Map ? (reply as Map<string, unknown>).values() : Object.values(reply as object);
  if (!Array.isArray(entries) || !entries.every(isEntry)) {
    throw new StorageError('understand the answer to XREAD', 'pass a client of ioredis or node-redis');
  }
  return entries;
}

function isEntry(value: unknown): value is StreamEntry {
  return Array.isArray(value) && typeof value[0] === 'string' && Array.isArray(value[1]);
}
