import type { Clock } from '../core/clock.ts';

/** Wakes those who wait for commits of this process. */
export class CommitSignal {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** How many commits there were: take it before looking for them, so that none slips through before the wait. */
  get count(): number {
    return this.#count;
  }

  notify(): void {
    this.#count++;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves at the first commit after `count`, after `ms`, or when the signal aborts. */
  wait(count: number, ms: number, { clock, signal }: { clock: Clock; signal: AbortSignal | undefined }): Promise<void> {
    if (this.#count !== count || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = clock.schedule(wake, ms, { keepAlive: true });
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}
