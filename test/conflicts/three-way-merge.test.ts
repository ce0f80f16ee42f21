import { describe, expect, it } from 'vitest';
import { DeletionConflict, FieldConflict, StructuralConflict } from '../../src/conflicts/conflict.ts';
import { ThreeWayConflictDetector } from '../../src/conflicts/three-way-conflict-detector.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';

const merge = (base: unknown, local: unknown, remote: unknown) => threeWayMerge<unknown>({ base, local, remote });
const clean = (base: unknown, local: unknown, remote: unknown) => {
  const { state, conflicts } = merge(base, local, remote);
  expect(conflicts).toEqual([]);
  return state;
};

describe('threeWayMerge', () => {
  it('tells items apart by several fields, if these never disagree about an item', () => {
    const [x, y] = [{ from: 'http://h/x' }, { name: 'y' }];
    const clean = threeWayMerge<unknown>({ base: [x, y], local: [{ ...x, n: 1 }, y], remote: [y, { ...x, m: 1 }] });
    expect(clean).toEqual({ state: [y, { ...x, n: 1, m: 1 }], conflicts: [] });
    // The address would be y's identity here, the name there.
    const named = threeWayMerge<unknown>({
      base: [x, y],
      local: [x, { ...y, from: 'http://h/y' }],
      remote: [x, { ...y, n: 1 }],
    });
    expect(named.conflicts).toEqual([expect.objectContaining({ path: '', aspect: 'items' })]);
  });

  it('never mixes items that only prose tells apart', () => {
    const base = [{ text: 'not in old browsers', n: 1, m: 1 }, { text: 'slow at first' }];
    const { state, conflicts } = threeWayMerge<unknown>({
      base,
      local: [{ ...base[0], n: 2 }, base[1]],
      remote: [base[1], { ...base[0], m: 2 }, { text: 'new and good' }],
    });
    expect(state).toEqual([base[1], base[0], { text: 'new and good' }]);
    expect(conflicts).toEqual([expect.objectContaining({ type: 'FIELD_CONFLICT', path: '/1' })]);
  });

  it('gives the same text whichever side is called local, where values differ in the order of fields alone', () => {
    const [ab, ba, c] = [{ a: 1, b: '' }, { b: '', a: 1 }, { a: 2 }];
    const list = [{ n: 1 }, { n: 1 }];
    for (const [base, one, other] of [
      [ab, ba, structuredClone(ba)],
      [ab, ba, structuredClone(ab)],
      [c, ab, ba],
      [
        [ab, ab],
        [ba, ab],
        [ab, ba],
      ],
      [
        [...list, c],
        [...list, ab],
        [...list, ba],
      ],
      [
        [...list, c],
        [5, ...list, ab],
        [...list, ba],
      ],
      [{ x: [] }, { x: [ab, ab] }, { x: [ba, ba] }],
    ]) {
      const merged = threeWayMerge<unknown>({ base, local: one, remote: other });
      const swapped = threeWayMerge<unknown>({ base, local: other, remote: one });
      expect(JSON.stringify(swapped.state)).toBe(JSON.stringify(merged.state));
    }
    expect(JSON.stringify(threeWayMerge({ base: ab, local: ba, remote: { ...ba } }).state)).toBe(JSON.stringify(ba));
  });

  it('keeps additions, edits and a move of a list with ids', () => {
    const base = { tags: ['x'], steps: [{ id: 1 }, { id: 2 }] };
    expect(
      clean(
        base,
        { tags: ['x', 'y'], steps: [{ id: 1, done: true }, { id: 2 }] },
        { tags: ['x', 'a'], steps: [{ id: 2 }, { id: 1 }, { id: 3 }] },
      ),
    ).toEqual({ tags: ['x', 'a', 'y'], steps: [{ id: 2 }, { id: 1, done: true }, { id: 3 }] });
  });

  it.each([
    ['a field called like an id', [{ project_id: 'p' }], [{ project_id: 'p', n: 1 }], [{ project_id: 'p', m: 1 }]],
    ['a camel-case id', [{ taskUid: 7 }], [{ taskUid: 7, n: 1 }], [{ taskUid: 7, m: 1 }]],
    ['a name where the id is missing', [{ name: 'p' }], [{ name: 'p', n: 1 }], [{ id: 1, name: 'p', m: 1 }]],
  ])('tells items apart by %s', (_what, base, local, remote) => {
    expect(clean(base, local, remote)).toEqual([{ ...local[0], ...remote[0] }]);
  });

  it('does not take 1 and "1" for one identity', () => {
    expect(clean([{ id: 1 }], [{ id: 1 }, { id: '1', n: 1 }], [{ id: 1, m: 1 }])).toEqual([
      { id: 1, m: 1 },
      { id: '1', n: 1 },
    ]);
  });

  it('reports an item that one side removed and the other changed, and keeps it', () => {
    const { state, conflicts } = merge(
      [{ id: 1 }, { id: 2, n: 0 }],
      [{ id: 1 }],
      [{ id: 0 }, { id: 1 }, { id: 2, n: 1 }],
    );
    expect(state).toEqual([{ id: 0 }, { id: 1 }, { id: 2, n: 0 }]);
    const [conflict] = conflicts as DeletionConflict[];
    expect(conflict).toBeInstanceOf(DeletionConflict);
    expect(conflict).toMatchObject({
      path: '/2',
      deletedBy: 'local',
      localValue: undefined,
      remoteValue: { id: 2, n: 1 },
    });
    expect(conflict!.reason).toBe('local removed the item with id 2, remote changed it');
  });

  it('reports two orders of one list and keeps the order of the base', () => {
    const { state, conflicts } = merge(['a', 'b', 'c', 'd'], ['b', 'c', 'a', 'd'], ['c', 'a', 'b', 'd', 'e']);
    expect(state).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(conflicts).toHaveLength(1);
    expect(conflicts[0]).toMatchObject({
      aspect: 'order',
      path: '',
      baseValue: ['a', 'b', 'c'],
      localValue: ['b', 'c', 'a'],
      remoteValue: ['c', 'a', 'b'],
    });
  });

  it('merges moves of different stretches', () => {
    // Both moved a behind the others, one of them swapped those too.
    expect(clean(['a', 'b', 'c'], ['b', 'c', 'a'], ['c', 'b', 'a'])).toEqual(['c', 'b', 'a']);
    expect(clean(['a', 'b', 'c', 'd'], ['b', 'a', 'c', 'd'], ['a', 'b', 'd', 'c'])).toEqual(['b', 'a', 'd', 'c']);
  });

  it('keeps together what a side put into one place, the longer run first', () => {
    expect(clean(['m', 'b'], ['m', 'x', 'b'], ['m', 'k', 'a', 'b'])).toEqual(['m', 'k', 'a', 'x', 'b']);
    // Sorted runs too, in a list that is not sorted: ids made by chance, say.
    expect(clean(['m', 'b'], ['m', 'b', 'd'], ['m', 'b', 'c', 'e'])).toEqual(['m', 'b', 'c', 'e', 'd']);
    expect(clean(['m'], ['m', 'n', 'p'], ['m', 'o', 'q'])).toEqual(['m', 'n', 'p', 'o', 'q']);
    expect(clean([], [{ id: 5 }, { id: 8 }], [{ id: 3 }])).toEqual([{ id: 5 }, { id: 8 }, { id: 3 }]);
    expect(clean([0, 0], [0, 0, 2], [0, 0, 9, 1])).toEqual([0, 0, 9, 1, 2]);
  });

  it('sorts such runs into each other where the list is sorted around there', () => {
    expect(clean(['z', 'a', 'm'], ['z', 'a', 'c', 'f', 'm'], ['z', 'a', 'd', 'm'])).toEqual([
      ...['z', 'a', 'c', 'd', 'f', 'm'],
    ]);
    // Sorted, but not with what stands behind.
    expect(clean(['a', 'm'], ['a', 'c', 'z', 'm'], ['a', 'd', 'm'])).toEqual(['a', 'c', 'z', 'd', 'm']);
    // At an end all of the list shows it.
    expect(clean(['a', 'b'], ['a', 'b', 'd', 'f'], ['a', 'b', 'e'])).toEqual(['a', 'b', 'd', 'e', 'f']);
    expect(clean(['d', 'f'], ['a', 'c', 'd', 'f'], ['B', 'd', 'f'])).toEqual(['a', 'B', 'c', 'd', 'f']);
  });

  it('reports one text that both replaced, one name that both changed, one stretch that both edited', () => {
    for (const [base, local, remote] of [
      [['a'], ['b'], ['c']],
      [[{ name: 'a' }], [{ name: 'b' }], [{ name: 'c' }]],
      [
        [1, 2, 3],
        [1, 4, 3],
        [1, 5, 3],
      ],
    ]) {
      const { state, conflicts } = merge({ list: base }, { list: local }, { list: remote });
      expect(state).toEqual({ list: base });
      expect(conflicts).toHaveLength(1);
      expect(conflicts[0]).toBeInstanceOf(StructuralConflict);
      expect(conflicts[0]).toMatchObject({ aspect: 'items', path: '/list', localValue: local, remoteValue: remote });
    }
  });

  it('takes other ids in the place of one that both removed for other items', () => {
    expect(clean([{ id: 1 }], [{ id: 3 }], [{ id: 2 }])).toEqual([{ id: 2 }, { id: 3 }]);
  });

  it('leaves to a person what both put into one place of a list without identity, if they share some of it', () => {
    expect(merge([0, 0], [0, 0, 1], [0, 0, 1, 2]).conflicts).toHaveLength(1);
    expect(clean([0, 0], [0, 0, 1], [0, 0, 2])).toEqual([0, 0, 1, 2]);
  });

  it('does not take an addition for the move of the other side', () => {
    expect(merge([1, 2], [1, 2, 1], [2, 1]).conflicts).toHaveLength(1);
  });

  it('merges lists without identity by place', () => {
    expect(clean([1, 2, 3, 2, 1], [0, 1, 2, 3, 2, 1], [1, 2, 3, 2])).toEqual([0, 1, 2, 3, 2]);
    expect(clean([{ a: 1 }], [{ a: 1 }, { a: 3 }], [{ a: 1 }, { a: 2 }])).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  it('merges changes of neighbours in a list without identity', () => {
    expect(clean([1, 2, 3], [4, 2, 3], [1, 5, 3])).toEqual([4, 5, 3]);
    expect(clean([1, 2, 3], [1, 3], [1, 2, 5])).toEqual([1, 5]);
    expect(clean([{ a: 1 }, 2], [{ a: 1 }, { a: 3 }, 4, 2], [{ a: 2 }, 2])).toEqual([{ a: 2 }, { a: 3 }, 4, 2]);
    expect(clean([1, 2, 3], [1, 4, 5, 3], [1, 2, 6, 7])).toEqual([1, 4, 5, 6, 7]);
    for (const [local, remote] of [
      // The same item, the same in the place of two, and one in the midst of what the other replaced.
      [
        [1, 4, 3],
        [1, 5, 3],
      ],
      [
        [4, 2, 3],
        [1, 4, 3],
      ],
      [
        [4, 3],
        [1, 5, 2, 3],
      ],
    ]) {
      expect(merge([1, 2, 3], local, remote).conflicts).toHaveLength(1);
    }
  });

  it('does not undo a removal because the other side moved the item', () => {
    expect(merge([1, 2, 2, 3], [1], [2, 1]).conflicts).toHaveLength(1);
    expect(clean([1, 2, 2], [2, 2], [2, 2, 1])).toEqual([2, 2]);
    expect(merge('a\nb\nb\n', 'b\nb\n', 'b\nb\na\n').conflicts).toHaveLength(1);
  });

  it('merges texts of several lines and leaves one line whole', () => {
    expect(clean('a\nb\nc\n', 'A\nb\nc\n', 'a\nb\nC\n')).toBe('A\nb\nC\n');
    const { state, conflicts } = merge({ title: 'a b c' }, { title: 'A b c' }, { title: 'a b C' });
    expect(state).toEqual({ title: 'a b c' });
    expect((conflicts as FieldConflict[]).map((conflict) => conflict.field)).toEqual(['title']);
  });

  it('merges what both added if it fits together, and else records it whole', () => {
    expect(clean({}, { x: { a: 1 } }, { x: { b: 2 } })).toEqual({ x: { a: 1, b: 2 } });
    const { state, conflicts } = merge({}, { x: { kind: 'circle', r: 1 } }, { x: { kind: 'square', a: 1 } });
    expect(state).toEqual({});
    expect(conflicts).toHaveLength(1);
    expect(conflicts[0]).toBeInstanceOf(FieldConflict);
    expect(conflicts[0]).toMatchObject({ path: '/x', baseValue: undefined, localValue: { kind: 'circle', r: 1 } });
  });

  it('tells absence from null, and a type change from a change of content', () => {
    expect(clean({ a: 1, b: null }, { a: null, b: null }, { a: 1 })).toEqual({ a: null });
    const { conflicts } = merge({ a: { b: 1 } }, { a: [1] }, { a: { b: 2 } });
    expect(conflicts[0]).toMatchObject({
      type: 'STRUCTURAL_CONFLICT',
      aspect: 'kind',
      reason: 'the sides made "a" different kinds of value: an array and an object',
    });
  });

  it('takes a field that is undefined for absent, as JSON does', () => {
    expect(clean({ a: 1, b: 1 }, { a: undefined, b: 1 }, { a: 1, b: 2 })).toEqual({ b: 2 });
    expect(clean([{ id: 1, a: undefined }], [{ id: 1 }], [])).toEqual([]);
  });

  it('writes paths as JSON Pointers', () => {
    const { conflicts } = merge(
      { 'a/b': [{ id: 'x', '~': 1 }] },
      { 'a/b': [{ id: 'x', '~': 2 }] },
      { 'a/b': [{ id: 'x', '~': 3 }] },
    );
    expect(conflicts.map((conflict) => conflict.path)).toEqual(['/a~1b/0/~0']);
  });

  it('gives back the very objects that did not change, and changes no version', () => {
    const freeze = (value: unknown): unknown => {
      if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).map(freeze);
      return value;
    };
    const base = { a: { n: 1 }, b: { n: 1 }, c: [{ id: 1 }] };
    const local = { ...base, a: { n: 2 } };
    const remote = { ...base, b: { n: 2 }, c: [{ id: 1 }] };
    for (const version of [base, local, remote]) freeze(version);
    const { state } = threeWayMerge({ base, local, remote });
    expect(state.a).toBe(local.a);
    expect(state.b).toBe(remote.b);
    expect(threeWayMerge({ base, local, remote: { ...base } }).state).toBe(local);
  });

  it('takes the places of texts by what stands before and behind them, also at the ends that all versions share', () => {
    // Seen without the a, the b would have been where both sides put something: then one text, edited by both.
    expect(clean(['a', 'b'], ['a', '0', 'c'], ['a', '1', 'c'])).toEqual(['a', '0', '1', 'c']);
  });

  it('merges edits in place, and ids that were edited in place', () => {
    const list = (...items: [id: number, n: number][]) => items.map(([id, n]) => ({ id, n }));
    expect(clean(list([1, 0], [2, 0], [3, 0]), list([1, 1], [2, 0], [3, 0]), list([1, 0], [2, 0], [3, 1]))).toEqual(
      list([1, 1], [2, 0], [3, 1]),
    );
    expect(clean(list([1, 0], [2, 0]), list([1, 1], [2, 0]), list([1, 0], [3, 0]))).toEqual(list([1, 1], [3, 0]));
  });

  it('merges what getters give, though they give another object at each look', () => {
    const version = (title: string, done: boolean) => ({
      get task() {
        return { title, steps: [{ id: 1, done }] };
      },
    });
    expect(clean(version('a', false), version('b', false), version('a', true))).toEqual({
      task: { title: 'b', steps: [{ id: 1, done: true }] },
    });
  });

  it('looks at what is nested in lists of different lengths a few times only', () => {
    let looks = 0;
    const nested = (leaf: number, ...more: unknown[]) => {
      let value: unknown = {
        get leaf() {
          looks++;
          return leaf;
        },
      };
      for (let level = 0; level < 30; level++) value = [value, ...more];
      return value;
    };
    merge(nested(1), nested(2, 'x'), nested(3));
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThan(1_000);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const deep = (levels: number, leaf: unknown) => {
    let value = leaf;
    for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value };
    return value;
  };
  it.each([
    ['two dates', { at: new Date(0) }, 'local.at'],
    ['a map', [new Map()], 'local[0]'],
    ['NaN', Number.NaN, 'local'],
    ['a bigint', { n: [1n] }, 'local.n[0]'],
    ['undefined', undefined, 'local'],
    ['a hole', new Array(1), 'local[0]'],
    ['a lone surrogate', { a: '\ud800' }, 'local.a'],
    ['a cycle', cyclic, 'local'],
    ['nesting 10,000 deep', deep(10_000, 1), 'local'],
  ])('refuses %s and names where it is', (_what, local, argument) => {
    const attempt = () => merge({}, local, {});
    expect(attempt).toThrow(InvalidArgumentError);
    expect(attempt).toThrow(expect.objectContaining({ argument }));
    // A version that both others equal is looked at just the same.
    expect(() => merge(local, local, 1)).toThrow(InvalidArgumentError);
  });

  it.each([
    ['NaN', () => Number.NaN, 'base.list[0].n'],
    ['a lone surrogate', () => '\ud800', 'base.list[0].n'],
    ['a date', () => new Date(0), 'base.list[0].n'],
    ['a function', () => merge, 'base.list[0].n'],
  ])('refuses %s that all versions have in one place', (_what, bad, argument) => {
    const version = (done: boolean) => ({ done, list: [{ n: bad() }] });
    // A date of its own in each: what is one object in all three is not looked into.
    expect(() => merge(version(false), version(true), version(false))).toThrow(expect.objectContaining({ argument }));
  });

  it('merges what is nested 900 deep', () => {
    const { conflicts } = merge(deep(900, 1), deep(900, 2), deep(900, 3));
    expect(conflicts).toHaveLength(1);
    expect(clean(deep(900, 1), deep(900, 2), deep(900, 1))).toEqual(deep(900, 2));
  });
});

describe('ThreeWayConflictDetector', () => {
  it('finds what the merge finds', async () => {
    const detector = new ThreeWayConflictDetector();
    const base = { title: 'a', status: 'todo', tags: ['x'] };
    const conflicts = await detector.detectConflicts({ ...base, title: 'b' }, { ...base, title: 'c' }, base, {
      localStamps: { timestamp: 1_700_000_000, nodeId: 'n' },
      remoteStamps: (path) => (path === '/title' ? { timestamp: new Date(5) } : undefined),
    });
    expect(conflicts).toHaveLength(1);
    expect(conflicts[0]).toMatchObject({
      field: 'title',
      localStamp: { timestamp: 1_700_000_000_000, nodeId: 'n' },
      remoteStamp: { timestamp: 5 },
    });
    await expect(detector.detectConflicts({}, {}, () => 1)).rejects.toThrow(InvalidArgumentError);
  });
});
