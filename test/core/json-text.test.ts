import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toJsonText } from '../../src/core/json-text.ts';
import { frozenJson } from '../../src/core/json-value.ts';
import { runs } from '../invariants/runs.ts';

const outcome = (work: () => string) => {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
};
const viaCopy = (value: unknown) => outcome(() => JSON.stringify(frozenJson(value, 'value')));
const direct = (value: unknown) => outcome(() => toJsonText(value, 'value'));

describe('toJsonText', () => {
  it('gives the text, or the error, of a frozen copy: for whatever value', () => {
    const value = fc.oneof(
      fc.anything({ withDate: true, withMap: true, withNullPrototype: true, withBigInt: true, withSparseArray: true }),
      fc.jsonValue({ stringUnit: 'binary' }),
      fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(fc.string({ unit: 'binary' }), fc.constant(undefined))),
      fc.string({ unit: 'binary', minLength: 90, maxLength: 120 }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 120 }).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(value, (each) => {
        expect(direct(each)).toBe(viaCopy(each));
      }),
      runs(500),
    );
  });

  const nested = (depth: number) => {
    let value: unknown = 1;
    for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { value };
    return value;
  };
  const cycle: Record<string, unknown> = { list: [] };
  (cycle.list as unknown[]).push(cycle);

  it.each<[string, unknown]>([
    ['__proto__ as a key', JSON.parse('{"__proto__":{"a":1},"constructor":2}')],
    ['a toJSON function of its own', { toJSON: () => 'other' }],
    ['a hidden toJSON function', Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'other' })],
    ['a toJSON function from a prototype', Object.create(Object.create(null, { toJSON: { value: () => 'other' } }))],
    ['a toJSON field that is data', { toJSON: 'data' }],
    ['an array with a toJSON function', Object.assign([1], { toJSON: () => 'other' })],
    ['an object of another realm', runInNewContext('({ a: [1, { b: null }] })')],
    ['an array of another realm', runInNewContext('[1, { b: null }]')],
    ['1000 levels', nested(1000)],
    ['1001 levels', nested(1001)],
    ['100,000 levels', nested(100_000)],
    ['a cycle', cycle],
    ['a hole', Object.assign(new Array(3), { 0: 1, 2: 2 })],
    ['an array of nothing', new Array(3)],
    ['undefined in an array', [undefined]],
    ['undefined in an object', { a: undefined, b: 1, c: undefined }],
    ['minus zero', [-0, { a: -0 }]],
    ['boxed values', [Object('a'), Object(1)]],
    ['a lone surrogate as a key', { '\ud800': 1 }],
    ['symbols', { [Symbol('s')]: 1, a: 2 }],
    ['a symbol', Symbol('s')],
  ])('decides alike about %s', (_, value) => {
    expect(direct(value)).toBe(viaCopy(value));
  });

  it('reads a field once, so that a getter can’t give one value to the check and another to the text', () => {
    let reads = 0;
    const value = {
      get field() {
        return ++reads === 1 ? 'first' : Number.NaN;
      },
    };
    expect(toJsonText(value, 'value')).toBe('{"field":"first"}');
    expect(reads).toBe(1);
  });

  it('calls no toJSON that somebody gave to all objects', () => {
    Object.defineProperty(Object.prototype, 'toJSON', { value: () => 'other', configurable: true });
    try {
      expect(toJsonText({ a: [1] }, 'value')).toBe('{"a":[1]}');
    } finally {
      Reflect.deleteProperty(Object.prototype, 'toJSON');
    }
  });
});
