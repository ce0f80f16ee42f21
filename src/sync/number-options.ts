import { maxTimerMs } from '../core/clock.ts';
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

/** The value if it is a time that a timer can wait, in ms. */
export function delay(value: number, what: string): number {
  if (Number.isFinite(value) && value >= 0 && value <= maxTimerMs) return value;
  throw new InvalidArgumentError(what, `milliseconds, from 0 to ${maxTimerMs}`, value);
}

/** The value if something can be done that often: a time that a timer can wait, in ms, and not at once again. */
export function interval(value: number, what: string): number {
  if (Number.isFinite(value) && value >= 1 && value <= maxTimerMs) return value;
  throw new InvalidArgumentError(what, `milliseconds, from 1 to ${maxTimerMs}`, value);
}
