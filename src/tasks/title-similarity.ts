/**
 * How alike two titles are, from 0 to 1: the share of letter pairs that they have in common (Dice's coefficient), letter
 * case and white space apart.
 */
export function titleSimilarity(a: string, b: string): number {
  return pairSimilarity(letterPairs(a), letterPairs(b));
}

/** The same, of pairs that {@link letterPairs} gave: for whoever compares a title many times. */
export function pairSimilarity(left: readonly number[], right: readonly number[]): number {
  let shared = 0;
  for (let l = 0, r = 0; l < left.length && r < right.length; ) {
    const difference = left[l]! - right[r]!;
    if (difference === 0) shared++;
    if (difference <= 0) l++;
    if (difference >= 0) r++;
  }
  return (2 * shared) / Math.max(1, left.length + right.length);
}

/** The pairs of neighbouring letters, as numbers in rising order; the first letter is a pair with what is before it. */
export function letterPairs(title: string): number[] {
  const pairs: number[] = [];
  let before = 0;
  for (const letter of normalize(title)) {
    const code = letter.codePointAt(0)!;
    pairs.push(before * 0x200000 + code);
    before = code;
  }
  return pairs.sort((a, b) => a - b);
}

/** The title as it is compared: letter case and white space don't count. */
export function normalize(title: string): string {
  return title.toLowerCase().replace(/\s+/g, ' ').trim();
}
