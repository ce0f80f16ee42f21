import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../../src/state/apply-json-patch.ts';
import { diffJson } from '../../src/state/diff-json.ts';
import { runs } from '../invariants/runs.ts';

const json = (text: string) => JSON.parse(text) as JsonValue;

/** Appendix A of RFC 6902: the document, the patch, and the result or the reason why there is none. */
const examples: readonly [string, string, string, string][] = [
  [
    'A.1 adding an object member',
    '{"foo":"bar"}',
    '[{"op":"add","path":"/baz","value":"qux"}]',
    '{"baz":"qux","foo":"bar"}',
  ],
  [
    'A.2 adding an array element',
    '{"foo":["bar","baz"]}',
    '[{"op":"add","path":"/foo/1","value":"qux"}]',
    '{"foo":["bar","qux","baz"]}',
  ],
  ['A.3 removing an object member', '{"baz":"qux","foo":"bar"}', '[{"op":"remove","path":"/baz"}]', '{"foo":"bar"}'],
  [
    'A.4 removing an array element',
    '{"foo":["bar","qux","baz"]}',
    '[{"op":"remove","path":"/foo/1"}]',
    '{"foo":["bar","baz"]}',
  ],
  [
    'A.5 replacing a value',
    '{"baz":"qux","foo":"bar"}',
    '[{"op":"replace","path":"/baz","value":"boo"}]',
    '{"baz":"boo","foo":"bar"}',
  ],
  [
    'A.6 moving a value',
    '{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}',
    '[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]',
    '{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}',
  ],
  [
    'A.7 moving an array element',
    '{"foo":["all","grass","cows","eat"]}',
    '[{"op":"move","from":"/foo/1","path":"/foo/3"}]',
    '{"foo":["all","cows","eat","grass"]}',
  ],
  [
    'A.8 testing a value: success',
    '{"baz":"qux","foo":["a",2,"c"]}',
    '[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]',
    '{"baz":"qux","foo":["a",2,"c"]}',
  ],
  ['A.9 testing a value: error', '{"baz":"qux"}', '[{"op":"test","path":"/baz","value":"bar"}]', 'test failed'],
  [
    'A.10 adding a nested member object',
    '{"foo":"bar"}',
    '[{"op":"add","path":"/child","value":{"grandchild":{}}}]',
    '{"foo":"bar","child":{"grandchild":{}}}',
  ],
  [
    'A.11 ignoring unrecognized elements',
    '{"foo":"bar"}',
    '[{"op":"add","path":"/baz","value":"qux","xyz":123}]',
    '{"foo":"bar","baz":"qux"}',
  ],
  [
    'A.12 adding to a nonexistent target',
    '{"foo":"bar"}',
    '[{"op":"add","path":"/baz/bat","value":"qux"}]',
    'path not found',
  ],
  // A.13 has a member twice, of which JSON.parse takes the last: the operation is a remove of what is not there.
  [
    'A.13 invalid JSON Patch document',
    '{"foo":"bar"}',
    '[{"op":"add","path":"/baz","value":"qux","op":"remove"}]',
    'path not found',
  ],
  ['A.14 ~ escape ordering', '{"/":9,"~1":10}', '[{"op":"test","path":"/~01","value":10}]', '{"/":9,"~1":10}'],
  [
    'A.15 comparing strings and numbers',
    '{"/":9,"~1":10}',
    '[{"op":"test","path":"/~01","value":"10"}]',
    'test failed',
  ],
  [
    'A.16 adding an array value',
    '{"foo":["bar"]}',
    '[{"op":"add","path":"/foo/-","value":["abc","def"]}]',
    '{"foo":["bar",["abc","def"]]}',
  ],
  // What the text of the RFC says besides.
  ['4.1 add replaces a member that exists', '{"a":1}', '[{"op":"add","path":"/a","value":2}]', '{"a":2}'],
  ['4.1 add to the end by index', '[1]', '[{"op":"add","path":"/1","value":2}]', '[1,2]'],
  ['4.1 add beyond the end', '[1]', '[{"op":"add","path":"/2","value":2}]', 'path not found'],
  ['4.1 add replaces the whole', '{"a":1}', '[{"op":"add","path":"","value":[]}]', '[]'],
  ['4.2 remove what is not there', '{}', '[{"op":"remove","path":"/a"}]', 'path not found'],
  ['4.2 remove the end of an array', '[1]', '[{"op":"remove","path":"/-"}]', 'path not found'],
  ['4.2 remove the whole', '{}', '[{"op":"remove","path":""}]', 'invalid operation'],
  ['4.3 replace what is not there', '{}', '[{"op":"replace","path":"/a","value":1}]', 'path not found'],
  ['4.3 replace the whole', '{"a":1}', '[{"op":"replace","path":"","value":null}]', 'null'],
  [
    '4.4 move into a child of its own',
    '{"a":{"b":1}}',
    '[{"op":"move","from":"/a","path":"/a/c"}]',
    'invalid operation',
  ],
  ['4.4 move to where it is', '{"a":1}', '[{"op":"move","from":"/a","path":"/a"}]', '{"a":1}'],
  [
    '4.5 a copy is another value',
    '{"a":{"b":1}}',
    '[{"op":"copy","from":"/a","path":"/c"},{"op":"replace","path":"/a/b","value":2}]',
    '{"a":{"b":2},"c":{"b":1}}',
  ],
  [
    '4.6 the order of keys does not matter',
    '{"a":{"x":1,"y":[2]}}',
    '[{"op":"test","path":"/a","value":{"y":[2],"x":1}}]',
    '{"a":{"x":1,"y":[2]}}',
  ],
  ['an index with a leading zero', '[1,2]', '[{"op":"remove","path":"/01"}]', 'path not found'],
  ['a pointer without a slash', '{"a":1}', '[{"op":"remove","path":"a"}]', 'invalid operation'],
  ['a pointer with a wrong escape', '{"a~":1}', '[{"op":"remove","path":"/a~"}]', 'invalid operation'],
  ['no pointer', '{}', '[{"op":"add","value":1}]', 'invalid operation'],
  ['no value', '{}', '[{"op":"add","path":"/a"}]', 'invalid operation'],
  ['no from', '{}', '[{"op":"move","path":"/a"}]', 'invalid operation'],
  ['no op', '{}', '[{"path":"/a","value":1}]', 'invalid operation'],
  ['no object', '{}', '[7]', 'invalid operation'],
  ['a member that every object inherits', '{}', '[{"op":"test","path":"/toString","value":1}]', 'path not found'],
];

