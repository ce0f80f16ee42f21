import assert from 'node:assert/strict';
import { isMigrationError, type MigrationError } from '../../core/errors.ts';
import type { LockManager, LockMode } from '../../state/lock-manager.ts';

/** What a case works with. */
export interface LockCaseContext {
  readonly locks: LockManager;
  /** Another one over the same locks; the same one where the locks live inside it. */
  readonly other: LockManager;
  /** A name that no other case uses. */
  id(what: string): string;
  untilWaiting(count: number): Promise<void>;
}

export type DefineLockCase = (title: string, run: (context: LockCaseContext) => Promise<void>) => void;

/** Long enough for whatever goes on without being waited for. */
export const longMs = 30_000;

/** Long enough to ask and be refused. */
export const shortMs = 50;

/** Whether an owner who holds nothing could lock it at once. */
export async function isFree(
  locks: LockManager,
  aggregateId: string,
  mode: LockMode = 'exclusive',
  timeoutMs: number = shortMs,
): Promise<boolean> {
  try {
    const release = await locks.acquire([aggregateId], { owner: 'who asks', mode, timeoutMs });
    await release();
    return true;
  } catch (error) {
    if (!isMigrationError(error, 'LOCK_TIMEOUT')) throw error;
    return false;
  }
}

/** It may take a while until it is seen that somebody has let go. */
export async function assertFree(locks: LockManager, aggregateId: string, mode: LockMode = 'exclusive'): Promise<void> {
  assert.ok(await isFree(locks, aggregateId, mode, 3_000), `${JSON.stringify(aggregateId)} is locked`);
}

/** The error of a call that must fail, if it is the one expected. */
export async function failure<E extends MigrationError>(call: Promise<unknown>, code: E['code']): Promise<E> {
  try {
    await call;
  } catch (error) {
    if (isMigrationError(error, code)) return error as E;
    throw error;
  }
  return assert.fail(`expected an error ${code}, but there was none`);
}

/** The same promise, to be awaited later: if the case fails before, nobody needs to hear of this one. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
