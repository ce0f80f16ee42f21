import { ClosedError } from '../core/errors.ts';
import { createId } from '../core/ids.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { EventsMissedError } from './bus-errors.ts';
import { readMessage, writeMessage } from './event-message.ts';
import type { EventTransport, TransportListener } from './event-transport.ts';
import { HeardNumbers } from './heard-numbers.ts';
import type { ReceivedEvent } from './received-event.ts';

interface Attempt {
  readonly listening: Promise<() => Promise<void>>;
  /** Whether somebody gets its failure. */
  waitedFor: boolean;
}

/**
 * A bus's end of a transport. What it sends is numbered, so that the others know what is theirs, what comes again, and
 * what is missing.
 */
export class TransportLink {
  readonly #transport: EventTransport;
  readonly #receive: (event: ReceivedEvent) => void;
  readonly #onError: OnError;
  readonly #id = createId();
  readonly #heard = new HeardNumbers();
  readonly #sending = new Set<Promise<void>>();
  #sent = 0;
  #attempt: Attempt | undefined;
  #closing: Promise<void> | undefined;

  /** @param receive - Takes each event of other buses; what it throws goes to `onError`. */
  constructor(transport: EventTransport, receive: (event: ReceivedEvent) => void, onError: OnError) {
    this.#transport = transport;
    this.#receive = receive;
    this.#onError = onError;
  }

  /**
   * Resolves once all that the others send from now on is heard. After a failure, the next call tries again.
   *
   * @throws Whatever the transport does.
   */
  async listen(): Promise<void> {
    if (this.#closing) throw new ClosedError('the event bus');
    this.#attempt ??= this.#tryToListen();
    this.#attempt.waitedFor = true;
    await this.#attempt.listening;
  }

  /** Begins to listen, if it does not yet: a failure that nobody waits for goes to `onError`. */
  begin(): void {
    this.#attempt ??= this.#tryToListen();
  }

  /**
   * Resolves once the transport has taken the event.
   *
   * @param event - By `encodeEvent`.
   * @throws Whatever the transport does.
   */
  send(event: string): Promise<void> {
    const sent = this.#send(writeMessage(this.#id, ++this.#sent, event));
    this.#sending.add(sent);
    return sent.finally(() => this.#sending.delete(sent));
  }

  /** Stops hearing. */
  close(): Promise<void> {
    this.#closing ??= this.#endListening();
    return this.#closing;
  }

  /** Resolves once nothing is on its way to the transport. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#sending);
  }

  /** Passes an error on to whoever is told of them. */
  readonly tell = (error: unknown): void => {
    try {
      this.#onError(error);
    } catch (thrown) {
      throwLater(thrown);
    }
  };

  readonly #listener: TransportListener = {
    hear: (text) => {
      if (this.#closing) return;
      try {
        this.#take(text);
      } catch (error) {
        this.tell(error);
      }
    },
    onError: (error) => {
      if (!this.#closing) this.tell(error);
    },
  };

  #tryToListen(): Attempt {
    const attempt: Attempt = { listening: this.#listen(), waitedFor: false };
    attempt.listening.catch((error: unknown) => {
      if (this.#attempt === attempt) this.#attempt = undefined;
      if (!attempt.waitedFor) this.tell(error);
    });
    return attempt;
  }

  async #endListening(): Promise<void> {
    // Whoever began it is told if it fails.
    const end = await this.#attempt?.listening.catch(() => undefined);
    await end?.();
  }

  #take(text: string): void {
    const { from, number, event } = readMessage(text);
    if (from === this.#id) return;
    const missing = this.#heard.take(from, number);
    if (missing === undefined) return;
    if (missing > 0) this.tell(new EventsMissedError({ publisher: from, count: missing }));
    this.#receive(event);
  }

  // Not plain calls: a transport that throws has failed like one that rejects.
  async #listen(): Promise<() => Promise<void>> {
    return this.#transport.listen(this.#listener);
  }

  async #send(text: string): Promise<void> {
    await this.#transport.send(text);
  }
}
