import { InvalidArgumentError } from '../core/errors.ts';
import { Conflict } from './conflict.ts';
import { type ConflictResolution, ManualResolutionRequired } from './conflict-resolution.ts';
import type { ConflictResolutionStrategy, ConflictResolver } from './conflict-resolver.ts';
import { ConflictType } from './conflict-type.ts';
import { LastWriterWinsStrategy } from './strategies/last-writer-wins-strategy.ts';
import { MergeStrategy } from './strategies/merge-strategy.ts';
import { PreserveStrategy } from './strategies/preserve-strategy.ts';

/** Options of an {@link AutoConflictResolver}. */
export interface AutoConflictResolverOptions {
  /**
   * The strategy of each type; a type that is not in the map is left to a person. Default: the last writer wins a field,
   * lists are merged, and an edit beats a removal.
   */
  readonly strategies?: ReadonlyMap<ConflictType, ConflictResolutionStrategy> | undefined;
}

/** Decides conflicts by type, and says of each who decided, why, and what was dropped. */
export class AutoConflictResolver implements ConflictResolver {
  readonly #strategies: ReadonlyMap<ConflictType, ConflictResolutionStrategy>;

  constructor(options: AutoConflictResolverOptions = {}) {
    const strategies = options.strategies ?? defaultStrategies();
    if (!(strategies instanceof Map)) throw new InvalidArgumentError('options.strategies', 'a Map', strategies);
    const types: readonly unknown[] = Object.values(ConflictType);
    for (const [type, strategy] of strategies) {
      if (!types.includes(type)) throw new InvalidArgumentError('options.strategies', types.join(', '), type);
      if (typeof strategy?.resolve !== 'function') {
        throw new InvalidArgumentError(`options.strategies.get('${type}')`, 'a strategy with resolve()', strategy);
      }
    }
    this.#strategies = new Map(strategies);
  }

  /**
   * One resolution for each conflict, in their order.
   *
   * An error that a strategy throws is passed on, and no conflict is decided.
   */
  async resolve(conflicts: readonly Conflict[]): Promise<ConflictResolution[]> {
    return Promise.all(
      conflicts.map(async (conflict, at) => {
        if (!(conflict instanceof Conflict)) throw new InvalidArgumentError(`conflicts[${at}]`, 'a Conflict', conflict);
        const strategy = this.#strategies.get(conflict.type);
        return strategy
          ? strategy.resolve(conflict)
          : new ManualResolutionRequired(conflict, `no strategy is set for ${conflict.type}`);
      }),
    );
  }
}

function defaultStrategies(): ReadonlyMap<ConflictType, ConflictResolutionStrategy> {
  return new Map<ConflictType, ConflictResolutionStrategy>([
    [ConflictType.FIELD_CONFLICT, new LastWriterWinsStrategy()],
    [ConflictType.STRUCTURAL_CONFLICT, new MergeStrategy()],
    [ConflictType.DELETION_CONFLICT, new PreserveStrategy()],
  ]);
}
