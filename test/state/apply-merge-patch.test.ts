import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { applyMergePatch, type MergePatch } from '../../src/state/apply-merge-patch.ts';
import { runs } from '../invariants/runs.ts';

// RFC 7396, appendix A: original, patch, result.
const table: [string, string, string][] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
];

const patched = (value: JsonValue | undefined, patch: JsonValue) => applyMergePatch(value, patch as MergePatch);

describe('applyMergePatch', () => {
  it.each(table)('RFC 7396: %s patched by %s is %s', (original, patch, result) => {
    expect(patched(JSON.parse(original), JSON.parse(patch))).toEqual(JSON.parse(result));
  });

  it('does as the pseudo code of RFC 7396 says', () => {
    const mergePatch = (target: JsonValue | undefined, patch: JsonValue): JsonValue => {
      const isObject = (value: unknown): value is Record<string, JsonValue> =>
        typeof value === 'object' && value !== null && !Array.isArray(value);
      if (!isObject(patch)) return patch;
      const result: [string, JsonValue][] = isObject(target) ? Object.entries(target) : [];
      for (const [name, value] of Object.entries(patch)) {
        const index = result.findIndex(([key]) => key === name);
        if (value === null) {
          if (index >= 0) result.splice(index, 1);
        } else if (index >= 0) result[index] = [name, mergePatch(result[index]![1], value)];
        else result.push([name, mergePatch(undefined, value)]);
      }
      return Object.fromEntries(result);
    };
    const key = fc.constantFrom('a', 'b', '__proto__', 'constructor');
    const json = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<JsonValue>(null, 1, 'x', true),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, json, (value, patch) => {
        const before = JSON.stringify(value);
        const result = patched(value, patch);
        expect(JSON.stringify(result)).toBe(JSON.stringify(mergePatch(value, patch)));
        expect(JSON.stringify(value)).toBe(before);
      }),
      runs(300),
    );
  });

  it('makes a value of none, and takes no other than JSON', () => {
    expect(patched(undefined, { a: { b: null, c: 1 } })).toEqual({ a: { c: 1 } });
    expect(() => patched({}, { a: Number.NaN })).toThrow(InvalidArgumentError);
    expect(Object.isFrozen(patched({ a: {} }, { b: {} }))).toBe(true);
  });
});
