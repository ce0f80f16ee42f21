import type { BackoffOptions } from '../core/backoff.ts';
import { InvalidArgumentError } from '../core/errors.ts';

/** How an operation is tried again after failures of one kind. */
export interface RetryPolicy {
  /** An error class, a `code`, or what tells these failures. */
  readonly error: (abstract new (...args: never[]) => Error) | string | { matches(error: unknown): boolean };
  /** How many of these failures end it; 1: it is not tried again, and the error passes through. Default: the manager's. */
  readonly maxAttempts?: number;
  /** Default: the manager's. */
  readonly backoff?: BackoffOptions;
}

/** Whether the policy is one for this failure. */
export function appliesTo({ error: kind }: RetryPolicy, error: unknown): boolean {
  if (typeof kind === 'function') return error instanceof kind;
  if (typeof kind === 'string') return (error as { code?: unknown } | null | undefined)?.code === kind;
  return kind.matches(error);
}

/** The number, if it is one that attempts can have. */
export function checkAttempts(value: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError(what, 'a positive integer', value);
  return value;
}
