const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;

/**
 * Compares texts as their UTF-8 bytes do, and so as SQLite (BINARY) and PostgreSQL (collation "C") do. The units of
 * JavaScript's own order differ: a surrogate, half of a character beyond U+FFFF, is lower than some characters before it.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

/** Comes after every text of up to 255 units that begins so, and after nothing else that such a text could be. */
export const endOfPrefix = (prefix: string) => prefix + '\u{10ffff}'.repeat(128);

/** The lowest text of a page: those that begin with the prefix and come after `after`. None of them contains NUL. */
export const startOfPage = (prefix: string, after = '') =>
  compareText(after, prefix) < 0 || after === '' ? prefix : `${after}\u0001`;
