import { abortable } from '../core/abort.ts';
import { checkMethods, checkObject } from '../core/check-argument.ts';
import { ClosedError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import { LegacyPublishError, type LegacyPublishFailure } from './errors.ts';
import type { LegacyEmitter } from './legacy-emitter.ts';
import { LegacySyncCompletedEvent } from './legacy-sync-completed-event.ts';
import type { LegacySyncEvent } from './legacy-sync-event.ts';
import { type LegacyFailure, LegacySyncFailedEvent } from './legacy-sync-failed-event.ts';

/** Options of a {@link LegacySyncEventBridge}. */
export interface LegacySyncEventBridgeOptions {
  /**
   * The aggregate of an event, from what the emitter gave: the result or error, then whatever came with it. Default:
   * the result's `changeId` where that is text, else `'legacy-sync'`.
   */
  readonly aggregateId?: (value: unknown, ...rest: readonly unknown[]) => string;
  /** The result as JSON, where it is not JSON already (dates, maps). Default: as it is; `undefined` becomes null. */
  readonly result?: (value: unknown) => JsonValue;
  /** Told of each failure at once. Default: thrown later, as an uncaught exception. */
  readonly onError?: OnError;
}

/**
 * Publishes what a legacy emitter tells of: `'sync'` as {@link LegacySyncCompletedEvent}, `'sync:error'` as
 * {@link LegacySyncFailedEvent}.
 *
 * Events are published one after the other, in the order they were emitted, with the result as it was at that moment.
 * The emitter and whoever called it never wait and never see a failure.
 */
export class LegacySyncEventBridge {
  readonly #emitter: LegacyEmitter;
  readonly #bus: EventPublisher;
  readonly #aggregateId: (value: unknown, ...rest: readonly unknown[]) => string;
  readonly #result: (value: unknown) => JsonValue;
  readonly #onError: OnError;
  readonly #failures: LegacyPublishFailure[] = [];
  #failed = 0;
  #tail: Promise<void> = Promise.resolve();
  #attached = false;
  #closed = false;

  constructor(emitter: LegacyEmitter, bus: EventPublisher, options: LegacySyncEventBridgeOptions = {}) {
    checkMethods(emitter, 'emitter', 'an emitter with on()', 'on');
    checkMethods(bus, 'bus', 'an EventPublisher', 'publish');
    checkObject(options);
    this.#emitter = emitter;
    this.#bus = bus;
    this.#aggregateId = options.aggregateId ?? changeIdOf;
    this.#result = options.result ?? ((value) => (value ?? null) as JsonValue);
    this.#onError = options.onError ?? throwLater;
  }

  /**
   * Begins to listen; once is enough.
   *
   * @throws {@link ClosedError} after {@link LegacySyncEventBridge.close}.
   */
  async bridgeLegacySync(): Promise<void> {
    if (this.#closed) throw new ClosedError('The legacy bridge');
    if (this.#attached) return;
    this.#attached = true;
    this.#emitter.on('sync', this.#onCompleted);
    this.#emitter.on('sync:error', this.#onFailed);
  }

  /**
   * Waits until everything emitted so far is published.
   *
   * @throws {@link LegacyPublishError} with what failed since the last flush.
   */
  async flush(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await abortable(this.#tail, options.signal);
    const failures = this.#failures.splice(0);
    const total = this.#failed;
    this.#failed = 0;
    if (total > 0) throw new LegacyPublishError(failures, total);
  }

  /** Stops listening, then flushes. What is emitted later is not published. */
  async close(): Promise<void> {
    this.#closed = true;
    const off = this.#emitter.off ?? this.#emitter.removeListener;
    off?.call(this.#emitter, 'sync', this.#onCompleted);
    off?.call(this.#emitter, 'sync:error', this.#onFailed);
    await this.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  readonly #onCompleted = (value: unknown, ...rest: readonly unknown[]) =>
    this.#enqueue(() => {
      const result = frozenJson(this.#result(value), 'the legacy result');
      return new LegacySyncCompletedEvent(result, this.#aggregateId(value, ...rest));
    });

  readonly #onFailed = (error: unknown, ...rest: readonly unknown[]) =>
    this.#enqueue(() => new LegacySyncFailedEvent(failureOf(error), this.#aggregateId(error, ...rest)));

  /** Makes the event now, before the caller can change what it was given, and publishes it in its turn. */
  #enqueue(makeEvent: () => LegacySyncEvent): void {
    if (this.#closed) return;
    let event: LegacySyncEvent | null = null;
    let work: () => Promise<void>;
    try {
      const made = makeEvent();
      event = made;
      work = () => this.#bus.publish(made);
    } catch (cause) {
      work = () => Promise.reject(cause);
    }
    this.#tail = this.#tail
      .then(work)
      .catch((cause: unknown) => this.#fail({ event, cause }))
      .catch(throwLater);
  }

  #fail(failure: LegacyPublishFailure): void {
    this.#failed++;
    if (this.#failures.length < keptFailures) this.#failures.push(failure);
    this.#onError(new LegacyPublishError([failure], 1));
  }
}

/** How many failures wait for a flush; of more, only the number is kept. */
const keptFailures = 100;

function changeIdOf(value: unknown): string {
  const { changeId } = (value ?? {}) as { changeId?: unknown };
  return typeof changeId === 'string' ? changeId : 'legacy-sync';
}

function failureOf(error: unknown): LegacyFailure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: null };
  const { code } = error as { code?: unknown };
  return { name: error.name, message: error.message, code: typeof code === 'string' ? code : null };
}
