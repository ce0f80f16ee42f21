import type { Random } from '../../core/backoff.ts';
import { checkInteger } from '../../core/check-integer.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { InvalidArgumentError } from '../../core/errors.ts';
import { createId } from '../../core/ids.ts';
import { SharedListening } from '../../core/shared-listening.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import type { EventTransport, TransportListener } from '../../events/event-transport.ts';
import { connectionLost } from './hear-notifications.ts';
import { PartJoiner, splitText } from './notification-parts.ts';
import { NotificationSender } from './notification-sender.ts';
import { hear, type PgHearing } from './pg-hearing.ts';
import type { PgDatabase } from './pg-queryable.ts';

/** How a {@link PostgreSQLEventTransport} sends and hears. */
export interface PostgreSQLEventTransportOptions {
  /** Default: nowhere, and `listen` is refused: this process only publishes. */
  readonly listener?: PgHearing;
  /** The name of the notifications' channel in the database. Default `zyflow_events`. */
  readonly channel?: string;
  /** Longer texts are refused; so much is kept of those of which parts are missing. Default 16 MiB. */
  readonly maxTextBytes?: number;
  /** For how long, in ms, parts are kept. Default 30,000. */
  readonly maxPartAgeMs?: number;
  readonly clock?: Clock;
  /** Chance for the jitter between tries to connect. */
  readonly random?: Random;
}

/**
 * Brings events to other processes by NOTIFY: at once, and at most once. What is sent while a process has no connection
 * that listens is not heard there.
 *
 * The connections stay the caller's, but for those that a function in `listener` connected.
 */
export class PostgreSQLEventTransport implements EventTransport {
  readonly #options: PostgreSQLEventTransportOptions;
  readonly #channel: string;
  readonly #maxTextBytes: number;
  readonly #maxPartAgeMs: number;
  readonly #clock: Clock;
  readonly #sender: NotificationSender;
  readonly #listening: SharedListening<TransportListener>;
  readonly #id = createId();
  #sent = 0;

  /**
   * @param db - To send by: a pg.Pool, pg.Client or PGlite; through PgBouncer too.
   * @throws {@link InvalidArgumentError} for what is no client, and a channel that is not a plain identifier.
   */
  constructor(db: PgDatabase, options: PostgreSQLEventTransportOptions = {}) {
    const { channel = 'zyflow_events', maxTextBytes = 16 * 1024 * 1024, maxPartAgeMs = 30_000 } = options;
    quoteIdentifier(channel, 'options.channel');
    this.#options = options;
    this.#channel = channel;
    this.#maxTextBytes = checkInteger(maxTextBytes, 1, 'options.maxTextBytes');
    this.#maxPartAgeMs = checkInteger(maxPartAgeMs, 1, 'options.maxPartAgeMs');
    this.#clock = options.clock ?? systemClock;
    this.#sender = new NotificationSender(db, channel);
    this.#listening = new SharedListening(() => this.#begin());
  }

  /**
   * @throws {@link StorageError} if the database did not say that it has notified.
   * @throws {@link InvalidArgumentError} for a text of more than `maxTextBytes`: nothing was sent.
   */
  async send(text: string): Promise<void> {
    if (Buffer.byteLength(text) > this.#maxTextBytes) {
      throw new InvalidArgumentError('text', `at most ${this.#maxTextBytes} bytes (options.maxTextBytes)`, text);
    }
    await this.#sender.send(splitText(text, this.#id, ++this.#sent));
  }

  /** @throws {@link StorageError} if the connection can't be had, or does not listen. */
  listen(listener: TransportListener): Promise<() => Promise<void>> {
    return this.#listening.join(listener);
  }

  async #begin(): Promise<() => Promise<void>> {
    const { listener, random = Math.random } = this.#options;
    const channel = this.#channel;
    if (!listener) {
      throw new InvalidArgumentError(
        'options.listener',
        'a connection to hear by, or a function that connects',
        listener,
      );
    }
    const parts = { channel, taker: () => this.#taker(), onError: this.#tell, clock: this.#clock, random };
    return hear(listener, parts, (cause) => {
      const advice =
        'nothing is heard any more: make another bus on another connection, or pass a function that connects';
      this.#tell(connectionLost(advice, cause));
    });
  }

  #taker(): (payload: string) => void {
    const limits = { maxBytes: this.#maxTextBytes, maxAgeMs: this.#maxPartAgeMs };
    const joiner = new PartJoiner(limits, this.#clock, this.#tell);
    return (payload) => {
      const text = joiner.take(payload);
      if (text !== undefined) this.#listening.each((listener) => listener.hear(text));
    };
  }

  readonly #tell = (error: unknown): void => {
    this.#listening.each((listener) => listener.onError(error));
  };
}
