import { InvalidArgumentError } from './errors.ts';

/** A time to live in seconds as ms; `Infinity` for none. */
export function ttlToMs(ttl: number | undefined): number {
  if (ttl === undefined) return Infinity;
  if (!(ttl > 0)) throw new InvalidArgumentError('ttl', 'more than 0 seconds', ttl);
  return ttl * 1000;
}
