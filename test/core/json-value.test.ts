import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { frozenJson, jsonEqual } from '../../src/core/json-value.ts';
import { runs } from '../invariants/runs.ts';

describe('frozenJson', () => {
  it('copies every JSON value as JSON itself would, frozen in depth', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy = frozenJson(value, 'value');
        expect(copy).toEqual(JSON.parse(JSON.stringify(value)));
        const isFrozen = (part: unknown): boolean =>
          typeof part !== 'object' || part === null || (Object.isFrozen(part) && Object.values(part).every(isFrozen));
        expect(isFrozen(copy)).toBe(true);
      }),
      runs(300),
    );
  });

  it('keeps __proto__ as data', () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"polluted":true}}');
    const copy = frozenJson(hostile, 'value') as object;
    expect(Object.keys(copy)).toEqual(['__proto__']);
    expect('polluted' in copy).toBe(false);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  it.each([
    ['a date', { at: new Date(0) }, 'value.at'],
    ['a map', [new Map()], 'value[0]'],
    ['NaN', { n: [1, Number.NaN] }, 'value.n[1]'],
    ['a bigint', 1n, 'value'],
    ['undefined itself', undefined, 'value'],
    ['a hole', new Array(1), 'value[0]'],
    ['a function', { f: () => 1 }, 'value.f'],
    ['a lone surrogate', ['\ud800'], 'value[0]'],
    ['a cycle', cyclic, `value${'.self'.repeat(20)}`],
    ['more than 1000 levels', JSON.parse(`${'['.repeat(1001)}${']'.repeat(1001)}`), 'value'],
  ])('refuses %s and names where it is', (_what, value, path) => {
    try {
      frozenJson(value, 'value');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect((error as InvalidArgumentError).argument).toBe(path);
    }
  });
});

describe('jsonEqual', () => {
  it('agrees with equality of stable text', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, field]) => [key, shuffled(field)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.jsonValue(), (a, b) => {
        expect(jsonEqual(a, JSON.parse(JSON.stringify(shuffled(a))))).toBe(true);
        expect(jsonEqual({ a, b }, { a: b, b: a })).toBe(jsonEqual(a, b));
      }),
      runs(300),
    );
  });

  it('tells absence from null and arrays from objects', () => {
    expect(jsonEqual({ a: null }, {})).toBe(false);
    expect(jsonEqual({ a: 1 }, { b: 1 })).toBe(false);
    expect(jsonEqual([1], { 0: 1 })).toBe(false);
  });
});
