import { mergeSequence, type Range } from '../conflicts/merge-sequence.ts';
import { isBalanced } from '../conflicts/sequence-balance.ts';
import { toLines } from '../conflicts/text-merge.ts';

const listItem = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]/;

/** Both sides' edits of one line of text, if a word that both left as it was stands between them; else undefined. */
export function mergeWords(base: string, local: string, remote: string): string | undefined {
  // A last word is the same as one before another.
  const words = (text: string) => `${text} `.split(/(?<=\s)(?=\S)/);
  return mergeItems(words(base), words(local), words(remote), () => undefined)
    ?.join('')
    .slice(0, -1);
}

/**
 * Both sides' edits of some lines, if they don't meet; undefined if they do.
 *
 * As diff3, and neighbours don't meet: lines that each was rewritten by one side only, and list items that both sides
 * added in one place.
 */
export function mergeLines(base: string, local: string, remote: string): string | undefined {
  return mergeItems(toLines(base), toLines(local), toLines(remote), mergeNeighbours)?.join('');
}

type Items = readonly string[];
/** What to make of items that both sides changed; undefined if it is a dispute. */
type Settle = (base: Items, local: Items, remote: Items) => Items | undefined;

function mergeItems(base: Items, local: Items, remote: Items, settle: Settle): Items | undefined {
  const merged = joinItems(base, local, remote, settle);
  const text = merged?.join('');
  // Of items that are there twice, another pair may be found the next time (CF6).
  const stays = [local, remote].every((side) => joinItems(base, merged ?? [], side, settle)?.join('') === text);
  return stays ? merged : undefined;
}

function joinItems(base: Items, local: Items, remote: Items, settle: Settle): Items | undefined {
  const merged: string[] = [];
  const cut = (from: Items, { start, end }: Range) => from.slice(start, end);
  for (const range of mergeSequence({ base, local, remote })) {
    const [before, ours, theirs] = [cut(base, range.base), cut(local, range.local), cut(remote, range.remote)];
    const items = range.kind === 'conflict' ? settle(before, ours, theirs) : range.kind === 'remote' ? theirs : ours;
    if (!items) return undefined;
    for (const item of items) merged.push(item);
  }
  return isBalanced({ base, local, remote }, merged) ? merged : undefined;
}

function mergeNeighbours(base: Items, local: Items, remote: Items): Items | undefined {
  if (base.length === 0) {
    const [inLocal, inRemote] = [
      remote.every((line) => local.includes(line)),
      local.every((line) => remote.includes(line)),
    ];
    if (inLocal !== inRemote) return inLocal ? local : remote;
    const areItems = [...local, ...remote].every((line) => listItem.test(line));
    if (!areItems || local.some((line) => remote.includes(line))) return undefined;
    return local.join('') < remote.join('') ? [...local, ...remote] : [...remote, ...local];
  }
  if (local.length !== base.length || remote.length !== base.length) return undefined;
  const merged = base.map((line, at) => (line === local[at] ? remote[at]! : local[at]!));
  const areApart = merged.every((line, at) => line === remote[at] || base[at] === remote[at]);
  return areApart ? merged : undefined;
}
