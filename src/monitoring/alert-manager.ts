import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { type OnError, throwLater } from '../core/on-error.ts';

/** How bad it is. */
export type AlertSeverity = 'info' | 'warning' | 'critical';

/** Something a person should know. */
export interface Alert {
  /** Names the condition: while it lasts, it is one alert however often it is raised. */
  readonly key: string;
  readonly severity: AlertSeverity;
  readonly message: string;
  /** Since when, in ms since 1970. */
  readonly since: number;
}

/** Where alerts go: a chat, a pager, a log. */
export interface AlertChannel {
  notify(alert: Alert, event: 'raised' | 'resolved'): Promise<void> | void;
}

/** Options of an {@link AlertManager}. */
export interface AlertManagerOptions {
  readonly channels?: readonly AlertChannel[];
  /** Where a channel's failure goes. Default: thrown later, as an uncaught exception. */
  readonly onError?: OnError;
  readonly clock?: Clock;
}

const rank: Record<AlertSeverity, number> = { info: 0, warning: 1, critical: 2 };

/**
 * Keeps the conditions that a person should know of, and tells each channel once when one begins, gets worse or ends.
 *
 * A channel that fails hinders neither the others nor the caller.
 */
export class AlertManager {
  readonly #active = new Map<string, Alert>();
  readonly #channels: readonly AlertChannel[];
  readonly #onError: OnError;
  readonly #clock: Clock;
  readonly #sending = new Set<Promise<void>>();

  constructor(options: AlertManagerOptions = {}) {
    checkObject(options);
    this.#channels = options.channels ?? [];
    this.#onError = options.onError ?? throwLater;
    this.#clock = options.clock ?? systemClock;
  }

  /** The conditions that last, oldest first. */
  get active(): readonly Alert[] {
    return [...this.#active.values()];
  }

  /** Says that a condition holds. Channels hear of it when it begins and when its severity rises. */
  raise(condition: Omit<Alert, 'since'>): Alert {
    const before = this.#active.get(condition.key);
    const alert = Object.freeze({ ...condition, since: before?.since ?? this.#clock.now() });
    this.#active.set(alert.key, alert);
    if (!before || rank[alert.severity] > rank[before.severity]) this.#send(alert, 'raised');
    return alert;
  }

  /** Says that a condition is over; false if it was not on. */
  resolve(key: string): boolean {
    const alert = this.#active.get(key);
    if (!alert) return false;
    this.#active.delete(key);
    this.#send(alert, 'resolved');
    return true;
  }

  /** Waits until the channels have heard of everything said so far. */
  async flush(): Promise<void> {
    await Promise.all(this.#sending);
  }

  async close(): Promise<void> {
    await this.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #send(alert: Alert, event: 'raised' | 'resolved'): void {
    for (const channel of this.#channels) {
      const sent = (async () => channel.notify(alert, event))().catch(this.#onError);
      this.#sending.add(sent);
      void sent.finally(() => this.#sending.delete(sent));
    }
  }
}
