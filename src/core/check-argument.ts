import { InvalidArgumentError } from './errors.ts';

/** @throws {@link InvalidArgumentError} unless the value is an object, such as one of options; a list is none. */
export function checkObject(value: unknown, what = 'options'): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new InvalidArgumentError(what, 'an object', value);
}

/** The function, if it is one. @throws {@link InvalidArgumentError} for anything else. */
export function checkFunction<F extends (...values: never[]) => unknown>(value: F, what: string): F {
  if (typeof value !== 'function') throw new InvalidArgumentError(what, 'a function', value);
  return value;
}

/**
 * @param expected - What has such methods, for the message.
 * @throws {@link InvalidArgumentError} unless the value has each of these methods.
 */
export function checkMethods(value: unknown, what: string, expected: string, ...methods: readonly string[]): void {
  const found = value as Record<string, unknown> | null | undefined;
  if (methods.every((method) => typeof found?.[method] === 'function')) return;
  throw new InvalidArgumentError(what, expected, value);
}
