import { describe, expect, it } from 'vitest';
import { applyResolutions, undoResolution } from '../../src/conflicts/apply-resolutions.ts';
import type { Conflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution } from '../../src/conflicts/conflict-resolution.ts';
import { ResolutionOutdatedError } from '../../src/conflicts/errors.ts';
import { MergeSchema } from '../../src/conflicts/merge-schema.ts';
import { UnionStrategy } from '../../src/conflicts/strategies/union-strategy.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';

const note = { strategy: 'person', reason: 'a test' };
const decide = (conflict: Conflict | undefined, value: unknown) =>
  ConflictResolution.decide(conflict!, value as never, note);
const slugs = new MergeSchema({ '': { as: 'list', key: 'id', unique: ['slug'] } });
type Item = Readonly<Record<string, unknown>>;

describe('decisions about items of lists', () => {
  const clash = threeWayMerge<Item[]>({
    base: [{ id: 1, slug: 'x' }],
    local: [{ id: 1, slug: 'a' }],
    remote: [
      { id: 1, slug: 'x' },
      { id: 2, slug: 'a' },
    ],
    schema: slugs,
  });

  it.each([
    ['two of one identity', [{ id: 1 }, { id: 1 }]],
    ['one without an identity', [{ id: 1 }, { slug: 'b' }]],
    ['two without an identity', [{ slug: 'a' }, { slug: 'b' }]],
  ])('refuse %s: none is lost', (_what, value) => {
    expect(() => applyResolutions(clash.state, [decide(clash.conflicts[0], value)])).toThrow(InvalidArgumentError);
  });

  it('overwrite no item that has come to share an identity with one in dispute', () => {
    const decision = decide(clash.conflicts[0], [{ id: 1, slug: 'a' }]);
    const now = [
      { id: 1, slug: 'precious' },
      { id: 1, slug: 'x' },
    ];
    expect(() => applyResolutions(now, [decision])).toThrow(ResolutionOutdatedError);
    const field = threeWayMerge({ base: [{ id: 1, n: 1 }], local: [{ id: 1, n: 2 }], remote: [{ id: 1, n: 3 }] });
    const twice = [
      { id: 1, n: 1 },
      { id: 1, n: 9 },
    ];
    expect(() => applyResolutions(twice, [decide(field.conflicts[0], 2)])).toThrow(ResolutionOutdatedError);
  });

  it.each([
    ['another id', { id: 99, n: 3 }],
    ['no id', { n: 3 }],
  ])('refuse an item with %s in the place of the one in dispute: it would be added again each time', (_what, value) => {
    const { state, conflicts } = threeWayMerge<Item[]>({
      base: [],
      local: [{ id: 1, n: 1 }],
      remote: [{ id: 1, n: 2 }],
    });
    expect(() => applyResolutions(state, [decide(conflicts[0], value)])).toThrow(InvalidArgumentError);
    const own = decide(conflicts[0], { id: 1, n: 3 });
    const decided = applyResolutions(state, [own]);
    expect(applyResolutions(decided, [own])).toEqual([{ id: 1, n: 3 }]);
    expect(undoResolution(decided, own)).toEqual([]);
  });

  it('find an item that only another one is called like, if several fields of a schema tell items apart', () => {
    const schema = new MergeSchema({ '': { as: 'list', key: ['id', 'name'] } });
    const [base, local, remote] = [
      [{ name: 'n', v: 1 }],
      [{ name: 'n', v: 1, id: 7 }], // the item has got an id: another identity
      [{ name: 'n', v: 2 }],
    ];
    const { state, conflicts } = threeWayMerge<Item[]>({ base, local, remote, schema });
    expect(state).toEqual([...local, ...base]);
    expect(applyResolutions(state, [decide(conflicts[0], undefined)], { schema })).toEqual(local);
    expect(applyResolutions(state, [decide(conflicts[0], remote[0])], { schema })).toEqual([...local, ...remote]);
    expect(() => applyResolutions(state, [decide(conflicts[0], undefined)])).toThrow(ResolutionOutdatedError);
  });

  it('of a union say which removal they drop', () => {
    const union = ([base, local, remote]: number[][]) => {
      const { conflicts } = threeWayMerge({ base, local, remote });
      return new UnionStrategy().resolve(conflicts[0]!);
    };
    expect(
      union([
        [1, 2, 3],
        [1, 4],
        [1, 2, 5],
      ]),
    ).toMatchObject({ dropped: [{ side: 'local', value: [1, 4] }] });
    expect(
      union([
        [1, 2],
        [1, 4],
        [1, 3],
      ]),
    ).toMatchObject({ dropped: [] });
  });
});

