import type { Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Attempts } from './attempts.ts';
import type { BatchSource } from './event-batches.ts';
import type { RunSettings } from './subscribe-options.ts';

/** What a subscription needs of its store. */
export interface SubscriptionSource extends BatchSource {
  readonly clock: Clock;
  readonly random: Random;
}

/** What belongs to one running subscription. */
export interface SubscriptionContext {
  readonly name: string;
  readonly settings: RunSettings;
  readonly source: SubscriptionSource;
  /** Their signal aborts when the subscription is closed. */
  readonly attempts: Attempts;
}

/** What a subscription does, one round after another. */
export interface Rounds {
  /** The last event that was dealt with. */
  readonly position: number;
  /** @param wake - Asks for another round at once. */
  begin(wake: () => void): Promise<void>;
  /** Reads once and deals with what it got. @returns Whether there may be more already. */
  round(): Promise<boolean>;
  /** All up to this position is dealt with and its checkpoint saved. */
  settled(): Promise<number>;
  /** After the last round, whatever it ended with. */
  end(): Promise<void>;
}
