import { sleep } from '../../core/abort.ts';
import { backoffDelay, type Random } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { storageError } from '../../core/errors.ts';
import { connectionLost, hearOnClient, type PgHearingClient } from './hear-notifications.ts';

/** Connects a pg.Client, for the caller of this function to end. */
export type PgConnect = () => Promise<PgHearingClient & { end(): Promise<unknown> }>;

/** What a {@link ReconnectingHearer} works with. */
export interface HearerParts {
  readonly channel: string;
  /** A new taker of payloads for each connection: what was not complete on the last one never will be. */
  readonly taker: () => (payload: string) => void;
  /** Another connection hears: something may have been missed. */
  readonly reconnected?: () => void;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** Hears a channel on connections that it opens itself: when one is lost, on another. */
export class ReconnectingHearer {
  readonly #connect: PgConnect;
  readonly #parts: HearerParts;
  readonly #ended = new AbortController();
  #close: () => Promise<void> = async () => {};
  #reconnecting: Promise<void> = Promise.resolve();

  constructor(connect: PgConnect, parts: HearerParts) {
    this.#connect = connect;
    this.#parts = parts;
  }

  /** @throws {@link StorageError} if the first connection fails; it is not tried again. */
  async begin(): Promise<void> {
    const { channel, taker } = this.#parts;
    const client = await this.#open();
    try {
      const hearing = await hearOnClient(client, channel, taker(), (cause) => {
        this.#reconnecting = this.#reconnect(cause);
      });
      this.#close = async () => {
        hearing.stop();
        await client.end();
      };
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#reconnecting;
    const close = this.#close;
    this.#close = async () => {};
    await close();
  }

  async #open() {
    try {
      return await this.#connect();
    } catch (error) {
      throw storageError('connect to hear notifications', 'look at the cause', error);
    }
  }

  async #reconnect(cause: unknown): Promise<void> {
    const { onError, reconnected, clock, random } = this.#parts;
    const { signal } = this.#ended;
    this.#close = async () => {};
    onError(connectionLost('what was sent meanwhile is missed; another connection is tried', cause));
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await sleep(backoffDelay(attempt, {}, random), { clock, signal });
        await this.begin();
        if (!signal.aborted) reconnected?.();
        return;
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
    }
  }
}
