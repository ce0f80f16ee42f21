/** A connection of its own that hears notifications, as pg.Client has it. Not through PgBouncer in transaction mode. */
export interface PgNotificationClient {
  query(text: string): Promise<unknown>;
  on(event: 'notification', listener: (message: { channel: string }) => void): unknown;
  off(event: 'notification', listener: (message: { channel: string }) => void): unknown;
}

/** A database that hears its own notifications, as PGlite has it. */
export interface PgListening {
  listen(channel: string, callback: () => void): Promise<() => Promise<unknown>>;
}

/** Where notifications are heard: a connected pg.Client of its own, or PGlite. */
export type PgListener = PgNotificationClient | PgListening;

/** Calls back on each notification of the channel, until the function it gives is called. */
export async function listenTo(listener: PgListener, channel: string, wake: () => void): Promise<() => Promise<void>> {
  if ('listen' in listener) {
    const end = await listener.listen(channel, () => wake());
    return async () => {
      await end();
    };
  }
  const onNotification = (message: { channel: string }) => {
    if (message.channel === channel) wake();
  };
  listener.on('notification', onNotification);
  await listener.query(`listen "${channel}"`);
  return async () => {
    listener.off('notification', onNotification);
  };
}

/**
 * Tells listeners of new events, in statements of their own: a NOTIFY within the append would make the server's commits
 * go one after another. At most one is on its way; what comes meanwhile is told by the next.
 */
export class PgNotifier {
  readonly #send: () => Promise<unknown>;
  readonly #onError: (error: unknown) => void;
  #sending = false;
  #again = false;

  constructor(send: () => Promise<unknown>, onError: (error: unknown) => void) {
    this.#send = send;
    this.#onError = onError;
  }

  notify(): void {
    if (this.#sending) {
      this.#again = true;
      return;
    }
    this.#sending = true;
    this.#again = false;
    this.#send()
      .catch(this.#onError)
      .finally(() => {
        this.#sending = false;
        if (this.#again) this.notify();
      });
  }
}

/** A name that no other channel of this database has by accident. */
export const channelOf = (schema: string): string => `${schema.replaceAll('"', '')}_events`;
