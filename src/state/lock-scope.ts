import { createId } from '../core/ids.ts';
import { TransactionEndedError } from './errors.ts';
import type { LockManager, ReleaseLocks } from './lock-manager.ts';

/**
 * Everything that one piece of work locks, until its end: strict two-phase locking. Also what it only reads it locks for
 * itself alone, as `select … for update` does: two that read and then write would wait for each other for ever.
 */
export class LockScope {
  readonly #locks: LockManager;
  readonly #timeoutMs: number | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #owner = createId();
  readonly #held = new Map<string, Promise<ReleaseLocks>>();
  #ended = false;

  constructor(
    locks: LockManager,
    options: { readonly timeoutMs: number | undefined; readonly signal: AbortSignal | undefined },
  ) {
    this.#locks = locks;
    this.#timeoutMs = options.timeoutMs;
    this.#signal = options.signal;
  }

  /** Resolves once the aggregate is locked. @throws {@link TransactionEndedError} after the end. */
  async lock(aggregateId: string): Promise<void> {
    if (this.#ended) throw new TransactionEndedError();
    const known = this.#held.get(aggregateId);
    if (known) return void (await known);
    const options = { owner: this.#owner, timeoutMs: this.#timeoutMs, signal: this.#signal };
    const locking = this.#locks.acquire([aggregateId], options);
    this.#held.set(aggregateId, locking);
    try {
      await locking;
    } catch (error) {
      this.#held.delete(aggregateId);
      throw error;
    }
  }

  /** Gives back all of it, and locks nothing any more: work that goes on after its end would keep it for ever. */
  end(): Promise<void> {
    this.#ended = true;
    return this.release();
  }

  /** Gives back all of it, also what is still waited for. */
  async release(): Promise<void> {
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const outcome of await Promise.allSettled(held)) {
      if (outcome.status === 'fulfilled') await outcome.value();
    }
  }
}
