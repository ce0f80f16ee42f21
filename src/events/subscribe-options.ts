import type { BackoffOptions } from '../core/backoff.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { checkInteger, checkName } from './event-names.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** What a subscription does and how. */
export interface SubscribeOptions {
  /** Its checkpoint is kept under this name: a subscription of the same name goes on where the last one was. */
  readonly name: string;
  /** Called for one event after another. While it fails, the event is tried again and nothing behind it is handled. */
  readonly handle: (event: RecordedEvent) => Promise<void>;
  /** Position to begin after if there is no checkpoint yet. Default 0: the beginning of the store. */
  readonly from?: number;
  /** Closes the subscription when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** How often to look for events that other processes have appended, in ms. Default 200. */
  readonly pollIntervalMs?: number;
  /** How many events are read at a time; the checkpoint is saved after each batch. Default 200. */
  readonly batchSize?: number;
  /** Tries of one event before the subscription stops. Default 10. */
  readonly maxAttempts?: number;
  /** How long to wait between tries. */
  readonly backoff?: BackoffOptions;
  /** Told of each failure of the handler or the storage before it is tried again. */
  readonly onRetry?: (error: unknown, attempt: number) => void;
  /** Told when the subscription fails for good while nobody waits in `caughtUp()`. Default: an uncaught exception. */
  readonly onError?: OnError;
}

/** The options with every default filled in. */
export type SubscriptionSettings = Required<Omit<SubscribeOptions, 'signal'>> & { readonly signal: AbortSignal };

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {@link InvalidArgumentError} naming the option that is wrong.
 */
export function subscriptionSettings(options: SubscribeOptions): SubscriptionSettings {
  const { signal = new AbortController().signal } = options;
  const settings: SubscriptionSettings = { ...defaults, ...options, signal };
  checkName(settings.name, 'options.name');
  if (typeof settings.handle !== 'function') {
    throw new InvalidArgumentError('options.handle', 'a function', settings.handle);
  }
  checkInteger(settings.from, 0, 'options.from');
  checkInteger(settings.pollIntervalMs, 1, 'options.pollIntervalMs');
  checkInteger(settings.batchSize, 1, 'options.batchSize');
  checkInteger(settings.maxAttempts, 1, 'options.maxAttempts');
  return settings;
}

const defaults = {
  from: 0,
  pollIntervalMs: 200,
  batchSize: 200,
  maxAttempts: 10,
  backoff: {},
  onRetry: () => {},
  onError: throwLater,
};
