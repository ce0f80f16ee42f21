import { abortable } from '../core/abort.ts';
import { ClosedError, isMigrationError } from '../core/errors.ts';
import type { AppendListener } from './append-listener.ts';
import type { ParkedEventHandler, ParkedEvents, RetryResult } from './parked-events.ts';
import type { ParkedEvent } from './parked-record.ts';
import type { Rounds, SubscriptionContext } from './rounds.ts';

interface Waiter {
  target: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What a subscription is made of. */
export interface SubscriptionParts {
  readonly context: SubscriptionContext;
  /** Aborts the signal of the context's attempts. */
  readonly control: AbortController;
  readonly rounds: Rounds;
  readonly listener: AppendListener;
  readonly parked: ParkedEvents;
  readonly handleParked: ParkedEventHandler;
}

/**
 * Brings every event of the store to a handler, at least once and in the order of positions, from its checkpoint on.
 *
 * After a crash the events since the last checkpoint come again, so a handler must bear an event twice; a projection
 * with its checkpoint in the same transaction sees the effect of each once. A handler that fails is tried again with
 * backoff; after `maxAttempts` tries the subscription stops loudly, or parks the event and goes on. A storage that fails
 * is tried again without end. It keeps the process alive until it is closed.
 */
export class Subscription {
  readonly #parts: SubscriptionParts;
  readonly #waiters = new Set<Waiter>();
  #finished: Promise<void> = Promise.resolve();
  #woken = false;
  #stir = () => {};
  #failure: unknown;

  /** Made by `EventStore.subscribe` and `EventStore.project`. */
  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.context.name;
  }

  /** The position of the last event that was handled. */
  get position(): number {
    return this.#parts.rounds.position;
  }

  /** Resolves once no event is handled any more: it was closed, or has failed. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** Begins; called once, by the store. */
  start(): this {
    this.#finished = this.#run();
    return this;
  }

  /**
   * Resolves once every event that was stored before this call is handled or parked, and its checkpoint saved: in a group,
   * by whichever consumer.
   *
   * @throws {@link SubscriptionFailedError} if the handler has failed for good.
   * @throws {@link ClosedError} if the subscription is closed before that.
   */
  async caughtUp(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const target = await this.#lastPosition();
    if (this.#failure !== undefined) throw this.#failure;
    this.#signal.throwIfAborted();
    const { promise, waiter } = waiterFor(target);
    this.#waiters.add(waiter);
    this.wake();
    try {
      await abortable(promise, options.signal);
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /** Looks for new events now instead of at the next poll. */
  wake = (): void => {
    this.#woken = true;
    this.#stir();
  };

  /** The events that were set aside because they could not be handled, and those that wait behind them. */
  parked(): Promise<readonly ParkedEvent[]> {
    return this.#parts.parked.list();
  }

  /**
   * Handles parked events once more, those of each stream in order: what succeeds is parked no longer, and a stream
   * stops at its first failure. Works whether the subscription runs or not.
   *
   * @param stream - Only those of this stream. Default: of all.
   */
  retryParked(stream?: string): Promise<RetryResult> {
    return this.#parts.parked.retry(this.#parts.handleParked, stream);
  }

  /**
   * Gives up one parked event for good. Those behind it stay until they are retried.
   *
   * @throws {@link InvalidArgumentError} if none is parked at this position.
   */
  skipParked(position: number): Promise<void> {
    return this.#parts.parked.skip(position);
  }

  /**
   * Stops after the event in hand and saves the checkpoint. Not to be awaited inside `handle`, since it waits for that:
   * abort the `signal` there.
   */
  async close(): Promise<void> {
    this.#stop();
    await this.#finished;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #signal(): AbortSignal {
    return this.#parts.control.signal;
  }

  #stop = () => {
    if (this.#signal.aborted) return;
    this.#parts.control.abort(new ClosedError(`subscription "${this.name}"`));
    this.#stir();
  };

  async #lastPosition(): Promise<number> {
    return (await this.#parts.context.source.adapter()).lastPosition();
  }

  async #run(): Promise<void> {
    const { rounds, context } = this.#parts;
    const { signal } = context.settings;
    signal.addEventListener('abort', this.#stop, { once: true });
    if (signal.aborted) this.#stop();
    const listening = this.#listen();
    try {
      await this.#assertWritable();
      await rounds.begin(this.wake);
      for (;;) {
        this.#woken = false;
        const more = await rounds.round();
        await this.#tellWaiters(more);
        this.#signal.throwIfAborted();
        if (!more) await this.#idle();
      }
    } catch (error) {
      this.#end(error);
    } finally {
      signal.removeEventListener('abort', this.#stop);
      this.#stop();
      await rounds.end();
      await listening;
    }
  }

  /**
   * A save that changes nothing, for there is no such revision: on a read-only storage nothing would ever be saved. Only
   * in the beginning: later it may be a failover, which passes.
   */
  async #assertWritable(): Promise<void> {
    const { source, attempts, name } = this.#parts.context;
    const refusal = await attempts.persist(async () => {
      try {
        const expectedRevision = Number.MAX_SAFE_INTEGER;
        await (await source.adapter()).saveCheckpoint(name, { position: 0, state: '{}' }, { expectedRevision });
        return undefined;
      } catch (error) {
        if (isMigrationError(error, 'STORAGE_READ_ONLY')) return error;
        throw error;
      }
    });
    if (refusal) throw refusal;
  }

  /** Until the end. What the storage can't tell is found by polling, so that nothing waits for this. */
  async #listen(): Promise<void> {
    const { context, listener } = this.#parts;
    try {
      const leave = await context.attempts.persist(() => listener.join(this.wake));
      // What came before it listened, it was not told of.
      this.wake();
      await aborted(this.#signal);
      await leave();
    } catch (error) {
      if (error !== this.#signal.reason) context.settings.onRetry(error, 1);
    }
  }

  async #tellWaiters(more: boolean): Promise<void> {
    if (this.#waiters.size === 0) return;
    const { attempts } = this.#parts.context;
    const settled = await attempts.persist(() => this.#parts.rounds.settled());
    // What a waiter waits for may have been removed from the store meanwhile.
    const last = more ? Number.POSITIVE_INFINITY : await attempts.persist(() => this.#lastPosition());
    for (const waiter of this.#waiters) {
      waiter.target = Math.min(waiter.target, last);
      if (settled >= waiter.target) waiter.resolve();
    }
  }

  /** Waits for a poll or a wake-up; not at all if one came since the last read began. */
  async #idle(): Promise<void> {
    if (this.#woken) return;
    // What is waited for is stored already, and only held back by an append that is still undecided.
    const { settings, source } = this.#parts.context;
    const delayMs = this.#waiters.size > 0 ? 10 : settings.pollIntervalMs;
    await new Promise<void>((resolve) => {
      const cancel = source.clock.schedule(resolve, delayMs, { keepAlive: true });
      this.#stir = () => {
        cancel();
        resolve();
      };
    });
    this.#stir = () => {};
    this.#signal.throwIfAborted();
  }

  #end(error: unknown): void {
    if (error !== this.#signal.reason) {
      this.#failure = error;
      if (this.#waiters.size === 0) this.#parts.context.settings.onError(error);
    }
    for (const waiter of this.#waiters) waiter.reject(error);
  }
}

function waiterFor(target: number): { promise: Promise<void>; waiter: Waiter } {
  let resolve = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((onReached, onFailed) => {
    resolve = onReached;
    reject = onFailed;
  });
  return { promise, waiter: { target, resolve, reject } };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
