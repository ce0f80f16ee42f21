import { InvalidArgumentError } from '../core/errors.ts';
import type { Replica } from './replica.ts';
import type { SyncJournal } from './sync-journal.ts';

/** @throws {@link InvalidArgumentError} unless the value has the methods that every replica has. */
export function checkReplica<S>(value: Replica<S> | undefined, what: string): asserts value is Replica<S> {
  if (!hasMethods(value, ['read', 'write', 'ids'])) throw new InvalidArgumentError(what, 'a Replica', value);
}

/** @throws {@link InvalidArgumentError} unless the value has the methods of a journal. */
export function checkJournal(value: SyncJournal, what: string): void {
  if (hasMethods(value, ['readVersion', 'writeVersion'])) return;
  throw new InvalidArgumentError(what, 'a SyncJournal, such as an MVCCController', value);
}

/** The name, if no id makes the entries of this pair those of another. */
export function checkPairName(value: string, what: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes(':')) return value;
  throw new InvalidArgumentError(what, 'text that is not empty, without a colon', value);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function');
}
