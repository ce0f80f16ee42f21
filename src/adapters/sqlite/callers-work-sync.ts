import { CallersError } from '../../core/callers-error.ts';
import { InvalidArgumentError } from '../../core/errors.ts';
import { isUnwantedPromise } from '../../core/unwanted-promise.ts';

/** Does the caller's work in a transaction. What it throws is told from the database's own errors. */
export function callersWorkSync(work: () => unknown): void {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    throw new CallersError(error);
  }
  if (!isUnwantedPromise(result)) return;
  throw new InvalidArgumentError('within', 'synchronous work, as SQLite’s transactions are', result);
}
