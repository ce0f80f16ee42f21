import type { ResolutionRule } from './resolution-rule.ts';
import { DeletionWinsStrategy } from './strategies/deletion-wins-strategy.ts';
import { HigherVersionStrategy } from './strategies/higher-version-strategy.ts';
import { MergeStrategy } from './strategies/merge-strategy.ts';
import { PreserveStrategy } from './strategies/preserve-strategy.ts';
import { UnionStrategy } from './strategies/union-strategy.ts';

/**
 * Rules for documents such as `package.json`: the higher of two versions, all that either side has in a list, texts whose
 * edits do not touch, and an edit against a removal as chosen. They give the same on every replica.
 */
export function readyRules(options: { readonly deletions: 'edit-wins' | 'deletion-wins' }): readonly ResolutionRule[] {
  return [
    { strategy: options.deletions === 'edit-wins' ? new PreserveStrategy() : new DeletionWinsStrategy() },
    { value: 'version', strategy: new HigherVersionStrategy() },
    { value: 'list', strategy: new UnionStrategy() },
    { value: 'text', strategy: new MergeStrategy() },
  ];
}
