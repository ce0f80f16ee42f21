import { matchSequences } from './common-subsequence.ts';
import { isSecondHalf, type ShownPart, shortenParts } from './shorten-parts.ts';
import { toLines, toWords } from './text-merge.ts';

/** Longer texts are compared by line: a reader of so much looks for no word. */
const mostWords = 200_000;

/**
 * Base, local and remote in parts: of the sides marked what is not in the base, of the base what a side has not. Where there
 * is no base, or only a short one, the sides are compared with each other.
 *
 * None is much longer than `maxLength`: left out is what all have in common, as far as that goes.
 */
export function markChanges(
  texts: readonly (string | undefined)[],
  maxLength: number,
): readonly (readonly ShownPart[])[] {
  const isLong = texts.some((text) => text !== undefined && text.length > maxLength);
  const compared = texts.map((text) => (isLong && (text?.length ?? 0) <= maxLength / 2 ? undefined : text));
  const [start, end] = isLong ? commonEnds(compared.filter((text) => text !== undefined)) : [0, 0];
  const tokens = compared.map((text) => text && split(text.slice(start, text.length - end)));
  const [base, local, remote] = tokens;
  return texts.map((text, at) => {
    if (text === undefined) return [];
    const own = tokens[at];
    if (!own) return shortenParts([{ kind: 'same', text }], maxLength);
    const isKept = keptIn(own, at === 0 ? [local, remote] : [base ?? (at === 1 ? remote : local)]);
    const parts = [
      { kind: 'same' as const, text: text.slice(0, start) },
      ...own.map((token, index): ShownPart => ({ kind: isKept[index] ? 'same' : 'changed', text: token })),
      { kind: 'same' as const, text: text.slice(text.length - end) },
    ];
    return shortenParts(joined(parts), maxLength);
  });
}

const split = (text: string) => (text.length > mostWords ? toLines(text) : toWords(text));

/** Of each token whether all the others have it. */
function keptIn(own: readonly string[], others: readonly (readonly string[] | '' | undefined)[]): boolean[] {
  const partners = others.map((other) => other && matchSequences(own, other));
  return own.map((_, at) => partners.every((found) => !found || found[at]! >= 0));
}

/** Neighbours of one kind as one part, and the space between two changed words as changed. */
function joined(parts: readonly ShownPart[]): ShownPart[] {
  const result: ShownPart[] = [];
  for (const [at, { kind, text }] of parts.entries()) {
    const isBetween = /^ +$/.test(text) && result.at(-1)?.kind === 'changed' && parts[at + 1]?.kind === 'changed';
    const actual = isBetween ? 'changed' : kind;
    const last = result.at(-1);
    if (last?.kind === actual) result[result.length - 1] = { kind: actual, text: last.text + text };
    else if (text !== '') result.push({ kind: actual, text });
  }
  return result;
}

/** How much all texts begin and end with, in whole characters. */
function commonEnds([first = '', ...others]: readonly string[]): readonly [start: number, end: number] {
  if (others.length === 0) return [0, 0];
  const most = Math.min(first.length, ...others.map(({ length }) => length));
  let start = 0;
  while (start < most && others.every((text) => text[start] === first[start])) start++;
  if (isSecondHalf(first, start) || others.some((text) => isSecondHalf(text, start))) start--;
  let end = 0;
  while (end < most - start && others.every((text) => text.at(-1 - end) === first.at(-1 - end))) end++;
  if (end > 0 && isSecondHalf(first, first.length - end)) end--;
  return [start, end];
}
