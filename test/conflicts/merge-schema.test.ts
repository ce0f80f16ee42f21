import { describe, expect, it } from 'vitest';
import { applyResolutions } from '../../src/conflicts/apply-resolutions.ts';
import { Conflict, StructuralConflict, UniquenessConflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution } from '../../src/conflicts/conflict-resolution.ts';
import { ResolutionOutdatedError } from '../../src/conflicts/errors.ts';
import { MergeSchema } from '../../src/conflicts/merge-schema.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';

type Rules = ConstructorParameters<typeof MergeSchema>[0];

const merge = (rules: Rules, base: unknown, local: unknown, remote: unknown) =>
  threeWayMerge<unknown>({ base, local, remote, schema: new MergeSchema(rules) });
const stateOf = (rules: Rules, base: unknown, local: unknown, remote: unknown) => {
  const { state, conflicts } = merge(rules, base, local, remote);
  expect(conflicts).toEqual([]);
  const swapped = merge(rules, base, remote, local);
  expect(JSON.stringify(swapped.state)).toBe(JSON.stringify(state));
  return state;
};
const note = { strategy: 'person', reason: 'a test' };

describe('MergeSchema', () => {
  it('adds up both changes of a counter, equal ones too, wherever it stands', () => {
    expect(stateOf({ '': 'counter' }, 5, 6, 8)).toBe(9);
    expect(stateOf({ '/visits': 'counter' }, { visits: 5 }, { visits: 6 }, { visits: 6 })).toEqual({ visits: 7 });
    const same = { visits: 6 };
    expect(stateOf({ '/visits': 'counter' }, { visits: 5 }, same, same)).toEqual({ visits: 7 });
    expect(stateOf({ '/*/n': 'counter' }, [{ id: 1, n: 1 }], [{ id: 1, n: 2 }], [{ id: 1, n: 2 }])).toEqual([
      { id: 1, n: 3 },
    ]);
    expect(stateOf({ '/a': 'counter' }, {}, { a: 2 }, { a: 3 })).toEqual({ a: 5 });
    expect(merge({ '/a': 'counter' }, { a: 1 }, { a: '2' }, { a: 3 }).conflicts).toHaveLength(1);
  });

  it('takes the greater or lesser of two numbers or versions, and leaves what can not be compared', () => {
    expect(stateOf({ '': 'max' }, 1, 3, 2)).toBe(3);
    expect(stateOf({ '': 'min' }, 5, 3, 2)).toBe(2);
    expect(
      stateOf({ '/**/version': 'max' }, { version: '1.9.0' }, { version: '1.10.0' }, { version: '1.10.0-rc.1' }),
    ).toEqual({
      version: '1.10.0',
    });
    expect(merge({ '': 'max' }, 1, 'a', 'b').conflicts).toHaveLength(1);
    // What one side alone did stands, whatever it is.
    expect(stateOf({ '': 'max' }, 5, 3, 5)).toBe(3);
  });

  it('merges sets by membership alone', () => {
    expect(
      stateOf({ '/tags': 'set' }, { tags: ['a', 'b'] }, { tags: ['x', 'b'] }, { tags: ['a', 'b', 'x', 'y'] }),
    ).toEqual({
      tags: ['b', 'x', 'y'],
    });
    expect(stateOf({ '': 'set' }, [{ n: 1 }, { n: 2 }], [{ n: 2 }, { n: 3 }], [{ n: 1 }])).toEqual([{ n: 3 }]);
    expect(stateOf({ '': 'set' }, [], [null, 0], [false])).toEqual([null, 0, false]);
  });

  it('merges sequences by place, whatever their items are called', () => {
    const base = [
      { id: 1, t: 'a' },
      { id: 2, t: 'b' },
    ];
    const { conflicts } = merge(
      { '': 'sequence' },
      base,
      [{ id: 1, t: 'x' }, base[1]],
      [{ id: 1, t: 'a', done: true }, base[1]],
    );
    expect(conflicts).toEqual([expect.objectContaining({ aspect: 'items' })]);
  });

  it('merges texts by line or by word', () => {
    expect(stateOf({ '': { as: 'text', by: 'word' } }, 'the old house', 'the new house', 'the old big house')).toBe(
      'the new big house',
    );
    expect(merge({ '': 'text' }, 'the old house', 'the new house', 'the old big house').conflicts).toHaveLength(1);
    expect(
      merge({ '': { as: 'text', by: 'word' } }, 'the old house', 'the new house', 'the red house').conflicts,
    ).toHaveLength(1);
  });

  it('looks into nothing that is atomic, and settles what is ignored without a word', () => {
    expect(
      merge({ '/a': 'atomic' }, { a: { x: 1, y: 1 } }, { a: { x: 2, y: 1 } }, { a: { x: 1, y: 2 } }).conflicts,
    ).toHaveLength(1);
    expect(stateOf({ '/at': 'ignored' }, { at: '1' }, { at: '2' }, { at: '3' })).toEqual({ at: '3' });
    expect(
      stateOf(
        { '/meta/**': 'ignored' },
        { meta: { a: { b: 1 } } },
        { meta: { a: { b: 2 } } },
        { meta: { a: { b: 3 } } },
      ),
    ).toEqual({
      meta: { a: { b: 3 } },
    });
  });

  it('keeps sections in order: two new orders are a conflict, which is decided as that of a list', () => {
    const base = { intro: 1, body: 2, end: 3 };
    const local = { body: 2, intro: 1, end: 3 };
    const remote = { intro: 1, end: 3, body: 2 };
    expect(Object.keys(stateOf({ '': 'sections' }, base, local, base) as object)).toEqual(Object.keys(local));
    const { state, conflicts } = merge({ '': 'sections' }, base, local, remote);
    expect(Object.keys(state as object)).toEqual(Object.keys(base));
    const decided = applyResolutions(state, [ConflictResolution.choose(conflicts[0]!, 'remote', note)]);
    expect(Object.keys(decided as object)).toEqual(Object.keys(remote));
    expect(applyResolutions(decided, [ConflictResolution.choose(conflicts[0]!, 'remote', note)])).toEqual(decided);
  });

  it('tells items apart by the field, the fields or the function of the schema', () => {
    const base = [
      { code: 'a', n: 1 },
      { code: 'b', n: 1 },
    ];
    const local = [
      { code: 'b', n: 1 },
      { code: 'a', n: 2 },
    ];
    const remote = [
      { code: 'a', n: 1 },
      { code: 'b', n: 3 },
    ];
    const expected = [
      { code: 'b', n: 3 },
      { code: 'a', n: 2 },
    ];
    expect(stateOf({ '': { as: 'list', key: 'code' } }, base, local, remote)).toEqual(expected);
    expect(stateOf({ '': { as: 'list', key: ['nr', 'code'] } }, base, local, remote)).toEqual(expected);
    const key = (item: unknown) => (item as { code: string }).code.toUpperCase();
    expect(stateOf({ '': { as: 'list', key } }, base, local, remote)).toEqual(expected);
  });

  it('finds items that a function tells apart again, with the same schema', () => {
    const key = (item: unknown) => (item as { code: string }).code;
    const schema = new MergeSchema({ '/items': { as: 'list', key } });
    const version = (n: number) => ({
      items: [
        { code: 'x', n: 0 },
        { code: 'a', n },
      ],
    });
    const { state, conflicts } = threeWayMerge({ base: version(1), local: version(2), remote: version(3), schema });
    const restored = Conflict.fromJSON(JSON.parse(JSON.stringify(conflicts[0])));
    const resolution = ConflictResolution.choose(restored, 'remote', note);
    const moved = { items: state.items.toReversed() };
    expect(applyResolutions(moved, [resolution], { schema })).toEqual({
      items: [
        { code: 'a', n: 3 },
        { code: 'x', n: 0 },
      ],
    });
    expect(() => applyResolutions(moved, [resolution])).toThrow(InvalidArgumentError);
  });

  const unique: Rules = { '': { as: 'list', key: 'id', unique: ['slug'] } };
  it('finds two items that the sides gave one slug, holds both back, and takes any decision about them', () => {
    const base = [
      { id: 1, slug: 'a' },
      { id: 2, slug: 'b' },
      { id: 3, slug: 'c' },
    ];
    const local = [
      { id: 1, slug: 'x' },
      { id: 2, slug: 'b' },
      { id: 3, slug: 'c', n: 1 },
    ];
    const remote = [
      { id: 1, slug: 'a', n: 1 },
      { id: 2, slug: 'x' },
      { id: 3, slug: 'c' },
    ];
    const { state, conflicts } = merge(unique, base, local, remote);
    expect(state).toEqual([base[0], base[1], local[2]]);
    const [conflict] = conflicts;
    expect(conflict).toBeInstanceOf(UniquenessConflict);
    expect(conflict).toMatchObject({
      field: 'slug',
      items: [1, 2],
      path: '',
      severity: 'high',
      localValue: local.slice(0, 2),
    });
    const restored = Conflict.fromJSON(JSON.parse(JSON.stringify(conflict)));
    expect(restored).toEqual(conflict);
    expect(applyResolutions(state, [ConflictResolution.choose(restored, 'remote', note)])).toEqual([
      { id: 1, slug: 'a', n: 1 },
      { id: 2, slug: 'x' },
      local[2],
    ]);
    const value = [
      { id: 1, slug: 'x' },
      { id: 2, slug: 'x-2' },
    ];
    const both = ConflictResolution.decide(restored, value, note);
    expect(applyResolutions(state, [both])).toEqual([...value, local[2]]);
  });

  it('makes one conflict of items that clash and are in dispute themselves, and decides nothing about later ones', () => {
    const base = [
      { id: 1, slug: 'a', t: 0 },
      { id: 2, slug: 'b', t: 0 },
    ];
    const local = [{ id: 1, slug: 'x', t: 1 }, base[1]];
    const remote = [
      { id: 1, slug: 'a', t: 2 },
      { id: 2, slug: 'x', t: 0 },
    ];
    const { state, conflicts } = merge(unique, base, local, remote);
    expect(conflicts).toEqual([expect.objectContaining({ items: [1, 2] })]);
    const later = [{ ...base[0], t: 5 }, base[1]];
    const choice = ConflictResolution.choose(conflicts[0]!, 'remote', note);
    expect(() => applyResolutions<unknown>(later, [choice])).toThrow(ResolutionOutdatedError);
    expect(applyResolutions(state, [choice])).toEqual(remote);
  });

  it('follows what an item that is held back breaks in turn', () => {
    const base = [
      { id: 1, slug: 'a' },
      { id: 2, slug: 'b' },
    ];
    // 1 and 2 clash on x; 1 back on a clashes with the new 3.
    const local = [
      { id: 1, slug: 'x' },
      { id: 2, slug: 'b' },
      { id: 3, slug: 'a' },
    ];
    const remote = [
      { id: 1, slug: 'a' },
      { id: 2, slug: 'x' },
    ];
    const { state, conflicts } = merge(unique, base, local, remote);
    expect(state).toEqual(base);
    expect(conflicts).toEqual([expect.objectContaining({ items: [1, 2, 3] })]);
  });

  it('keeps what a version breaks by itself', () => {
    const base = [{ id: 1, slug: 'a' }];
    const local = [
      { id: 1, slug: 'a' },
      { id: 2, slug: 'a' },
    ];
    const remote = [
      { id: 1, slug: 'a' },
      { id: 3, slug: 'c' },
    ];
    expect(stateOf(unique, base, local, remote)).toEqual([...local, remote[1]]);
  });

  it('calls one new identity for two different items a conflict about uniqueness, which can keep both', () => {
    const { state, conflicts } = merge(unique, [], [{ id: 7, t: 'a' }], [{ id: 7, t: 'b' }]);
    expect(state).toEqual([]);
    expect(conflicts).toEqual([expect.objectContaining({ type: 'UNIQUENESS_CONFLICT', field: 'id', items: [7] })]);
    const value = [
      { id: 7, t: 'a' },
      { id: 8, t: 'b' },
    ];
    const both = ConflictResolution.decide(conflicts[0]!, value, note);
    expect(applyResolutions(state, [both])).toEqual(value);
  });

  it('finds items that the sides moved into each other', () => {
    const rules: Rules = { '/tree': { as: 'list', key: 'id', parent: 'parentId' } };
    const base = { tree: [{ id: 1 }, { id: 2 }, { id: 3 }] };
    const local = { tree: [{ id: 1, parentId: 2 }, { id: 2 }, { id: 3 }] };
    const remote = { tree: [{ id: 1 }, { id: 2, parentId: 1 }, { id: 3, parentId: 1 }] };
    const { state, conflicts } = merge(rules, base, local, remote);
    expect(state).toEqual({ tree: [{ id: 1 }, { id: 2 }, { id: 3, parentId: 1 }] });
    const [conflict] = conflicts;
    expect(conflict).toBeInstanceOf(StructuralConflict);
    expect(conflict).toMatchObject({ aspect: 'cycle', items: [1, 2], severity: 'high' });
    const decided = applyResolutions(state, [ConflictResolution.choose(conflict!, 'local', note)]);
    expect(decided).toEqual({ tree: [{ id: 1, parentId: 2 }, { id: 2 }, { id: 3, parentId: 1 }] });
  });

  it('names items by identity in patterns, and takes the first pattern that fits', () => {
    const rules: Rules = { '/t1/n': 'max', '/*/n': 'min' };
    const version = (n: number) => [
      { id: 't1', n },
      { id: 't2', n },
    ];
    expect(stateOf(rules, version(0), version(1), version(2))).toEqual([
      { id: 't1', n: 2 },
      { id: 't2', n: 1 },
    ]);
  });

  it.each([
    [{ tags: 'set' }, 'rules'],
    [{ '/a': 'sets' }, "rules['/a'].as"],
    [{ '/a': { as: 'list', key: 1 } }, "rules['/a'].key"],
    [{ '/a': { as: 'text', by: 'letter' } }, "rules['/a'].by"],
    [{ '/a~2': 'set' }, 'rules'],
  ])('refuses %j', (rules, argument) => {
    expect(() => new MergeSchema(rules as unknown as Rules)).toThrow(expect.objectContaining({ argument }));
  });
});
