import { checkMethods } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject, type JsonValue } from '../core/json-value.ts';
import type { Conflict } from './conflict.ts';
import type { ConflictResolutionStrategy } from './conflict-resolver.ts';
import { ConflictType } from './conflict-type.ts';
import { matchesPattern, type PathPattern, parsePattern } from './path-pattern.ts';
import { isMovingVersion, parseVersion } from './version-order.ts';

/** What sort of value both sides wrote: a version is a text too. */
export type ConflictValueType = 'text' | 'version' | 'number' | 'boolean' | 'list' | 'object';

/** Which strategy decides which conflicts: those that meet all that the rule says. */
export interface ResolutionRule {
  readonly type?: ConflictType | undefined;
  /** Where; of several patterns any. */
  readonly path?: PathPattern | readonly PathPattern[] | undefined;
  /** What each side has there, unless it has nothing. */
  readonly value?: ConflictValueType | undefined;
  readonly strategy: ConflictResolutionStrategy;
}

/** A rule, ready to be asked. */
export interface CompiledResolutionRule {
  readonly strategy: ConflictResolutionStrategy;
  appliesTo(conflict: Conflict): boolean;
}

const tests: Readonly<Record<ConflictValueType, (value: JsonValue) => boolean>> = {
  text: (value) => typeof value === 'string',
  version: (value) => parseVersion(value) !== undefined || isMovingVersion(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  list: Array.isArray,
  object: isPlainObject,
};

/** @throws {@link InvalidArgumentError} if it is no rule. */
export function compileRule(rule: ResolutionRule, what: string): CompiledResolutionRule {
  const { type, path, value, strategy } = rule;
  checkMethods(strategy, `${what}.strategy`, 'a strategy with resolve()', 'resolve');
  const types: readonly unknown[] = Object.values(ConflictType);
  if (type !== undefined && !types.includes(type)) {
    throw new InvalidArgumentError(`${what}.type`, types.join(', '), type);
  }
  if (value !== undefined && !Object.hasOwn(tests, value)) {
    throw new InvalidArgumentError(`${what}.value`, Object.keys(tests).join(', '), value);
  }
  const patterns = path === undefined ? undefined : [path].flat().map((one) => parsePattern(one, `${what}.path`));
  return {
    strategy,
    appliesTo(conflict) {
      if (type !== undefined && conflict.type !== type) return false;
      if (patterns && !patterns.some((pattern) => matchesPattern(pattern, conflict.location))) return false;
      const values = [conflict.localValue, conflict.remoteValue].filter((one) => one !== undefined);
      return value === undefined || values.every(tests[value]);
    },
  };
}
