import { AssertionError } from 'node:assert/strict';
import { messageOf } from '../core/errors.ts';

/** A class of errors, words that a message has or a pattern that it fits, or whether an error is the right one. */
export type ThrownExpectation =
  | (abstract new (
      ...values: never[]
    ) => Error)
  | ((error: unknown) => boolean)
  | string
  | RegExp;

/** @throws `AssertionError` if it is not what was expected; its `actual` is the error. */
export function checkThrown(error: unknown, expected: ThrownExpectation): void {
  if (meets(error, expected)) return;
  const message = `expected a refusal ${describe(expected)}, but it was ${error instanceof Error ? error.name : typeof error}: ${messageOf(error)}`;
  throw new AssertionError({ message, actual: error, expected, operator: 'thenThrows' });
}

function meets(error: unknown, expected: ThrownExpectation): boolean {
  if (typeof expected === 'string') return messageOf(error).includes(expected);
  if (expected instanceof RegExp) return expected.test(messageOf(error));
  return isErrorClass(expected) ? error instanceof expected : expected(error) === true;
}

function describe(expected: ThrownExpectation): string {
  if (typeof expected === 'string') return `that says ${JSON.stringify(expected)}`;
  if (expected instanceof RegExp) return `that says ${expected}`;
  return isErrorClass(expected) ? `of the class ${expected.name}` : `that meets ${expected}`;
}

function isErrorClass(
  expected: Exclude<ThrownExpectation, string | RegExp>,
): expected is abstract new (
  ...values: never[]
) => Error {
  return (expected as unknown) === Error || (expected.prototype as unknown) instanceof Error;
}
