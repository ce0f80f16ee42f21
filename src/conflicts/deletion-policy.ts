import { InvalidArgumentError } from '../core/errors.ts';

/** What stands where one side removed what the other still changed. */
export type DeletionPolicy = 'edit-wins' | 'deletion-wins';

/** @throws {@link InvalidArgumentError} if it is none. */
export function parseDeletionPolicy(value: unknown, what: string): DeletionPolicy {
  if (value === 'edit-wins' || value === 'deletion-wins') return value;
  throw new InvalidArgumentError(what, "'edit-wins' or 'deletion-wins'", value);
}
