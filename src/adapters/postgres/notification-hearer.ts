import { sleep } from '../../core/abort.ts';
import { backoffDelay, type Random } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { StorageError, storageError } from '../../core/errors.ts';

/** A notification, as pg.Client gives it. */
interface Notification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

/** A connection that hears notifications and says when it is lost, as pg.Client has it. */
export interface PgHearingClient {
  query(text: string): Promise<unknown>;
  on(event: 'notification', listener: (message: Notification) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'notification', listener: (message: Notification) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'end', listener: () => void): unknown;
}

/** A database that hears its own notifications, as PGlite has it. */
export interface PgHearingDatabase {
  listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<unknown>>;
}

/**
 * Where notifications are heard: PGlite; a connected pg.Client, used for nothing else that listens on the channel; or a
 * function that connects one, also after it was lost. None of them through PgBouncer in transaction mode.
 */
export type PgHearing = PgHearingDatabase | PgHearingClient | (() => Promise<PgHearingClient & { end(): Promise<unknown> }>);

/** What is done with notifications. */
export interface NotificationHearerParts {
  readonly channel: string;
  /** Called with each payload; `connection` is another number after the connection was another. */
  readonly onPayload: (payload: string, connection: number) => void;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
  readonly random: Random;
}
