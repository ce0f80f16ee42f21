import { isUnwantedPromise } from '../core/unwanted-promise.ts';
import { SynchronousAppendError } from './transaction-errors.ts';

/** The value of a step that must not wait. @throws {@link SynchronousAppendError} if it gave a promise instead. */
export function atOnce<T>(value: T | Promise<T>, step: SynchronousAppendError['awaited']): T {
  if (isUnwantedPromise(value)) throw new SynchronousAppendError(step);
  return value as T;
}
