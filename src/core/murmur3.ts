import { InvalidArgumentError } from './errors.ts';

const c1 = 0xcc9e2d51;
const c2 = 0x1b873593;

/**
 * MurmurHash3, x86 32-bit variant, of the text's UTF-8 bytes: an unsigned 32-bit integer.
 *
 * After Austin Appleby's public-domain MurmurHash3.cpp (`MurmurHash3_x86_32`).
 */
export function murmur3(text: string, seed = 0): number {
  if (typeof text !== 'string') throw new InvalidArgumentError('text', 'text', text);
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return hashBytes(Buffer.from(text), seed);
  return hashAscii(text, seed);
}

// The same loop twice: over a string it allocates nothing, which is what a router does for nearly every key.
function hashAscii(text: string, seed: number): number {
  const length = text.length;
  const whole = length & ~3;
  let hash = seed;
  for (let i = 0; i < whole; i += 4) {
    hash = mixBlock(
      hash,
      text.charCodeAt(i) |
        (text.charCodeAt(i + 1) << 8) |
        (text.charCodeAt(i + 2) << 16) |
        (text.charCodeAt(i + 3) << 24),
    );
  }
  let tail = 0;
  for (let i = length - 1; i >= whole; i--) tail = (tail << 8) | text.charCodeAt(i);
  return finish(hash, tail, length);
}

function hashBytes(bytes: Buffer, seed: number): number {
  const length = bytes.length;
  const whole = length & ~3;
  let hash = seed;
  for (let i = 0; i < whole; i += 4) hash = mixBlock(hash, bytes.readInt32LE(i));
  let tail = 0;
  for (let i = length - 1; i >= whole; i--) tail = (tail << 8) | bytes[i]!;
  return finish(hash, tail, length);
}

function scramble(block: number): number {
  const k = Math.imul(block, c1);
  return Math.imul((k << 15) | (k >>> 17), c2);
}

function mixBlock(hash: number, block: number): number {
  const h = hash ^ scramble(block);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, tail: number, length: number): number {
  let h = hash ^ scramble(tail) ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