describe('applyJsonPatch', () => {
  it.each(examples)('RFC 6902 %s', (_name, document, patch, result) => {
    const before = json(document);
    const operations = json(patch) as unknown as JsonPatchOperation[];
    if (result === 'null' || /^[[{]/.test(result)) expect(applyJsonPatch(before, operations)).toEqual(json(result));
    else
      expect(() => applyJsonPatch(before, operations)).toThrow(
        expect.objectContaining({ code: 'JSON_PATCH_FAILED', reason: result, index: 0 }),
      );
    expect(before).toEqual(json(document));
  });

  it('applies all operations or none, and says which one failed', () => {
    const before = { a: [1] };
    const patch: JsonPatchOperation[] = [
      { op: 'add', path: '/a/-', value: 2 },
      { op: 'remove', path: '/b' },
    ];
    expect(() => applyJsonPatch(before, patch)).toThrow(expect.objectContaining({ index: 1 }));
    expect(before).toEqual({ a: [1] });
  });

  it('takes __proto__ for a name like any other, and gives out nothing that could be changed', () => {
    const patched = applyJsonPatch({}, [
      { op: 'add', path: '/__proto__', value: { polluted: [1] } },
      { op: 'add', path: '/__proto__/polluted/-', value: 2 },
    ]);
    expect(JSON.stringify(patched)).toBe('{"__proto__":{"polluted":[1,2]}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.isFrozen(patched)).toBe(true);
    expect(() => applyJsonPatch({}, [{ op: 'add', path: '/constructor/prototype/x', value: 1 }])).toThrow(
      'path not found',
    );
    expect(() => applyJsonPatch({}, [{ op: 'add', path: '/a', value: new Date() as never }])).toThrow(
      InvalidArgumentError,
    );
  });
});

describe('diffJson', () => {
  it.each([
    ['equal values', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
    ['a changed field', { a: 1, b: 2 }, { a: 1, b: 3 }, [{ op: 'replace', path: '/b', value: 3 }]],
    [
      'fields that come and go',
      { a: 1 },
      { b: 1 },
      [
        { op: 'remove', path: '/a' },
        { op: 'add', path: '/b', value: 1 },
      ],
    ],
    ['an item put in front', [1, 2], [0, 1, 2], [{ op: 'add', path: '/0', value: 0 }]],
    [
      'items taken out of the middle',
      [1, 2, 3, 4],
      [1, 4],
      [
        { op: 'remove', path: '/2' },
        { op: 'remove', path: '/1' },
      ],
    ],
    [
      'a change within an item',
      [{ a: 1 }, { b: 1 }],
      [{ a: 1 }, { b: 2 }],
      [{ op: 'replace', path: '/1/b', value: 2 }],
    ],
    ['keys to be escaped', { 'a/b~c': 1 }, { 'a/b~c': 2 }, [{ op: 'replace', path: '/a~1b~0c', value: 2 }]],
    ['another kind of value', [1], { 0: 1 }, [{ op: 'replace', path: '', value: { 0: 1 } }]],
    ['null, which is not nothing', { a: null }, {}, [{ op: 'remove', path: '/a' }]],
  ] as const)('says as little as it can of %s', (_name, before, after, expected) => {
    expect(diffJson(before as JsonValue, after as JsonValue)).toEqual(expected);
  });

  it('makes of one value the other, hostile keys and all', () => {
    const key = fc.constantFrom('a', 'b', '', '/', '~1', '__proto__', 'constructor', '0', '-');
    const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom<JsonValue>(null, true, 0, 1, '', '1'),
        fc.array(tie('value'), { maxLength: 5 }),
        fc
          .array(fc.tuple(key, tie('value')), { maxLength: 5 })
          .map((entries) =>
            json(`{${entries.map(([name, field]) => `${JSON.stringify(name)}:${JSON.stringify(field)}`).join()}}`),
          ),
      ),
    }));
    fc.assert(
      fc.property(value, value, (before, after) => {
        const patch = diffJson(before, after);
        expect(applyJsonPatch(before, json(JSON.stringify(patch)) as unknown as JsonPatchOperation[])).toEqual(after);
        expect(JSON.stringify(before) === JSON.stringify(after) && patch.length > 0).toBe(false);
        expect(diffJson(after, after)).toEqual([]);
      }),
      runs(1000),
    );
  });

  it('looks at each part of deep values once', () => {
    let reads = 0;
    const nested = (depth: number, leaf: number): JsonValue => {
      const inner = depth === 0 ? leaf : nested(depth - 1, leaf);
      return {
        get items() {
          reads++;
          return [1, inner, 2];
        },
      } as never;
    };
    const count = (depth: number) => {
      reads = 0;
      diffJson(nested(depth, 1), nested(depth, 2));
      return reads;
    };
    expect(count(200) / count(100)).toBeLessThan(2.1);
  });
});
