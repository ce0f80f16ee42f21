// The suite is only worth something if it turns red on lock managers that are wrong: each mutant breaks one promise of a
// correct one.
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { isMigrationError } from '../../src/core/errors.ts';
import { DeadlockError, LockTimeoutError } from '../../src/core/lock-errors.ts';
import type { LockManager, LockOptions, ReleaseLocks } from '../../src/state/lock-manager.ts';
import { MemoryLockManager } from '../../src/state/memory-lock-manager.ts';
import { lockManagerConformance } from '../../src/testing/lock-manager-conformance.ts';
import { failingCases } from './failing-cases.ts';

type Acquire = LockManager['acquire'];

/** A hundred times as fast, so that what waits in vain is soon over. */
const fastClock: Clock = {
  now: () => systemClock.now() * 100,
  schedule: (run, delayMs, options) => systemClock.schedule(run, delayMs / 100, options),
};

const withOptions =
  (change: (options: LockOptions) => LockOptions) =>
  (next: Acquire): Acquire =>
  (ids, options) =>
    next(ids, change(options));
const withIds =
  (rename: (ids: readonly string[]) => readonly string[]) =>
  (next: Acquire): Acquire =>
  (ids, options) =>
    next(Array.isArray(ids) ? rename(ids) : ids, options);
const withErrors =
  (change: (error: Error, options: LockOptions) => Error) =>
  (next: Acquire): Acquire =>
  async (ids, options) => {
    try {
      return await next(ids, options);
    } catch (error) {
      throw change(error as Error, options);
    }
  };

let calls = 0;

const mutants: Record<string, (next: Acquire) => Acquire> = {
  'locks nothing': (next) => async (ids, options) => {
    await (await next(ids, { ...options, mode: 'shared' }))();
    return async () => {};
  },
  'shares everything': withOptions((options) => ({ ...options, mode: options.mode && 'shared' })),
  'shares what is asked for alone': withOptions((options) =>
    options.mode === undefined ? { ...options, mode: 'shared' } : options,
  ),
  'shares nothing': withOptions((options) => ({ ...options, mode: options.mode && 'exclusive' })),
  'locks the first only': withIds((ids) => ids.slice(0, 1)),
  'keeps half of what it could not lock': (next) => async (ids, options) => {
    if (!Array.isArray(ids)) return next(ids, options);
    const releases: ReleaseLocks[] = [];
    for (const id of [...ids].sort()) releases.push(await next([id], options));
    return async () => {
      for (const release of releases) await release();
    };
  },
  'locks in the order that it is given': (next) => async (ids, options) => {
    if (!Array.isArray(ids) || ids.length < 2) return next(ids, options);
    const releases: ReleaseLocks[] = [];
    const giveBack = async () => {
      for (const release of releases) await release();
    };
    try {
      for (const id of ids) {
        releases.push(await next([id], options));
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      await giveBack();
      throw error;
    }
    return giveBack;
  },
  'lets owners wait for themselves': withOptions((options) =>
    options.owner === '' ? options : { ...options, owner: `${options.owner} ${++calls}` },
  ),
  'takes all who share for one': withOptions((options) =>
    options.mode === 'shared' ? { ...options, owner: 'all who share' } : options,
  ),
  'gives it to whoever asked last': (next) => {
    const locked = new Map<string, (() => void)[]>();
    return async (ids, options) => {
      const [id = ''] = ids;
      for (let waiting = locked.get(id); waiting; waiting = locked.get(id)) {
        await new Promise<void>((resolve) => waiting?.push(resolve));
      }
      const waiting: (() => void)[] = [];
      locked.set(id, waiting);
      const release = await next(ids, options);
      return async () => {
        await release();
        locked.delete(id);
        for (const wake of waiting.reverse()) wake();
      };
    };
  },
  'loses all of an owner’s locks when a call of his fails': (next) => {
    const held = new Map<string, ReleaseLocks[]>();
    return async (ids, options) => {
      const own = held.get(options.owner) ?? [];
      held.set(options.owner, own);
      try {
        const release = await next(ids, options);
        own.push(release);
        return release;
      } catch (error) {
        for (const release of own) await release();
        throw error;
      }
    };
  },
  'releases whatever is held under the name': (next) => {
    const held = new Map<string, ReleaseLocks>();
    return async (ids, options) => {
      const release = await next(ids, options);
      held.set(options.owner, release);
      return () => (options.owner.includes('one') ? held.get(options.owner)! : release)();
    };
  },
  'never releases': (next) => async (ids, options) => {
    await next(ids, options);
    return async () => {};
  },
  'does not heed its signal': withOptions(({ signal: _, ...options }) => options),
  'takes every wait for a deadlock': (next) => async (ids, options) => {
    const abort = new AbortController();
    const call = next(ids, { ...options, signal: options.signal ?? abort.signal });
    let isOver = false;
    call.then(
      () => (isOver = true),
      () => (isOver = true),
    );
    for (let turn = 0; turn < 50; turn++) await null;
    if (!isOver) abort.abort(new DeadlockError([{ owner: options.owner, aggregateId: ids[0]! }]));
    return call;
  },
  'takes a deadlock for a long wait': withErrors((error, options) =>
    isMigrationError(error, 'DEADLOCK')
      ? new LockTimeoutError({ owner: options.owner, aggregateIds: [], timeoutMs: 1 })
      : error,
  ),
  'names the ring backwards': withErrors((error) =>
    error instanceof DeadlockError ? new DeadlockError([...error.cycle].reverse()) : error,
  ),
  'names its victim only': withErrors((error) =>
    error instanceof DeadlockError ? new DeadlockError(error.cycle.slice(0, 1)) : error,
  ),
  'does not say what it waited for': withErrors((error) =>
    error instanceof LockTimeoutError ? new LockTimeoutError({ ...error, aggregateIds: [] }) : error,
  ),
  'folds the case of names': withIds((ids) => ids.map((id) => id.toLowerCase())),
  'trims names': withIds((ids) => ids.map((id) => id.trim() || id)),
  'cuts names': withIds((ids) => ids.map((id) => id.slice(0, 38))),
  'takes what makes no sense': (next) => async (ids, options) => {
    try {
      return await next(ids, options);
    } catch (error) {
      if (!isMigrationError(error, 'INVALID_ARGUMENT')) throw error;
      return async () => {};
    }
  },
};

function failures(mutant: (next: Acquire) => Acquire, only?: string): Promise<string[]> {
  const create = async () => {
    const locks = new MemoryLockManager({ clock: fastClock });
    return { acquire: mutant((ids, options) => locks.acquire(ids, options)) };
  };
  return failingCases((runner) => lockManagerConformance(runner, { create }), only);
}

describe('the suite for lock managers', () => {
  it('passes a correct one', async () => {
    expect(await failures((next) => next)).toEqual([]);
  });

  it.each(Object.keys(mutants))('notices one that %s', async (name) => {
    // That one would wait for ever elsewhere.
    const only = name.endsWith('asked last') ? 'waiting for locks' : undefined;
    expect(await failures(mutants[name]!, only)).not.toEqual([]);
  });
});
