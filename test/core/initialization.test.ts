import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Initialization } from '../../src/core/initialization.ts';
import { runs } from '../invariants/runs.ts';

describe('Initialization', () => {
  it('is under way at most once, done once, and tried again after a failure, whoever asks when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.boolean(), { maxLength: 4 }),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
        async (scheduler, outcomes, callers) => {
          let attempts = 0;
          let running = 0;
          const failures: Error[] = [];
          const succeeds = (attempt: number) => outcomes[attempt - 1] ?? true;
          const initialization = new Initialization(async () => {
            const attempt = ++attempts;
            expect(++running).toBe(1);
            await scheduler.schedule(Promise.resolve(), 'working');
            running--;
            if (succeeds(attempt)) return;
            failures.push(new Error(`attempt ${attempt}`));
            throw failures.at(-1)!;
          });
          const all = callers.map(async (retries, index) => {
            await scheduler.schedule(Promise.resolve(), `caller ${index}`);
            let last: unknown;
            for (let tried = 0; tried <= retries; tried++) {
              const error = await initialization.done().catch((failure: unknown) => failure);
              if (error === undefined) {
                expect(running).toBe(0);
                return;
              }
              // Each time that of an attempt that others know of, too, and another one than before.
              expect(failures).toContain(error);
              expect(error).not.toBe(last);
              last = error;
            }
          });
          await scheduler.waitFor(Promise.all(all));
          // None behind the first that succeeds.
          const needed = outcomes.indexOf(true);
          expect(attempts).toBeLessThanOrEqual(1 + (needed < 0 ? outcomes.length : needed));
        },
      ),
      runs(200),
    );
  });

  it('forgets what fails at once, too', async () => {
    let attempts = 0;
    const initialization = new Initialization(() => {
      if (++attempts === 1) throw new Error('at once');
      return Promise.resolve();
    });
    await expect(initialization.done()).rejects.toThrow('at once');
    await initialization.done();
    await initialization.done();
    expect(attempts).toBe(2);
  });

  it('is waited for without being begun, and without its failure', async () => {
    let fail = (_: Error) => {};
    let attempts = 0;
    const initialization = new Initialization(() => {
      attempts++;
      return new Promise((_, reject) => {
        fail = reject;
      });
    });
    await initialization.settled();
    expect(attempts).toBe(0);
    const seen: string[] = [];
    const done = initialization.done().catch(() => seen.push('failed'));
    const settled = initialization.settled().then(() => seen.push('settled'));
    await Promise.resolve();
    expect(seen).toEqual([]);
    fail(new Error('no'));
    await Promise.all([done, settled]);
    expect(seen.toSorted()).toEqual(['failed', 'settled']);
    await initialization.settled();
    expect(attempts).toBe(1);
  });
});
