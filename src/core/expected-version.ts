/**
 * What a stream or an aggregate must be at for a write to take effect.
 *
 * - a number: exactly this version; 0 means it does not exist yet
 * - `'any'`: whatever it is
 * - `'no_stream'`: it must not exist (the same as 0)
 * - `'stream_exists'`: it must exist, at any version
 */
export type ExpectedVersion = number | 'any' | 'no_stream' | 'stream_exists';

/** Whether a stream at `actual` (0: it does not exist) meets what was expected. */
export function meetsExpectedVersion(actual: number, expected: ExpectedVersion): boolean {
  if (expected === 'any') return true;
  if (expected === 'no_stream') return actual === 0;
  if (expected === 'stream_exists') return actual > 0;
  return actual === expected;
}
