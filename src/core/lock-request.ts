import { checkInteger } from './check-integer.ts';
import { compareText } from './compare-text.ts';
import { InvalidArgumentError } from './errors.ts';

/** Locks that somebody asks for, checked. */
export interface LockRequest {
  /** Each once, in the order of their UTF-8 bytes: the one order in which all lock. */
  readonly aggregateIds: readonly string[];
  readonly owner: string;
  readonly mode: 'exclusive' | 'shared';
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws {@link InvalidArgumentError} naming what is wrong. */
export function lockRequest(
  aggregateIds: readonly string[],
  options: { owner: string } & { [K in 'mode' | 'timeoutMs' | 'signal']?: LockRequest[K] | undefined },
): LockRequest {
  const { owner, mode = 'exclusive', timeoutMs = 10_000, signal } = options;
  if (!Array.isArray(aggregateIds)) throw new InvalidArgumentError('aggregateIds', 'an array', aggregateIds);
  for (const [index, id] of aggregateIds.entries()) checkText(id, `aggregateIds[${index}]`);
  checkText(owner, 'options.owner');
  if (mode !== 'exclusive' && mode !== 'shared') {
    throw new InvalidArgumentError('options.mode', '"exclusive" or "shared"', mode);
  }
  checkInteger(timeoutMs, 1, 'options.timeoutMs');
  return { aggregateIds: [...new Set(aggregateIds)].sort(compareText), owner, mode, timeoutMs, signal };
}

function checkText(value: unknown, what: string): void {
  if (typeof value === 'string' && value.length > 0 && value.isWellFormed() && !value.includes('\0')) return;
  throw new InvalidArgumentError(what, 'well-formed text without NUL, not empty', value);
}
