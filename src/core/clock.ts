/** Where time comes from. Pass one of your own (or `FakeClock` of `/testing`) to make time yours. */
export interface Clock {
  /** Milliseconds since 1970, with fractions where the clock has them. */
  now(): number;
  /**
   * Calls `run` once after `delayMs`; the function returned cancels it.
   *
   * A timer does not keep the process alive unless `keepAlive` says that somebody waits for it.
   */
  schedule(run: () => void, delayMs: number, options?: { readonly keepAlive?: boolean }): () => void;
}

// It never changes, and asking for it each time takes as long as asking for the time.
const { timeOrigin } = performance;

/** What a timer of the platform can wait; asked for more, it does not wait at all. */
export const maxTimerMs = 2 ** 31 - 1;

/** Real time: monotonic between two calls of one process, aligned with the wall clock at start-up of the process. */
export const systemClock: Clock = Object.freeze({
  now: () => timeOrigin + performance.now(),
  schedule(run: () => void, delayMs: number, options?: { readonly keepAlive?: boolean }) {
    let left = delayMs;
    let timer: NodeJS.Timeout;
    const wait = () => {
      const part = Math.min(left, maxTimerMs);
      left -= part;
      timer = setTimeout(left > 0 ? wait : run, part);
      if (!options?.keepAlive) timer.unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
});