describe('lists of hostile items', () => {
  const swap = (conflict: Conflict) => [conflict.id, conflict.path];

  it('CF3 an id and another field that hold the same are not one identity', () => {
    const base = [{ id: '', parentId: 3, w: 1 }];
    const local = [
      { id: 0, parentId: 1 },
      { id: 3, w: 1 },
    ];
    const remote = [{ parentId: 3, w: 2 }, { parentId: 4 }];
    const one = threeWayMerge<Item[]>({ base, local, remote });
    const other = threeWayMerge<Item[]>({ base, local: remote, remote: local });
    expect(other.state).toEqual(one.state);
    expect(other.conflicts.map(swap)).toEqual(one.conflicts.map(swap));
    for (const conflict of one.conflicts) {
      expect(applyResolutions(one.state, [decide(conflict, conflict.baseValue)])).toEqual(one.state);
    }
  });

  it.each<[string, (item: unknown) => unknown]>([
    ['null', () => null],
    ['NaN', () => Number.NaN],
    ['a new object', () => ({})],
    ['undefined', () => undefined],
  ])('a key that gives %s tells nothing apart: the list merges by place', (_what, key) => {
    const schema = new MergeSchema({ '': { as: 'list', key: key as never } });
    const { state, conflicts } = threeWayMerge({ base: [{ a: 1 }], local: [{ a: 2 }], remote: [{ a: 3 }], schema });
    expect(state).toEqual([{ a: 1 }]);
    expect(conflicts).toMatchObject([{ aspect: 'items', localValue: [{ a: 2 }], remoteValue: [{ a: 3 }] }]);
  });

  it('a unique field stays unique where an item has no id, or two have one', () => {
    for (const odd of [[{ x: 1 }], [{ id: 9 }, { id: 9, x: 1 }]]) {
      const [local, remote] = [
        [...odd, { id: 1, slug: 'a' }],
        [{ id: 2, slug: 'a' }, ...odd],
      ];
      const { state, conflicts } = threeWayMerge<Item[]>({ base: odd, local, remote, schema: slugs });
      expect(state).toEqual(odd);
      expect(conflicts).toMatchObject([{ path: '', localValue: local, remoteValue: remote }]);
    }
    const local = [{ x: 1 }, { id: 1, slug: 'a' }];
    const { state } = threeWayMerge<Item[]>({
      base: [{ x: 1 }],
      local,
      remote: [{ id: 2, slug: 'b' }, { x: 1 }],
      schema: slugs,
    });
    expect(state).toEqual([{ id: 2, slug: 'b' }, { x: 1 }, { id: 1, slug: 'a' }]);
  });

  it('CF7 a conflict behind items that are held back points to its place in the state', () => {
    const { state, conflicts } = threeWayMerge<Item[]>({
      base: [{ id: 5, n: 1 }],
      local: [
        { id: 1, slug: 'a' },
        { id: 5, n: 2 },
      ],
      remote: [
        { id: 2, slug: 'a' },
        { id: 5, n: 3 },
      ],
      schema: slugs,
    });
    expect(state).toEqual([{ id: 5, n: 1 }]);
    expect(conflicts.map(({ path }) => path)).toEqual(['/0/n', '']);
  });

  it('CF11 items that clash in pairs are held back in one round', () => {
    let comparisons = 0;
    const items = (side: string) =>
      Array.from({ length: 300 }, (_, at) => ({
        id: `${side}${at}`,
        get slug() {
          comparisons++;
          return `s${at}`;
        },
      }));
    const { state, conflicts } = threeWayMerge<Item[]>({
      base: [],
      local: items('l'),
      remote: items('r'),
      schema: slugs,
    });
    expect([state, conflicts.length]).toEqual([[], 300]);
    expect(comparisons).toBeLessThan(300 * 2 * 20);
  });

  it('whole numbers that a counter could not add up exactly are a conflict', () => {
    const schema = new MergeSchema({ '': 'counter' });
    const count = (base: number, local: number, remote: number) => threeWayMerge({ base, local, remote, schema });
    const [most, least] = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    expect(count(0, 1e21, 1)).toMatchObject({ state: 0, conflicts: [{ localValue: 1e21, remoteValue: 1 }] });
    expect(count(most - 1, most, most + 1).conflicts).toHaveLength(1);
    expect(count(4, least, 100)).toEqual({ state: least + 96, conflicts: [] });
    expect(count(0.5, 1.5, 2.5)).toEqual({ state: 3.5, conflicts: [] });
  });
});
