import { textDelta } from './text-delta.ts';

/** Units of JSON text from which on an old version is kept as a delta, if that is smaller by far. */
export const minPackedLength = 4096;

/** Every so many versions one stays whole, so that reading an old one takes no more steps than that. */
const chainLength = 64;

/** Whether an old version may be kept as what makes it out of the next one. */
export const mayPack = (version: number) => version % chainLength !== 0;

/** The delta that takes the place of a version's text, out of that of the next version; nothing if it is not worth it. */
export function packedText(text: string, next: string): string | undefined {
  if (text.length < minPackedLength || next.length < minPackedLength) return undefined;
  const delta = textDelta(next, text);
  return delta.length * 2 <= text.length ? delta : undefined;
}
