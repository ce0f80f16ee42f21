import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { DeadlockError, LockTimeoutError } from '../core/lock-errors.ts';
import { type LockRequest, lockRequest } from '../core/lock-request.ts';
import type { LockManager, LockOptions, ReleaseLocks } from './lock-manager.ts';
import { LockQueue, type LockWaiter } from './lock-queue.ts';
import { findCycle } from './wait-cycle.ts';

/** Locks of one process: those who share this object keep out of each other's way. */
export class MemoryLockManager implements LockManager {
  readonly #queues = new Map<string, LockQueue>();
  readonly #waiting = new Map<string, Set<LockWaiter>>();
  readonly #clock: Clock;

  constructor(options: { readonly clock?: Clock } = {}) {
    checkObject(options);
    this.#clock = options.clock ?? systemClock;
  }

  async acquire(aggregateIds: readonly string[], options: LockOptions): Promise<ReleaseLocks> {
    const checked = lockRequest(aggregateIds, options);
    const deadline = this.#clock.now() + checked.timeoutMs;
    const held: string[] = [];
    const release = async () => {
      for (const id of held.splice(0)) this.#release(id, checked);
    };
    try {
      for (const id of checked.aggregateIds) {
        checked.signal?.throwIfAborted();
        await this.#lock(id, checked, deadline);
        held.push(id);
      }
      checked.signal?.throwIfAborted();
      return release;
    } catch (error) {
      await release();
      throw error;
    }
  }

  #lock(aggregateId: string, options: LockRequest, deadline: number): Promise<void> | undefined {
    const { owner, mode, signal, timeoutMs } = options;
    const queue = this.#queues.get(aggregateId) ?? new LockQueue(aggregateId);
    this.#queues.set(aggregateId, queue);
    if (queue.take(owner, mode)) return undefined;
    return new Promise<void>((resolve, reject) => {
      const settle = () => {
        cancelTimer();
        signal?.removeEventListener('abort', onAbort);
        this.#stopWaiting(waiter);
      };
      const fail = (error: unknown) => {
        settle();
        queue.leave(waiter);
        this.#forget(queue);
        reject(error);
      };
      const granted = () => {
        settle();
        resolve();
      };
      const waiter: LockWaiter = { owner, mode, queue, granted };
      const onAbort = () => fail(signal?.reason);
      const timeout = () => fail(new LockTimeoutError({ owner, aggregateIds: [aggregateId], timeoutMs }));
      const cancelTimer = this.#clock.schedule(timeout, Math.max(0, deadline - this.#clock.now()));
      signal?.addEventListener('abort', onAbort, { once: true });
      queue.enter(waiter);
      const others = this.#waiting.get(owner) ?? new Set();
      this.#waiting.set(owner, others.add(waiter));
      const cycle = findCycle(waiter, (other) => this.#waiting.get(other) ?? []);
      if (cycle) fail(new DeadlockError(cycle));
    });
  }

  #stopWaiting(waiter: LockWaiter): void {
    const own = this.#waiting.get(waiter.owner);
    own?.delete(waiter);
    if (own?.size === 0) this.#waiting.delete(waiter.owner);
  }

  #release(aggregateId: string, { owner, mode }: LockRequest): void {
    const queue = this.#queues.get(aggregateId)!;
    queue.release(owner, mode);
    this.#forget(queue);
  }

  #forget(queue: LockQueue): void {
    if (queue.isIdle) this.#queues.delete(queue.aggregateId);
  }
}
