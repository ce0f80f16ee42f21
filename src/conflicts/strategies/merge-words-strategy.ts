import { type Conflict, FieldConflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';
import { type DeletionPolicy, parseDeletionPolicy } from '../deletion-policy.ts';
import { mergeSequence, type Range } from '../merge-sequence.ts';
import { compareVersions } from '../version-order.ts';

/**
 * Texts word by word, also where both sides edited one stretch, if it is plain what they did there:
 * - one removed it, and the other edited it: as `deletions` says;
 * - both put another version: the higher (`git checkout 1.2.3 && npm ci`);
 * - both wrote the same, and one went on: all of it.
 *
 * Other stretches are left to a person.
 */
export class MergeWordsStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'merge-words';
  readonly mergesInside = true;
  readonly #deletions: DeletionPolicy;

  /** @throws {@link InvalidArgumentError} for a policy that is none. */
  constructor(options: { readonly deletions: DeletionPolicy }) {
    this.#deletions = parseDeletionPolicy(options?.deletions, 'options.deletions');
  }

  resolve(conflict: Conflict): ConflictResolution {
    const { baseValue = '', localValue, remoteValue } = conflict;
    const refuse = (reason: string) => new ManualResolutionRequired(conflict, reason);
    if (!(conflict instanceof FieldConflict)) return refuse('only texts can be merged by word');
    if (typeof baseValue !== 'string' || typeof localValue !== 'string' || typeof remoteValue !== 'string') {
      return refuse('only texts can be merged by word');
    }
    const [base, local, remote] = [baseValue, localValue, remoteValue].map(toWords) as [Words, Words, Words];
    const choices: string[] = [];
    let merged = '';
    for (const range of mergeSequence({ base, local, remote })) {
      const [old, one, other] = [cut(base, range.base), cut(local, range.local), cut(remote, range.remote)];
      if (range.kind !== 'conflict') {
        merged += (range.kind === 'remote' ? other : one).join('');
        continue;
      }
      const chosen = this.#choose(old, one, other, choices);
      if (chosen === undefined) return refuse('both sides edited the same words');
      merged += chosen;
    }
    // What touches nowhere and still does not fit together, as a word was moved: no choice settles that.
    if (choices.length === 0) return refuse('both sides moved or removed the same words');
    const reason = ['the edits of both stand', ...choices].join('; ');
    return ConflictResolution.decide(conflict, merged, { strategy: this.name, reason, confidence: 0.7 });
  }

  #choose(base: Words, local: Words, remote: Words, choices: string[]): string | undefined {
    const [old, one, other] = [base, local, remote].map((words) => words.join('')) as [string, string, string];
    const choose = (chosen: string, dropped: string, why: string) => {
      choices.push(`${JSON.stringify(chosen)} rather than ${JSON.stringify(dropped)}, as ${why}`);
      return chosen;
    };
    if (old.trim() !== '' && (one.trim() === '') !== (other.trim() === '')) {
      const [remover, removed, edited] = one.trim() === '' ? ['local', one, other] : ['remote', other, one];
      return this.#deletions === 'edit-wins'
        ? choose(edited, removed, `an edit beats the removal by ${remover}`)
        : choose(removed, edited, `the removal by ${remover} beats an edit`);
    }
    const order = [old, one, other].every((text) => version.test(text)) ? compareVersions(one, other) : undefined;
    if (order) return order > 0 ? choose(one, other, 'it is higher') : choose(other, one, 'it is higher');
    if (isStart(remote, local)) return choose(one, other, 'it is the same and goes on');
    if (isStart(local, remote)) return choose(other, one, 'it is the same and goes on');
    return undefined;
  }
}

type Words = readonly string[];

const version = /^\d+(?:\.\d+)+(?:-[\w.]+)?$/;
const cut = (words: Words, range: Range) => words.slice(range.start, range.end);

/** Words and spaces; a version is one word. */
const toWords = (text: string): Words =>
  text.match(/\d+(?:\.\d+)+(?:-[\p{L}\p{N}.]+)?|\s+|[\p{L}\p{M}\p{N}_]+|./gsu) ?? [];

const isStart = (start: Words, words: Words) => start.length > 0 && start.every((word, at) => word === words[at]);
