import { ClosedError } from '../core/errors.ts';
import { Initialization } from '../core/initialization.ts';
import { noticeEpoch } from './epochs.ts';
import type { EventAdapter } from './event-adapter.ts';
import { NotInitializedError } from './transaction-errors.ts';

/** The adapter of a store: initialized on first use, and given out until the store is closed. */
export class StoreAdapter {
  readonly #adapter: EventAdapter;
  readonly #initialization: Initialization;
  /** The adapter while nothing needs to be waited for: it is initialized, and the store is open. */
  #open: EventAdapter | undefined;
  #closed = false;

  constructor(adapter: EventAdapter) {
    this.#adapter = adapter;
    this.#initialization = new Initialization(async () => {
      await adapter.init();
      await noticeEpoch(adapter);
    });
  }

  /** The adapter, at once where it is initialized. */
  get ready(): EventAdapter | Promise<EventAdapter> {
    return this.#open ?? this.use();
  }

  /** @throws {@link ClosedError} if the store is closed, or by the time that it is initialized. */
  async use(): Promise<EventAdapter> {
    this.assertOpen();
    await this.initialize();
    this.assertOpen();
    return this.#adapter;
  }

  /**
   * The adapter for a call that can't wait.
   *
   * @throws {@link NotInitializedError} if it was not initialized before.
   * @throws {@link ClosedError} if the store is closed.
   */
  useAtOnce(operation: string): EventAdapter {
    this.assertOpen();
    if (!this.#open) throw new NotInitializedError(operation);
    return this.#open;
  }

  /** The adapter, initialized on first use, also once the store is closed. */
  async initialize(): Promise<EventAdapter> {
    await this.#initialization.done();
    if (!this.#closed) this.#open = this.#adapter;
    return this.#adapter;
  }

  /** @throws {@link ClosedError} if the store is closed. */
  assertOpen(): void {
    if (this.#closed) throw new ClosedError('the event store');
  }

  /** Tells whoever listens to the storage, where it can be told. */
  notify(): void {
    this.#open?.notify?.();
  }

  /** Gives it out no more, but for what is still to be ended: {@link initialize}. @returns Whether it was open. */
  close(): boolean {
    const wasOpen = !this.#closed;
    this.#closed = true;
    this.#open = undefined;
    return wasOpen;
  }

  /** Ends the adapter itself, after its last use. */
  async end(): Promise<void> {
    await this.#initialization.settled();
    await this.#adapter.close();
  }
}
