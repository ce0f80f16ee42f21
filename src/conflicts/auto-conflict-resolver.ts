import { checkObject } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { checkConflicts } from './check-conflicts.ts';
import type { Conflict } from './conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from './conflict-resolution.ts';
import type { ConflictResolutionStrategy, ConflictResolver } from './conflict-resolver.ts';
import { ConflictType } from './conflict-type.ts';
import type { ManualQueue } from './manual-queue.ts';
import type { RememberedDecisions } from './remembered-decisions.ts';
import type { ResolutionLog } from './resolution-log.ts';
import { type CompiledResolutionRule, compileRule, type ResolutionRule } from './resolution-rule.ts';
import { LastWriterWinsStrategy } from './strategies/last-writer-wins-strategy.ts';
import { MergeStrategy } from './strategies/merge-strategy.ts';
import { PreserveStrategy } from './strategies/preserve-strategy.ts';

/** Options of an {@link AutoConflictResolver}. */
export interface AutoConflictResolverOptions {
  /** Asked in order, before `strategies`: the first that applies and can decide does. */
  readonly rules?: readonly ResolutionRule[] | undefined;
  /**
   * The strategy of each type; a type that is not in the map is left to a person. Default: the last writer wins a field,
   * lists are merged, and an edit beats a removal; with `rules`, nothing.
   */
  readonly strategies?: ReadonlyMap<ConflictType, ConflictResolutionStrategy> | undefined;
  /** Asked before everything else: what was decided once is decided so again. */
  readonly decisions?: RememberedDecisions | undefined;
  /** Is told every decision, so that it can be undone. */
  readonly log?: ResolutionLog | undefined;
  /** Gets what is left to a person. */
  readonly queue?: ManualQueue | undefined;
}

/** Decides conflicts by rules and by type, and says of each who decided, why, and what was dropped. */
export class AutoConflictResolver implements ConflictResolver {
  readonly #rules: readonly CompiledResolutionRule[];
  readonly #options: AutoConflictResolverOptions;

  /** @throws {@link InvalidArgumentError} for a rule or a strategy that is none. */
  constructor(options: AutoConflictResolverOptions = {}) {
    checkObject(options);
    const { rules = [], strategies = options.rules ? new Map() : defaultStrategies() } = options;
    if (!Array.isArray(rules)) throw new InvalidArgumentError('options.rules', 'a list of rules', rules);
    if (!(strategies instanceof Map)) throw new InvalidArgumentError('options.strategies', 'a Map', strategies);
    const byType = [...(strategies as ReadonlyMap<ConflictType, ConflictResolutionStrategy>)];
    this.#rules = [
      ...(rules as readonly ResolutionRule[]).map((rule, at) => compileRule(rule, `options.rules[${at}]`)),
      ...byType.map(([type, strategy]) => compileRule({ type, strategy }, `options.strategies.get('${type}')`)),
    ];
    this.#options = options;
  }

  /**
   * One resolution for each conflict, in their order.
   *
   * An error that a strategy throws is passed on, and no conflict is decided, logged or queued. So is one of the queue or the
   * log: nothing is decided then, though conflicts may wait already; resolve them again.
   *
   * @throws {@link InvalidArgumentError} for what is no conflict, and for an answer of a strategy that is no decision about it.
   */
  async resolve(conflicts: readonly Conflict[]): Promise<ConflictResolution[]> {
    checkConflicts(conflicts);
    const resolutions = await Promise.all(conflicts.map((conflict) => this.#decide(conflict)));
    // The queue first: to add a conflict again changes nothing, to log a decision that was not taken would be wrong.
    const open = resolutions.filter((resolution) => resolution instanceof ManualResolutionRequired);
    await this.#options.queue?.add(open.map(({ conflict }) => conflict));
    await this.#options.log?.record(resolutions);
    return resolutions;
  }

  async #decide(conflict: Conflict): Promise<ConflictResolution> {
    const known = await this.#options.decisions?.recall(conflict);
    if (known) return known;
    const refusals: string[] = [];
    for (const { strategy } of this.#rules.filter((rule) => rule.appliesTo(conflict))) {
      if (conflict.isAtomic && strategy.mergesInside) {
        refusals.push(`"${strategy.name}" does not merge what the schema calls atomic`);
        continue;
      }
      const resolution: unknown = await strategy.resolve(conflict);
      if (!(resolution instanceof ConflictResolution) || resolution.conflict.id !== conflict.id) {
        const expected = 'a ConflictResolution of the conflict that it was asked about';
        throw new InvalidArgumentError(`the answer of strategy "${strategy.name}"`, expected, resolution);
      }
      if (!(resolution instanceof ManualResolutionRequired)) return resolution;
      refusals.push(resolution.reason);
      if (strategy.isFinal) break;
    }
    const reason = refusals.length > 0 ? refusals.join('; ') : `no strategy is set for ${conflict.type}`;
    return new ManualResolutionRequired(conflict, reason);
  }
}

function defaultStrategies(): ReadonlyMap<ConflictType, ConflictResolutionStrategy> {
  return new Map<ConflictType, ConflictResolutionStrategy>([
    [ConflictType.FIELD_CONFLICT, new LastWriterWinsStrategy()],
    [ConflictType.STRUCTURAL_CONFLICT, new MergeStrategy()],
    [ConflictType.DELETION_CONFLICT, new PreserveStrategy()],
  ]);
}
