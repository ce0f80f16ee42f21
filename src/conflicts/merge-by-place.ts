import { stableStringify } from '../core/checksum.ts';
import type { JsonValue } from '../core/json-value.ts';
import { either, settleEqual } from './equal-versions.ts';
import { mergeHunks } from './merge-hunks.ts';
import { mergeSequence } from './merge-sequence.ts';
import { isBalanced } from './sequence-balance.ts';

type List = readonly JsonValue[];

/**
 * A three-way merge of lists whose items can only be told apart by their content and place (diff3); undefined if it would
 * lose something, because both sides changed the same stretch or one moved what the other removed or moved.
 *
 * What both sides put into one place stands side by side, the longer run first.
 */
export function mergeByPlace(base: List, local: List, remote: List): List | undefined {
  const numbering = new Numbering();
  const keys = { base: numbering.of(base), local: numbering.of(local), remote: numbering.of(remote) };
  const parts: List[] = [];
  for (const range of mergeSequence(keys)) {
    const ofLocal = local.slice(range.local.start, range.local.end);
    const ofRemote = remote.slice(range.remote.start, range.remote.end);
    if (range.kind === 'remote') parts.push(ofRemote);
    else if (range.kind === 'local') parts.push(ofLocal);
    else if (range.kind === 'both') parts.push(ofLocal.map((item, at) => either(item, ofRemote[at]!)));
    else if (range.kind === 'unchanged') {
      const ofBase = base.slice(range.base.start, range.base.end);
      parts.push(ofLocal.map((item, at) => settleEqual(ofBase[at], item, ofRemote[at], false) as JsonValue));
    } else if (range.base.start < range.base.end) {
      const stretch = mergeHunks(base.slice(range.base.start, range.base.end), ofLocal, ofRemote);
      if (!stretch) return undefined;
      parts.push(stretch);
    } else if (areOverlapping(numbering.of(ofLocal), numbering.of(ofRemote))) return undefined;
    else parts.push(...[ofLocal, ofRemote].sort(compareRuns));
  }
  const merged = parts.flat();
  return isBalanced(keys, numbering.of(merged)) ? merged : undefined;
}

/** Gives each content a number: numbers compare faster than texts. */
class Numbering {
  readonly #numbers = new Map<JsonValue, number>();
  readonly #texts = new Map<string, number>();

  of(items: List): number[] {
    return items.map((item) => this.#numbers.get(item) ?? this.#first(item));
  }

  #first(item: JsonValue): number {
    const text = typeof item === 'object' && item !== null ? stableStringify(item) : undefined;
    const number = (text === undefined ? undefined : this.#texts.get(text)) ?? this.#numbers.size;
    this.#numbers.set(item, number);
    if (text !== undefined) this.#texts.set(text, number);
    return number;
  }
}

const areOverlapping = (a: readonly number[], b: readonly number[]) => {
  const all = new Set(a);
  return b.some((item) => all.has(item));
};

/** Which of two runs in one place comes first: the longer, else the one with the lesser content. */
export const compareRuns = (a: List, b: List) =>
  b.length - a.length || (stableStringify(a) < stableStringify(b) ? -1 : 1);
