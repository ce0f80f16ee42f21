import type { BackoffOptions } from '../core/backoff.ts';
import { checkFunction } from '../core/check-argument.ts';
import { checkInteger } from '../core/check-integer.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import type { EventQuery } from '../core/event-query.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { checkSubscriptionName } from './checkpoint-names.ts';
import { checkQuery } from './event-names.ts';
import type { EventShape, RecordedEventOf } from './event-shape.ts';
import { type GroupOptions, type GroupSettings, groupSettings } from './group-options.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** How a subscription or a projection is run. */
export interface RunOptions {
  /** Closes the subscription when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** How often to look for events that other processes have appended, in ms. Default 200. */
  readonly pollIntervalMs?: number;
  /** How many events are read at a time; the checkpoint is saved after each batch. Default 200. */
  readonly batchSize?: number;
  /** Tries of one event before `onFailure`. Default 10. */
  readonly maxAttempts?: number;
  /**
   * What becomes of an event that failed `maxAttempts` times. `'stop'`: the subscription stops loudly. `'park'`: the event
   * is set aside with its error, the later ones of its stream behind it, and other streams go on. Default `'stop'`.
   */
  readonly onFailure?: 'stop' | 'park';
  /** How long to wait between tries. */
  readonly backoff?: BackoffOptions;
  /** Told of each failure of the handler or the storage before it is tried again. */
  readonly onRetry?: (error: unknown, attempt: number) => void;
  /** Told when the subscription fails for good while nobody waits in `caughtUp()`. Default: an uncaught exception. */
  readonly onError?: OnError;
}

/** What a subscription does and how. */
export interface SubscribeOptions extends RunOptions {
  /**
   * Its checkpoint is kept under this name: a subscription of the same name goes on where the last one was. Does not
   * begin with `$`.
   */
  readonly name: string;
  /** Called for one event after another. While it fails, the event is tried again and nothing behind it is handled. */
  readonly handle: (event: RecordedEvent) => Promise<void>;
  /** Only events that match. Default: all. */
  readonly query?: EventQuery | undefined;
  /** Position to begin after if there is no checkpoint yet. Default 0: the beginning of the store. */
  readonly from?: number;
  /** Shares the streams with the other consumers of this name, in whatever process. Default: one process does all. */
  readonly group?: GroupOptions | undefined;
}

/** How a typed store's events are subscribed to. */
export type TypedSubscribeOptions<E extends EventShape> = Omit<SubscribeOptions, 'handle'> & {
  readonly handle: (event: RecordedEventOf<E>) => Promise<void>;
};

/** The options of a run with every default filled in. */
export type RunSettings = Required<Omit<RunOptions, 'signal'>> & { readonly signal: AbortSignal };

/** The options of a subscription with every default filled in. */
export interface SubscribeSettings extends RunSettings {
  readonly name: string;
  readonly handle: (event: RecordedEvent) => Promise<void>;
  readonly query: EventQuery | undefined;
  readonly from: number;
  readonly group: GroupSettings | undefined;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {@link InvalidArgumentError} naming the option that is wrong.
 */
export function subscribeSettings(options: SubscribeOptions): SubscribeSettings {
  const { name, handle, query, from = 0, group } = options;
  checkSubscriptionName(name, 'options.name');
  checkFunction(handle, 'options.handle');
  return {
    ...runSettings(options),
    name,
    handle,
    query: query && checkQuery(query, 'options.query'),
    from: checkInteger(from, 0, 'options.from'),
    group: group && groupSettings(group),
  };
}

/** The part of {@link subscribeSettings} that projections have too. */
export function runSettings(options: RunOptions): RunSettings {
  const {
    signal = new AbortController().signal,
    pollIntervalMs = 200,
    batchSize = 200,
    maxAttempts = 10,
    onFailure = 'stop',
    backoff = {},
    onRetry = () => {},
    onError = throwLater,
  } = options;
  checkInteger(pollIntervalMs, 1, 'options.pollIntervalMs');
  checkInteger(batchSize, 1, 'options.batchSize');
  checkInteger(maxAttempts, 1, 'options.maxAttempts');
  if (onFailure !== 'stop' && onFailure !== 'park') {
    throw new InvalidArgumentError('options.onFailure', "'stop' or 'park'", onFailure);
  }
  return { signal, pollIntervalMs, batchSize, maxAttempts, onFailure, backoff, onRetry, onError };
}
