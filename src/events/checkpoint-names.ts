import { InvalidArgumentError } from '../core/errors.ts';
import { checkName } from './event-names.ts';

/** Checkpoints of the library's own begin so: none of a caller's can be taken for one of them. */
const own = '$';

/** @throws {@link InvalidArgumentError} for a name that no subscription, projection or consumer may have. */
export function checkSubscriptionName(name: string, what: string): string {
  checkName(name, what);
  if (name.startsWith(own)) throw new InvalidArgumentError(what, `a name that does not begin with "${own}"`, name);
  return name;
}

/**
 * The name of one of the library's own checkpoints. A part that holds a slash itself is told apart from two parts: what
 * is listed under `$parked/a/` is never of the subscription `a/b`.
 */
export function ownCheckpoint(...parts: readonly [kind: string, ...rest: (string | number)[]]): string {
  return own + parts.map(part).join('/');
}

function part(value: string | number): string {
  return typeof value === 'number' ? String(value).padStart(16, '0') : value.replace(/[%/]/g, encodeURIComponent);
}
