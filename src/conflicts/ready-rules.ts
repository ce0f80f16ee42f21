import { InvalidArgumentError } from '../core/errors.ts';
import { type DeletionPolicy, parseDeletionPolicy } from './deletion-policy.ts';
import type { ResolutionRule } from './resolution-rule.ts';
import { DeletionWinsStrategy } from './strategies/deletion-wins-strategy.ts';
import { HigherVersionStrategy } from './strategies/higher-version-strategy.ts';
import { MergeAddedStrategy } from './strategies/merge-added-strategy.ts';
import { MergeRangesStrategy } from './strategies/merge-ranges-strategy.ts';
import { MergeStrategy } from './strategies/merge-strategy.ts';
import { MergeWordsStrategy } from './strategies/merge-words-strategy.ts';
import { PreserveStrategy } from './strategies/preserve-strategy.ts';

/** The name of one of the {@link readyRules}. */
export type ReadyRule = 'removals' | 'ranges' | 'versions' | 'lists' | 'texts' | 'words' | 'added';

/** In the order in which they are asked. */
const names: readonly ReadyRule[] = ['removals', 'ranges', 'versions', 'lists', 'texts', 'words', 'added'];

/** Options of {@link readyRules}. */
export interface ReadyRulesOptions {
  /** Whether what one side removed and the other changed stays; so too of words, and of alternatives of a range. */
  readonly deletions: DeletionPolicy;
  /** Rules to leave out; default none. */
  readonly without?: readonly ReadyRule[] | undefined;
}

/**
 * Rules for documents such as `package.json`, in this order:
 * - `removals`: an edit against a removal, as chosen;
 * - `ranges`: what each side changed in a range of versions; `versions`: else the higher of two versions;
 * - `lists`: what either side wrote in a list stands, what either removed is gone;
 * - `texts`: texts whose edits do not touch; `words`: those where one removed what the other edited, put a higher version, or
 *   went on from the same words;
 * - `added`: objects that both sides added, field by field by these rules.
 *
 * They give the same on every replica (CF3), and leave everything else to the next rule, or a person.
 *
 * @throws {@link InvalidArgumentError} for a policy or a name that is none.
 */
export function readyRules(options: ReadyRulesOptions): readonly ResolutionRule[] {
  const deletions = parseDeletionPolicy(options?.deletions, 'options.deletions');
  const { without = [] } = options;
  const unknown = without.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError('options.without', names.join(', '), unknown);
  const rules: Record<Exclude<ReadyRule, 'added'>, ResolutionRule> = {
    removals: { strategy: deletions === 'edit-wins' ? new PreserveStrategy() : new DeletionWinsStrategy() },
    ranges: { value: 'version', strategy: new MergeRangesStrategy({ deletions }) },
    versions: { value: 'version', strategy: new HigherVersionStrategy() },
    lists: { value: 'list', strategy: new MergeStrategy() },
    texts: { value: 'text', strategy: new MergeStrategy() },
    words: { value: 'text', strategy: new MergeWordsStrategy({ deletions }) },
  };
  const chosen = names.flatMap((name) => (name === 'added' || without.includes(name) ? [] : [rules[name]]));
  return without.includes('added')
    ? chosen
    : [...chosen, { value: 'object', strategy: new MergeAddedStrategy(chosen) }];
}
