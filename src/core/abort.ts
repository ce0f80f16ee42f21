import { setMaxListeners } from 'node:events';
import { type Clock, systemClock } from './clock.ts';
import { TimeoutError } from './errors.ts';

/** Waits `delayMs`; rejects with the signal's reason as soon as it aborts. Keeps the process alive meanwhile. */
export async function sleep(
  delayMs: number,
  options: { clock?: Clock; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { clock = systemClock, signal } = options;
  signal?.throwIfAborted();
  let cancel = () => {};
  const elapsed = new Promise<void>((resolve) => {
    cancel = clock.schedule(resolve, delayMs, { keepAlive: true });
  });
  try {
    await abortable(elapsed, signal);
  } finally {
    cancel();
  }
}

/** The promise's outcome, or a rejection with the signal's reason, whichever comes first. The work itself goes on. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/**
 * Runs `work` with a signal that aborts as soon as one of these does, and leaves nothing behind in those that live on: each
 * `AbortSignal.any` would stay in their books for as long as they do.
 */
export async function withEither<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // as many as the work likes
  const onAbort = ({ target }: Event) => controller.abort((target as AbortSignal).reason);
  for (const signal of signals) signal.throwIfAborted();
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Runs `work` with a signal that aborts after `timeoutMs` or with the caller's own signal.
 *
 * @throws {@link TimeoutError} when the time is over, even if `work` ignores its signal.
 */
export async function withTimeout<T>(
  what: string,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  options: { clock?: Clock; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const { clock = systemClock, signal } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.schedule(() => controller.abort(new TimeoutError(what, timeoutMs)), timeoutMs, {
    keepAlive: true,
  });
  try {
    return await abortable(work(controller.signal), controller.signal);
  } finally {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}
