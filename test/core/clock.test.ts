import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';

describe('the system clock', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const days = (count: number) => count * 86_400_000;

  it.each([1, days(30), days(100)])(
    'runs what is scheduled once after %d ms, which may be more than a timer can wait',
    (delayMs) => {
      const run = vi.fn();
      systemClock.schedule(run, delayMs);
      vi.advanceTimersByTime(delayMs - 1);
      expect(run).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(run).toHaveBeenCalledTimes(1);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it.each([0, days(30)])('forgets what is cancelled, also after %d ms', (waitedMs) => {
    const run = vi.fn();
    const cancel = systemClock.schedule(run, Number.MAX_SAFE_INTEGER);
    vi.advanceTimersByTime(waitedMs);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    expect(run).not.toHaveBeenCalled();
  });
});
