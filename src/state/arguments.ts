import { InvalidArgumentError } from '../core/errors.ts';

const maxIdLength = 255;

/**
 * The id of an aggregate, if every storage can hold it and find it again.
 *
 * @throws {@link InvalidArgumentError} for what is empty, too long, contains NUL or is not well-formed Unicode.
 */
export function checkAggregateId(id: string): string {
  if (typeof id !== 'string' || id.length === 0 || id.length > maxIdLength) {
    throw new InvalidArgumentError('aggregateId', `text of 1 to ${maxIdLength} characters`, id);
  }
  if (id.includes('\0') || !id.isWellFormed()) {
    throw new InvalidArgumentError('aggregateId', 'well-formed Unicode text without NUL', id);
  }
  return id;
}

/** The number, if it is a whole one from `least` on. @throws {@link InvalidArgumentError} for anything else. */
export function checkWhole(value: number, least: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new InvalidArgumentError(what, `a whole number from ${least} on`, value);
  }
  return value;
}
