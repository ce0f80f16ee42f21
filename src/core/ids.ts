import { randomFillSync } from 'node:crypto';

// `randomUUID` joins its text by `+`: the tree of its pieces costs twice as much once a map takes it for a key.
const random = Buffer.allocUnsafeSlow(16 * 128);
let used = random.length;
const text = Buffer.allocUnsafeSlow(36).fill('-');
const digits = Buffer.from('0123456789abcdef');
/** Where the two digits of each byte stand. */
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** A new random id (UUID version 4). */
export function createId(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  random[used + 6] = (random[used + 6]! & 0x0f) | 0x40;
  random[used + 8] = (random[used + 8]! & 0x3f) | 0x80;
  for (let index = 0; index < 16; index++) {
    const byte = random[used + index]!;
    const place = places[index]!;
    text[place] = digits[byte >> 4]!;
    text[place + 1] = digits[byte & 0x0f]!;
  }
  used += 16;
  return text.toString('latin1');
}
