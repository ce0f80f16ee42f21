import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject, type JsonValue } from '../core/json-value.ts';
import { type Identity, type ItemKey, isIdentity, keyByFields } from './list-identity.ts';
import { advance, isAtEnd, type PathPattern, parsePattern } from './path-pattern.ts';

/** A list whose items are told apart by a field, by the first of several that an item has, or by a function. */
export interface ListRule {
  readonly as: 'list';
  /**
   * Default: found by itself, as without a schema. A function must give the same for an item whatever else changes; what is
   * neither text nor a finite number is no identity, and where an item has none the list merges by place.
   */
  readonly key?: string | readonly string[] | ((item: JsonValue) => Identity) | undefined;
  /** Fields whose values no two items may share: two sides that give one value to two items are in conflict. */
  readonly unique?: readonly string[] | undefined;
  /** The field that names the parent of an item, by the identity of another: moves that make a ring are a conflict. */
  readonly parent?: string | undefined;
}

/** A text, merged by line (default) or by word. */
export interface TextRule {
  readonly as: 'text';
  readonly by?: 'line' | 'word' | undefined;
}

/**
 * What a value is, and so how it merges.
 * - `list`, `text`: see there.
 * - `set`: a list in which only membership counts.
 * - `sequence`: a list whose items are told apart by content and place alone (diff3), whatever they are called.
 * - `sections`: an object whose order of fields counts: two different orders are a conflict.
 * - `counter`: a number to which both sides' changes are added up; two equal increments are two (CF1 aside).
 * - `max`, `min`: of two changes of a number, or of a version (by the order of SemVer), the greater or lesser stands.
 * - `atomic`: never merged inside. `ignored`: of two changes the one with the greater content stands, without a word.
 */
export type MergeRule =
  | ListRule
  | TextRule
  | { readonly as: 'set' | 'sequence' | 'sections' | 'counter' | 'max' | 'min' | 'atomic' | 'ignored' };

const kinds = ['list', 'text', 'set', 'sequence', 'sections', 'counter', 'max', 'min', 'atomic', 'ignored'];

/**
 * Says what values are, by path: a rule, or its name, by pattern. Of several patterns that mean a value the first counts.
 *
 * @example
 * ```ts
 * const schema = new MergeSchema({
 *   '/tasks': { as: 'list', key: 'id', unique: ['slug'] },
 *   '/tags': 'set',
 *   '/visits': 'counter',
 * });
 * ```
 */
export class MergeSchema {
  readonly #rules: readonly CompiledRule[];

  /** @throws {@link InvalidArgumentError} for a pattern that is no JSON Pointer, or a rule that is none. */
  constructor(rules: Readonly<Record<PathPattern, MergeRule | MergeRule['as']>>) {
    if (!isPlainObject(rules)) throw new InvalidArgumentError('rules', 'an object of rules by path pattern', rules);
    this.#rules = Object.entries(rules).map(([pattern, given]) => ({
      parts: parsePattern(pattern, 'rules'),
      rule: parseRule(given, `rules['${pattern}']`),
    }));
  }

  /** What it says of the whole value, and from there of its parts; undefined if it says nothing. */
  get root(): SchemaCursor | undefined {
    return cursorOf(this.#rules.map(({ parts, rule }) => ({ parts, rule, places: [0] })));
  }
}

interface CompiledRule {
  readonly parts: readonly string[];
  readonly rule: MergeRule;
}

/** Where a walk is in a schema. */
export interface SchemaCursor {
  /** What the schema says of this value. */
  readonly rule: MergeRule | undefined;
  /** Whether here or further in a counter may be: equal changes are not to be taken for one. */
  readonly counts: boolean;
  /** What it says of a part; undefined if it says nothing of it and what is in it. */
  child(name: string): SchemaCursor | undefined;
}

function cursorOf(
  active: readonly (CompiledRule & { readonly places: readonly number[] })[],
): SchemaCursor | undefined {
  if (active.length === 0) return undefined;
  return {
    rule: active.find(({ parts, places }) => isAtEnd(parts, places))?.rule,
    counts: active.some(({ rule }) => rule.as === 'counter'),
    child: (name) =>
      cursorOf(
        active
          .map((one) => ({ ...one, places: advance(one.parts, one.places, name) }))
          .filter(({ places }) => places.length > 0),
      ),
  };
}

function parseRule(given: unknown, what: string): MergeRule {
  const rule: unknown = typeof given === 'string' ? { as: given } : given;
  if (!isPlainObject(rule) || !kinds.includes(rule.as as string)) {
    throw new InvalidArgumentError(`${what}.as`, kinds.join(', '), isPlainObject(rule) ? rule.as : given);
  }
  const isFields = (value: unknown) => Array.isArray(value) && value.every((field) => typeof field === 'string');
  const optional = (field: string, expected: string, isValid: (value: unknown) => boolean) => {
    if (rule[field] !== undefined && !isValid(rule[field]))
      throw new InvalidArgumentError(`${what}.${field}`, expected, rule[field]);
  };
  optional('key', 'a field, a list of fields or a function', (key) => {
    return typeof key === 'string' || typeof key === 'function' || (isFields(key) && (key as string[]).length > 0);
  });
  optional('unique', 'a list of fields', isFields);
  optional('parent', 'a field', (parent) => typeof parent === 'string');
  optional('by', "'line' or 'word'", (by) => by === 'line' || by === 'word');
  return Object.freeze({ ...rule }) as unknown as MergeRule;
}

/** What a rule's key does for items. */
export function itemKeyOf(key: NonNullable<ListRule['key']>): ItemKey {
  if (typeof key === 'function') {
    const of = (item: unknown) => {
      const id: unknown = key(item as JsonValue);
      return isIdentity(id) && (typeof id === 'string' || Number.isFinite(id)) ? id : undefined;
    };
    return { fields: [], of, fieldOf: () => undefined };
  }
  return keyByFields(typeof key === 'string' ? [key] : key);
}

/** @throws {@link InvalidArgumentError} if the schema does not say how the items of the list here are told apart. */
export function keyOfRule(schema: SchemaCursor | undefined, path: string): ItemKey {
  const rule = schema?.rule;
  if (rule?.as === 'list' && rule.key !== undefined) return itemKeyOf(rule.key);
  throw new InvalidArgumentError(
    'options.schema',
    `the schema of the merge, which tells the items on "${path}" apart`,
    schema,
  );
}
