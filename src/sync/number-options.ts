import { InvalidArgumentError } from '../core/errors.ts';

/** The value if it is a time span in ms, 0 or more. */
export function milliseconds(value: number, what: string): number {
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError(what, 'milliseconds, 0 or more', value);
  return value;
}

/** The value if it counts something: 1, 2, 3, ... */
export function atLeastOne(value: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError(what, 'a whole number, 1 or more', value);
  return value;
}
