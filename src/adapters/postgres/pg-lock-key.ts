import { createHash } from 'node:crypto';

/** The key of the advisory lock of a name: 64 bits of SHA-256, so that no two names share one in practice. */
export function lockKey(namespace: string, name: string): string {
  return createHash('sha256').update(`${namespace}\0${name}`).digest().readBigInt64BE().toString();
}

/** The key of an advisory lock as the server's messages have it: its two halves, unsigned. */
export function lockKeyOf(high: string, low: string): string {
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)).toString();
}
