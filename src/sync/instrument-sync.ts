import { checkFunction, checkObject } from '../core/check-argument.ts';
import { type OnError, throwLater } from '../core/on-error.ts';

/** A function of the legacy system, whatever its parameters. */
export type LegacySyncFunction = (...args: never[]) => unknown;

/** What an instrumented function tells: each call ends in one of the two. */
export interface SyncListeners<F extends LegacySyncFunction> {
  /** It returned, or its promise resolved. */
  sync: (result: Awaited<ReturnType<F>>, args: Parameters<F>) => void;
  /** It threw, or its promise rejected. */
  'sync:error': (error: unknown, args: Parameters<F>) => void;
}

/** Tells of the calls of one instrumented function. */
export interface SyncEmitter<F extends LegacySyncFunction> {
  on<E extends keyof SyncListeners<F>>(event: E, listener: SyncListeners<F>[E]): this;
  off<E extends keyof SyncListeners<F>>(event: E, listener: SyncListeners<F>[E]): this;
}

/**
 * Makes a plain function tell of its calls, without any change that its callers can see.
 *
 * `sync` has the function's own signature, properties and `this`, and the same result or error, synchronous or not.
 * Listeners have run before the caller goes on. What a listener throws reaches `onError`, never the caller nor
 * another listener. A call that never settles is never told of.
 *
 * @param options - `onError`: told of listeners that throw. Default: thrown later, as an uncaught exception.
 *
 * @example
 * ```ts
 * const { sync, emitter } = instrumentSync(syncChangeTasksForProject);
 * const bridge = new LegacySyncEventBridge(emitter, bus, { aggregateId: (_result, [changeId]) => changeId });
 * ```
 */
export function instrumentSync<F extends LegacySyncFunction>(
  fn: F,
  options: { readonly onError?: OnError } = {},
): { sync: F; emitter: SyncEmitter<F> } {
  checkFunction(fn, 'fn');
  checkObject(options);
  const { onError = throwLater } = options;
  const listeners = { sync: new Set<Listener>(), 'sync:error': new Set<Listener>() };
  const emitter: SyncEmitter<F> = {
    on(event, listener) {
      listeners[event].add(listener as Listener);
      return emitter;
    },
    off(event, listener) {
      listeners[event].delete(listener as Listener);
      return emitter;
    },
  };
  const emit = (event: keyof typeof listeners, value: unknown, args: unknown[]) => {
    for (const listener of [...listeners[event]]) {
      try {
        listener(value, args);
      } catch (error) {
        onError(error);
      }
    }
  };
  const sync = new Proxy(fn, {
    apply(target, self, args: unknown[]) {
      let result: unknown;
      try {
        result = Reflect.apply(target, self, args);
      } catch (error) {
        emit('sync:error', error, args);
        throw error;
      }
      if (!isThenable(result)) {
        emit('sync', result, args);
        return result;
      }
      return result.then(
        (value: unknown) => {
          emit('sync', value, args);
          return value;
        },
        (error: unknown) => {
          emit('sync:error', error, args);
          throw error;
        },
      );
    },
  });
  return { sync, emitter };
}

type Listener = (value: unknown, args: unknown[]) => void;

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
