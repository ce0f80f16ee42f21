import { checkMethods } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import type { Conflict } from './conflict.ts';

/** @throws {@link InvalidArgumentError} for anything else, such as a conflict that is JSON still. */
export function checkConflict(conflict: Conflict, argument: string): void {
  checkMethods(conflict, argument, 'a Conflict: Conflict.fromJSON() makes one of JSON', 'valueOn');
}

/** @throws {@link InvalidArgumentError} for what is no list, or has anything else in it. */
export function checkConflicts(conflicts: readonly Conflict[]): void {
  if (!Array.isArray(conflicts)) throw new InvalidArgumentError('conflicts', 'a list of conflicts', conflicts);
  for (const [at, conflict] of conflicts.entries()) checkConflict(conflict, `conflicts[${at}]`);
}
