import { StorageError, storageError } from '../../core/errors.ts';

/** A notification, as pg.Client gives it. */
export interface PgNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

/** A connection that hears notifications and says when it is lost, as pg.Client has it. */
export interface PgHearingClient {
  query(text: string): Promise<unknown>;
  on(event: 'notification', listener: (message: PgNotification) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'notification', listener: (message: PgNotification) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'end', listener: () => void): unknown;
}

/** A database that hears its own notifications, as PGlite has it. */
export interface PgHearingDatabase {
  listen(channel: string, callback: (payload: string) => void): Promise<unknown>;
  unlisten(channel: string, callback: (payload: string) => void): Promise<void>;
}

/** Hears the channel on PGlite, until the function it gives is called. */
export async function hearOnDatabase(
  database: PgHearingDatabase,
  channel: string,
  take: (payload: string) => void,
): Promise<() => Promise<void>> {
  // In quotes, or it is turned to lower case. What `listen` gives to end it would do so, and end nothing.
  const name = `"${channel}"`;
  await database.listen(name, take);
  return () => database.unlisten(name, take);
}

/** How many hear each channel of a connection: the last that leaves ends it. */
const hearers = new WeakMap<PgHearingClient, Map<string, number>>();

function countHearers(client: PgHearingClient, channel: string, change: 1 | -1): number {
  const channels = hearers.get(client) ?? new Map<string, number>();
  const counted = (channels.get(channel) ?? 0) + change;
  hearers.set(client, channels.set(channel, counted));
  return counted;
}

/** A connection that hears a channel. */
export interface HearingClient {
  /** Hears no more: for a connection that is ended then. */
  stop(): void;
  /** Hears no more, and leaves the connection as it was for this. @throws {@link StorageError} if the server does not answer. */
  leave(): Promise<void>;
}

/**
 * Hears the channel on a connection.
 *
 * @param lost - Called if the connection ends before it was left.
 * @throws {@link StorageError} if the server refuses.
 */
export async function hearOnClient(
  client: PgHearingClient,
  channel: string,
  take: (payload: string) => void,
  lost: (cause: unknown) => void,
): Promise<HearingClient> {
  // Notifications may come before the answer to LISTEN has.
  let hearing = true;
  let begun = false;
  let cause: unknown;
  const onNotification = ({ channel: from, payload = '' }: PgNotification) => {
    if (hearing && from === channel) take(payload);
  };
  // A lost connection may say so more than once before it ends, and nobody else may be there to hear it.
  const onError = (error: Error) => {
    cause ??= error;
  };
  const onEnd = () => {
    detach();
    if (hearing && begun) lost(cause);
    hearing = false;
  };
  const detach = () => {
    client.off('notification', onNotification);
    client.off('error', onError);
    client.off('end', onEnd);
  };
  client.on('notification', onNotification);
  client.on('error', onError);
  client.on('end', onEnd);
  countHearers(client, channel, 1);
  try {
    await run(client, 'listen', channel);
    begun = true;
  } catch (error) {
    hearing = false;
    detach();
    countHearers(client, channel, -1);
    throw error;
  }
  return {
    stop() {
      hearing = false;
    },
    async leave() {
      if (!hearing) return;
      hearing = false;
      try {
        if (countHearers(client, channel, -1) === 0) await run(client, 'unlisten', channel);
      } finally {
        detach();
      }
    },
  };
}

async function run(client: PgHearingClient, command: 'listen' | 'unlisten', channel: string): Promise<void> {
  try {
    await client.query(`${command} "${channel}"`);
  } catch (cause) {
    throw storageError(`${command} on the channel ${channel}`, 'pass a connection that is there', cause);
  }
}

/** What a lost connection is told as. */
export function connectionLost(advice: string, cause: unknown): StorageError {
  return new StorageError('hear notifications, since the connection was lost', advice, { cause });
}
