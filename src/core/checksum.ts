import { createHash } from 'node:crypto';
import stringify from 'fast-json-stable-stringify';

/** JSON text with the keys of every object in order, so that equal values give equal text in every process. */
export function stableStringify(value: unknown): string {
  return stringify(value);
}

/** SHA-256, in hex, of the value's stable JSON text. */
export function checksum(value: unknown): string {
  return createHash('sha256').update(stableStringify(value)).digest('hex');
}
