import { InvalidArgumentError } from '../core/errors.ts';

/** Streams, event types, event ids and the names of subscriptions and folds are at most this many UTF-16 code units. */
const maxNameLength = 255;

/**
 * The name, if every storage can hold it and find it again (ES11).
 *
 * @throws {@link InvalidArgumentError} for what is empty, too long, contains NUL or is not well-formed Unicode.
 */
export function checkName(name: string, what: string): string {
  if (typeof name !== 'string' || name.length === 0 || name.length > maxNameLength) {
    throw new InvalidArgumentError(what, `text of 1 to ${maxNameLength} characters`, name);
  }
  if (name.includes('\0') || !name.isWellFormed()) {
    throw new InvalidArgumentError(what, 'well-formed Unicode text without NUL', name);
  }
  return name;
}

/**
 * The number, if it is a whole one from `least` on that JavaScript holds exactly.
 *
 * @throws {@link InvalidArgumentError} for anything else.
 */
export function checkInteger(value: number, least: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new InvalidArgumentError(what, `a whole number from ${least} on`, value);
  }
  return value;
}
