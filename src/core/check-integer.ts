import { type ArgumentName, spelled } from './argument-name.ts';
import { InvalidArgumentError } from './errors.ts';

/**
 * The number, if it is a whole one from `least` on that JavaScript holds exactly.
 *
 * @throws {@link InvalidArgumentError} for anything else.
 */
export function checkInteger(value: number, least: number, what: ArgumentName): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new InvalidArgumentError(spelled(what), `a whole number from ${least} on`, value);
  }
  return value;
}
