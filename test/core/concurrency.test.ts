import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { abortable, sleep, withEither, withTimeout } from '../../src/core/abort.ts';
import { backoffDelay } from '../../src/core/backoff.ts';
import { TimeoutError } from '../../src/core/errors.ts';
import { KeyedQueue } from '../../src/core/keyed-queue.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { runs } from '../invariants/runs.ts';

describe('KeyedQueue', () => {
  it('runs the work of a key one after the other, in order, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ key: fc.constantFrom('a', 'b'), fails: fc.boolean() }), { maxLength: 12 }),
        async (scheduler, jobs) => {
          const queue = new KeyedQueue();
          const running = new Set<string>();
          const begun: Record<string, number[]> = { a: [], b: [] };
          const pause = scheduler.scheduleFunction(async function work() {});
          const results = Promise.allSettled(
            jobs.map(({ key, fails }, index) =>
              queue.run(key, async () => {
                expect(running.has(key)).toBe(false);
                running.add(key);
                begun[key]!.push(index);
                await pause();
                running.delete(key);
                if (fails) throw new Error('work');
                return index;
              }),
            ),
          );
          await scheduler.waitFor(results);
          expect((await results).map(({ status }) => status === 'rejected')).toEqual(jobs.map(({ fails }) => fails));
          for (const order of Object.values(begun)) expect(order).toEqual(order.toSorted((a, b) => a - b));
          await queue.idle();
        },
      ),
      runs(100),
    );
  });
});

describe('waiting', () => {
  it('sleep ends with the clock or with the signal, and leaves no timer', async () => {
    const clock = new FakeClock();
    const woken = sleep(10, { clock });
    await clock.advance(10);
    await woken;
    const controller = new AbortController();
    const aborted = sleep(10, { clock, signal: controller.signal });
    await Promise.resolve();
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(sleep(10, { clock, signal: controller.signal })).rejects.toThrow('enough');
    expect(clock.pending).toBe(0);
  });

  it('withTimeout ends work that ignores its signal, and leaves no timer', async () => {
    const clock = new FakeClock();
    const late = withTimeout('the call', 10, () => new Promise<never>(() => {}), { clock });
    const outcome = expect(late).rejects.toThrow(new TimeoutError('the call', 10));
    await clock.advance(10);
    await outcome;
    expect(await withTimeout('the call', 10, async () => 1, { clock })).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('abortable gives the promise’s own outcome when nothing aborts', async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(1), signal)).toBe(1);
    await expect(abortable(Promise.reject(new Error('own')), signal)).rejects.toThrow('own');
  });

  it('withEither aborts with the first of its signals, and leaves nothing in them', async () => {
    for (const which of [0, 1]) {
      const controllers = [new AbortController(), new AbortController()];
      const signals = controllers.map(({ signal }) => signal);
      const working = withEither(signals, (signal) => abortable(new Promise(() => {}), signal));
      controllers[which]!.abort(new Error('enough'));
      controllers[1 - which]!.abort(new Error('too late'));
      await expect(working).rejects.toThrow('enough');
      await expect(withEither(signals, async () => 1)).rejects.toThrow(which ? 'too late' : 'enough');
    }
    const { signal } = new AbortController();
    expect(await withEither([signal], async () => getEventListeners(signal, 'abort').length)).toBe(1);
    await expect(withEither([signal], () => Promise.reject(new Error('own')))).rejects.toThrow('own');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('backoff stays within its exponential bound and its cap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, chance) => {
          const delay = backoffDelay(attempt, { initialMs: 10, maxMs: 1000, factor: 2 }, () => chance);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(Math.min(1000, 10 * 2 ** (attempt - 1)));
        },
      ),
      runs(200),
    );
  });
});
