import { createHash } from 'node:crypto';
import stringify from 'fast-json-stable-stringify';
import { InvalidArgumentError } from './errors.ts';

/** JSON text with the keys of every object in order, so that equal values give equal text in every process. */
export function stableStringify(value: unknown): string {
  return stringify(value);
}

/** SHA-256, in hex, of the value's stable JSON text. */
export function checksum(value: unknown): string {
  const text: string | undefined = stableStringify(value);
  if (text === undefined) throw new InvalidArgumentError('value', 'a JSON value', value);
  return createHash('sha256').update(text).digest('hex');
}
