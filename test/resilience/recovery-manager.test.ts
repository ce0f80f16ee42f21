import { describe, expect, it } from 'vitest';
import { ClosedError, InvalidArgumentError, StorageError } from '../../src/core/errors.ts';
import { RetriesExhaustedError } from '../../src/resilience/errors.ts';
import { RecoveryManager, type RecoveryManagerOptions } from '../../src/resilience/recovery-manager.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

/** Reads rows of a database that fails with each of `failures` first, and remembers when it was asked. */
function setUp(failures: readonly unknown[], options: RecoveryManagerOptions = {}) {
  const clock = new FakeClock();
  const asked: [attempt: number, at: number][] = [];
  const readRows = (attempt: number) => {
    asked.push([attempt, clock.now()]);
    if (attempt <= failures.length) throw failures[attempt - 1];
    return ['row'];
  };
  const recovery = new RecoveryManager({ clock, random: () => 1, ...options });
  return { clock, asked, readRows, recovery };
}

const caught = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
const down = (n: number) => new StorageError(`read rows ${n}`, 'try again');

describe('RecoveryManager', () => {
  it('gives the result of the first try that has one, after waits that grow', async () => {
    const failures = [down(1), down(2), down(3)];
    const { clock, asked, readRows, recovery } = setUp(failures, { maxAttempts: 5 });
    const rows = recovery.run('reading rows', async (attempt) => readRows(attempt));
    await clock.advance(10_000);
    expect(await rows).toEqual(['row']);
    expect(asked).toEqual([
      [1, 0],
      [2, 50],
      [3, 150],
      [4, 350],
    ]);
    expect(clock.pending).toBe(0);
  });

  it('waits no longer than is said, by chance less', async () => {
    const failures = [down(1), down(2), down(3)];
    const chances = [0.5, 0.25, 0.5];
    const { clock, asked, readRows, recovery } = setUp(failures, {
      maxAttempts: 4,
      backoff: { initialMs: 100, maxMs: 200 },
      random: () => chances.shift()!,
    });
    const rows = recovery.run('reading rows', readRows);
    await clock.advance(1_000);
    expect(await rows).toEqual(['row']);
    expect(asked.map(([, at]) => at)).toEqual([0, 50, 100, 200]);
  });

  it('tries three times, and then says what each failed with', async () => {
    const failures = [down(1), 'no error at all', down(3), down(4)];
    const { clock, asked, readRows, recovery } = setUp(failures);
    const outcome = caught(recovery.run('reading rows', readRows));
    await clock.advance(10_000);
    const error = await outcome;
    expect(error).toBeInstanceOf(RetriesExhaustedError);
    expect(error).toMatchObject({
      code: 'RETRIES_EXHAUSTED',
      attempts: failures.slice(0, 3),
      cause: failures[2],
      message: expect.stringMatching(/^reading rows failed 3 times, .*: could not read rows 3/),
    });
    expect(asked).toHaveLength(3);
    // Nor does it wait for a try that never comes.
    expect([asked.at(-1)![1], clock.pending]).toEqual([150, 0]);
  });

  it.each([new InvalidArgumentError('table', 'a name', 7), new ClosedError('the pool')])(
    'passes on at once what no try can help: $name',
    async (failure) => {
      const { asked, readRows, recovery } = setUp([failure]);
      expect(await caught(recovery.run('reading rows', readRows))).toBe(failure);
      expect(asked).toHaveLength(1);
    },
  );

  it('asks the caller’s own rule, and nothing else, which errors may pass', async () => {
    const missing = Object.assign(new Error('no such table'), { code: '42P01' });
    const failures = [new ClosedError('the pool'), missing];
    const isRetryable = (error: unknown) => (error as { code?: string }).code !== '42P01';
    const { clock, asked, readRows, recovery } = setUp(failures, { isRetryable });
    const outcome = caught(recovery.run('reading rows', readRows));
    await clock.advance(10_000);
    expect(await outcome).toBe(missing);
    expect(asked).toHaveLength(2);
  });

  it('ends with the signal: before a try, while it waits, and when a try was given up for it', async () => {
    const reason = new Error('shutting down');
    const { clock, asked, readRows, recovery } = setUp([down(1), down(2)]);
    expect(await caught(recovery.run('reading rows', readRows, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(asked).toEqual([]);

    const waiting = new AbortController();
    const outcome = caught(recovery.run('reading rows', readRows, { signal: waiting.signal }));
    await clock.advance(49);
    waiting.abort(reason);
    expect(await outcome).toBe(reason);
    expect([asked.length, clock.pending]).toEqual([1, 0]);

    // The last try no less than the first.
    for (const maxAttempts of [1, 3]) {
      const trying = new AbortController();
      const interrupted = async () => {
        trying.abort(reason);
        throw new Error('the query was cancelled');
      };
      const running = new RecoveryManager({ maxAttempts, clock }).run('reading rows', interrupted, trying);
      expect(await caught(running)).toBe(reason);
    }
  });

  it('gives a result that came in spite of the signal', async () => {
    const controller = new AbortController();
    const written = async () => {
      controller.abort();
      return 'written';
    };
    const { recovery } = setUp([]);
    expect(await recovery.run('writing a row', written, { signal: controller.signal })).toBe('written');
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d attempts', (maxAttempts) => {
    expect(() => new RecoveryManager({ maxAttempts })).toThrow(InvalidArgumentError);
  });

  it('counts and waits for each kind of failure by its own policy, the first that applies', async () => {
    class Locked extends Error {
      readonly code = 'LOCKED';
    }
    const failures = [new Locked('1'), down(1), new Locked('2'), new Locked('3'), down(2)];
    const { clock, asked, readRows, recovery } = setUp(failures, {
      policies: [
        { error: Locked, maxAttempts: 4, backoff: { initialMs: 1, factor: 1 } },
        { error: 'LOCKED', maxAttempts: 1 },
        { error: { matches: (error) => error instanceof StorageError }, backoff: { initialMs: 1000 } },
      ],
    });
    const rows = recovery.run('reading rows', readRows);
    await clock.advance(10_000);
    expect(await rows).toEqual(['row']);
    expect(asked.map(([, at]) => at)).toEqual([0, 1, 1001, 1002, 1003, 3003]);
  });

  it('passes on at once what its policy tries once, and ends with every failure where a policy is used up', async () => {
    const locked = Object.assign(new Error('locked'), { code: 'LOCKED' });
    const once = setUp([locked], { policies: [{ error: 'LOCKED', maxAttempts: 1 }] });
    expect(await caught(once.recovery.run('reading rows', once.readRows))).toBe(locked);
    const twice = setUp([down(1), locked, locked], { policies: [{ error: 'LOCKED', maxAttempts: 2 }] });
    const outcome = caught(twice.recovery.run('reading rows', twice.readRows));
    await twice.clock.advance(10_000);
    expect(await outcome).toMatchObject({
      code: 'RETRIES_EXHAUSTED',
      attempts: [{ operation: 'read rows 1' }, locked, locked],
    });
    expect(() => new RecoveryManager({ policies: [{ error: Error, maxAttempts: 0 }] })).toThrow(/policies\[0\]/);
  });

  it('RC3 restores what was before, once, and tells a person every try', async () => {
    const told: unknown[] = [];
    const { clock, readRows, recovery } = setUp([down(1), down(2), down(3)], {
      onEscalation: (what, result) => void told.push([what, result.requiresManualIntervention, result.attempts]),
    });
    let restored = 0;
    const restore = async () => void restored++;
    const outcome = caught(recovery.run('reading rows', readRows, { restore }));
    await clock.advance(10_000);
    expect(await outcome).toBeInstanceOf(RetriesExhaustedError);
    expect(restored).toBe(1);
    const attempt = (at: number, n: number) => ({
      at,
      success: false,
      detail: expect.stringContaining(`read rows ${n}`),
    });
    expect(told).toEqual([['reading rows', true, [attempt(0, 1), attempt(50, 2), attempt(150, 3)]]]);

    // Not where it went well, nor where the signal ended it.
    await recovery.run('reading rows', () => 'row', { restore });
    const controller = new AbortController();
    const interrupted = () => {
      controller.abort(new Error('enough'));
      throw down(1);
    };
    await caught(recovery.run('reading rows', interrupted, { restore, signal: controller.signal }));
    expect([restored, told.length]).toEqual([1, 1]);
  });

  it('says both where what was before can not be restored either', async () => {
    const failure = new ClosedError('the pool');
    const { readRows, recovery } = setUp([failure]);
    const restoreFailure = new Error('the backup is gone');
    const restore = () => Promise.reject(restoreFailure);
    expect(await caught(recovery.run('reading rows', readRows, { restore }))).toMatchObject({
      code: 'RESTORE_FAILED',
      cause: failure,
      restoreFailure,
    });
  });
});
