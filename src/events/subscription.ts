import { abortable, sleep } from '../core/abort.ts';
import { backoffDelay, type Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { ClosedError, isMigrationError } from '../core/errors.ts';
import { SubscriptionFailedError } from './errors.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { SubscriptionSettings } from './subscribe-options.ts';

/** What a subscription needs of its store. */
export interface SubscriptionSource {
  read(after: number, limit: number): Promise<readonly RecordedEvent[]>;
  lastPosition(): Promise<number>;
  loadCheckpoint(): Promise<number | undefined>;
  saveCheckpoint(position: number): Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
}

interface Waiter {
  readonly target: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Brings every event of the store to a handler, at least once and in the order of positions, from its checkpoint on.
 *
 * After a crash the events since the last checkpoint come again, so a handler must bear an event twice. A handler that
 * fails is tried again with backoff; after `maxAttempts` tries the subscription stops loudly. A storage that fails is
 * tried again without end. It keeps the process alive until it is closed.
 */
export class Subscription {
  readonly #settings: SubscriptionSettings;
  readonly #source: SubscriptionSource;
  readonly #abort = new AbortController();
  readonly #waiters = new Set<Waiter>();
  #finished: Promise<void> = Promise.resolve();
  #position = 0;
  #saved = -1;
  #woken = false;
  #stir = () => {};
  #failure: unknown;

  /** Made by `EventStore.subscribe`. */
  constructor(settings: SubscriptionSettings, source: SubscriptionSource) {
    this.#settings = settings;
    this.#source = source;
  }

  get name(): string {
    return this.#settings.name;
  }

  /** The position of the last event that was handled. */
  get position(): number {
    return this.#position;
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
   * Resolves once every event that was stored before this call is handled and its checkpoint saved.
   *
   * @throws {@link SubscriptionFailedError} if the handler has failed for good.
   * @throws {@link ClosedError} if the subscription is closed before that.
   */
  async caughtUp(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const target = await this.#source.lastPosition();
    if (this.#failure !== undefined) throw this.#failure;
    this.#abort.signal.throwIfAborted();
    if (this.#saved >= target) return;
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
  wake(): void {
    this.#woken = true;
    this.#stir();
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

  #stop = () => {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(new ClosedError(`subscription "${this.name}"`));
    this.#stir();
  };

  async #run(): Promise<void> {
    const { signal, from } = this.#settings;
    signal.addEventListener('abort', this.#stop, { once: true });
    if (signal.aborted) this.#stop();
    try {
      this.#position = (await this.#persist(() => this.#source.loadCheckpoint())) ?? from;
      this.#saved = this.#position;
      for (;;) await this.#round();
    } catch (error) {
      this.#end(error);
    } finally {
      signal.removeEventListener('abort', this.#stop);
    }
  }

  async #round(): Promise<void> {
    const { batchSize } = this.#settings;
    this.#woken = false;
    const events = await this.#persist(() => this.#source.read(this.#position, batchSize));
    try {
      for (const event of events) {
        this.#abort.signal.throwIfAborted();
        await this.#handle(event);
        this.#position = event.position;
      }
    } finally {
      await this.#save();
    }
    for (const waiter of this.#waiters) if (this.#saved >= waiter.target) waiter.resolve();
    if (events.length < batchSize) await this.#idle();
  }

  async #handle(event: RecordedEvent): Promise<void> {
    const { handle, maxAttempts } = this.#settings;
    for (let attempt = 1; ; attempt++) {
      try {
        await handle(event);
        return;
      } catch (error) {
        if (attempt >= maxAttempts) {
          throw new SubscriptionFailedError(
            { subscription: this.name, position: event.position, attempts: attempt },
            { cause: error },
          );
        }
        await this.#backOff(error, attempt);
      }
    }
  }

  async #save(): Promise<void> {
    if (this.#position === this.#saved) return;
    const position = this.#position;
    await this.#persist(() => this.#source.saveCheckpoint(position));
    this.#saved = position;
  }

  /** Storage work, tried until it succeeds or the subscription ends. A damaged event does not get better by trying. */
  async #persist<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (isMigrationError(error, 'EVENT_CORRUPTED')) throw error;
        await this.#backOff(error, attempt);
      }
    }
  }

  async #backOff(error: unknown, attempt: number): Promise<void> {
    this.#settings.onRetry(error, attempt);
    this.#abort.signal.throwIfAborted();
    const { clock, random } = this.#source;
    await sleep(backoffDelay(attempt, this.#settings.backoff, random), { clock, signal: this.#abort.signal });
  }

  /** Waits for a poll or a wake-up; not at all if one came since the last read began. */
  async #idle(): Promise<void> {
    this.#abort.signal.throwIfAborted();
    if (this.#woken) return;
    // What is waited for is stored already, and only held back by an append that is still undecided.
    const delayMs = this.#waiters.size > 0 ? 10 : this.#settings.pollIntervalMs;
    await new Promise<void>((resolve) => {
      const cancel = this.#source.clock.schedule(resolve, delayMs, { keepAlive: true });
      this.#stir = () => {
        cancel();
        resolve();
      };
    });
    this.#stir = () => {};
    this.#abort.signal.throwIfAborted();
  }

  #end(error: unknown): void {
    const { signal } = this.#abort;
    if (error !== signal.reason) {
      this.#failure = error;
      if (this.#waiters.size === 0) this.#settings.onError(error);
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
