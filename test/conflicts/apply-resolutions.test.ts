import { describe, expect, it } from 'vitest';
import { applyResolutions, undoResolution } from '../../src/conflicts/apply-resolutions.ts';
import { Conflict, FieldConflict, StructuralConflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../../src/conflicts/conflict-resolution.ts';
import { ResolutionOutdatedError } from '../../src/conflicts/errors.ts';
import { renderConflicts } from '../../src/conflicts/render-conflicts.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';

const note = { strategy: 'person', reason: 'asked' };
const conflictsOf = (base: unknown, local: unknown, remote: unknown) =>
  threeWayMerge({ base, local, remote }).conflicts;
const all = (conflicts: readonly Conflict[], side: 'local' | 'remote') =>
  conflicts.map((conflict) => ConflictResolution.choose(conflict, side, note));

describe('applyResolutions', () => {
  it('finds the item by its identity, wherever it has moved since', () => {
    const conflicts = conflictsOf([{ id: 1, n: 0 }], [{ id: 1, n: 1 }], [{ id: 1, n: 2 }]);
    expect(applyResolutions([{ id: 9 }, { id: 1, n: 0, other: true }], all(conflicts, 'remote'))).toEqual([
      { id: 9 },
      { id: 1, n: 2, other: true },
    ]);
  });

  it('puts items that both sides added where they belong', () => {
    const [base, local, remote] = [
      [{ id: 5 }],
      [{ id: 1, n: 1 }, { id: 2, n: 1 }, { id: 5 }, { id: 7, n: 1 }],
      [{ id: 1, n: 2 }, { id: 2, n: 2 }, { id: 5 }, { id: 7, n: 2 }],
    ];
    const { state, conflicts } = threeWayMerge({ base, local, remote });
    expect(state).toEqual(base);
    expect(applyResolutions(state, all(conflicts, 'remote'))).toEqual(remote);
  });

  it('removes what a decision removes, and keeps __proto__ as data', () => {
    const base: unknown = JSON.parse('{"__proto__":1,"b":1}');
    const conflicts = conflictsOf(base, {}, JSON.parse('{"__proto__":2,"b":2}'));
    expect(applyResolutions(base, all(conflicts, 'local'))).toEqual({});
    expect(JSON.stringify(applyResolutions(base, all(conflicts, 'remote')))).toBe('{"__proto__":2,"b":2}');
  });

  it('changes nothing for a conflict that waits for a person, nor the state given', () => {
    const state = Object.freeze({ a: 1 });
    const [conflict] = conflictsOf({ a: 1 }, { a: 2 }, { a: 3 });
    expect(applyResolutions(state, [new ManualResolutionRequired(conflict!, 'why')])).toBe(state);
    expect(applyResolutions(state, all([conflict!], 'local'))).toEqual({ a: 2 });
    expect(state).toEqual({ a: 1 });
  });

  it.each([
    ['the value was changed since', { a: { b: 9 } }],
    ['the value was removed since', { a: {} }],
    ['what holds it is gone', {}],
    ['what holds it is another kind of value', { a: [1] }],
  ])('overwrites nothing that it did not know: %s', (_what, state) => {
    const conflicts = conflictsOf({ a: { b: 1 } }, { a: { b: 2 } }, { a: { b: 3 } });
    expect(() => applyResolutions<unknown>(state, all(conflicts, 'local'))).toThrow(ResolutionOutdatedError);
    expect(() => applyResolutions<unknown>(state, all(conflicts, 'local'))).toThrow(
      expect.objectContaining({ path: '/a/b', code: 'RESOLUTION_OUTDATED' }),
    );
  });

  it('copies an object or a list once, however many decisions are about it, and never the one given', () => {
    const size = 200;
    const [base, local, remote] = [1, 2, 3].map((n) => ({
      fields: Object.fromEntries(Array.from({ length: size }, (_, at) => [`k${at}`, n])),
      list: Array.from({ length: size }, (_, id) => ({ id, n })),
    }));
    let reads = 0;
    const counting = <T extends object>(target: T) =>
      new Proxy(target, {
        get: (object, name, self) => {
          if (typeof name === 'string' && /^k?\d+$/.test(name)) reads++;
          return Reflect.get(object, name, self);
        },
      });
    const { conflicts } = threeWayMerge({ base, local, remote });
    expect(conflicts).toHaveLength(2 * size);
    const state = Object.freeze({ fields: Object.freeze(counting(base!.fields)), list: base!.list });
    expect(applyResolutions(state, all(conflicts, 'local'))).toEqual(local);
    expect(reads).toBeLessThan(size * 5);
    expect(state).toEqual(base);
  });

  it('reorders what is left of the items in dispute', () => {
    const conflicts = conflictsOf(['a', 'b', 'c'], ['b', 'c', 'a'], ['c', 'a', 'b']);
    expect(applyResolutions(['x', 'a', 'b', 'y', 'c'], all(conflicts, 'local'))).toEqual(['x', 'b', 'c', 'y', 'a']);
    expect(applyResolutions(['a', 'x', 'c'], all(conflicts, 'remote'))).toEqual(['c', 'x', 'a']);
    expect(() => applyResolutions(['b', 'a', 'c'], all(conflicts, 'local'))).toThrow(ResolutionOutdatedError);
    expect(() => applyResolutions<unknown>({}, all(conflicts, 'local'))).toThrow(ResolutionOutdatedError);
    const halfAnOrder = new ConflictResolution(conflicts[0]!, { ...note, value: ['b', 'a'], dropped: [] });
    expect(() => applyResolutions(['a', 'b', 'c'], [halfAnOrder])).toThrow(InvalidArgumentError);
  });
});

describe('Conflict', () => {
  it('keeps what it holds from whoever gave it', () => {
    const value = { n: [1] };
    const conflict = new FieldConflict({ location: ['a'], localValue: value, remoteValue: 1, reason: 'both' });
    value.n.push(2);
    expect(conflict.localValue).toEqual({ n: [1] });
    expect(Object.isFrozen(conflict.localValue)).toBe(true);
  });

  it('CF7 survives JSON, and so does its decision, however deep the values are that could be merged', () => {
    const deep = (leaf: number) => Array.from({ length: 999 }).reduce<unknown>((inner) => [inner], leaf);
    const [conflict] = conflictsOf({ a: 1 }, [deep(1)], { a: deep(2) });
    const [resolution] = all([conflict!], 'local');
    expect(Conflict.fromJSON(JSON.parse(JSON.stringify(conflict))).id).toBe(conflict!.id);
    expect(ConflictResolution.fromJSON(JSON.parse(JSON.stringify(resolution))).value).toEqual([deep(1)]);
  });

  it('tells absence from null in JSON', () => {
    const conflict = new FieldConflict({ location: ['a'], baseValue: null, localValue: 1, reason: 'both' });
    const json: unknown = JSON.parse(JSON.stringify(conflict));
    expect(json).toEqual({
      id: conflict.id,
      severity: 'medium',
      type: 'FIELD_CONFLICT',
      path: '/a',
      location: ['a'],
      reason: 'both',
      baseValue: null,
      localValue: 1,
    });
    expect(Conflict.fromJSON(json)).toEqual(conflict);
  });

  const valid = new StructuralConflict({
    location: [{ key: 'id', value: 1, index: 0 }],
    reason: 'r',
    aspect: 'kind',
  }).toJSON();
  it.each([
    ['no object', 1, 'conflict'],
    ['an unknown type', { ...valid, type: 'X' }, 'conflict.type'],
    ['no reason', { ...valid, reason: undefined }, 'conflict.reason'],
    ['no location', { ...valid, location: '/a' }, 'conflict.location'],
    ['a bad segment', { ...valid, location: [{ key: 'id', value: 1, index: -1 }] }, 'conflict.location[0]'],
    ['an unknown aspect', { ...valid, aspect: 'colour' }, 'conflict.aspect'],
    ['a bad time', { ...valid, localStamp: { timestamp: 'now' } }, 'conflict.localStamp.timestamp'],
    ['a bad stamp', { ...valid, remoteStamp: 1 }, 'conflict.remoteStamp'],
  ])('refuses %s', (_what, json, argument) => {
    expect(() => Conflict.fromJSON(json)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', argument }));
  });
});

describe('what is no conflict or resolution is named', () => {
  const merged = threeWayMerge({ base: 'a', local: 'b', remote: 'c' });
  const stored = JSON.parse(JSON.stringify(merged.conflicts)) as never[];
  const cases: [string, () => unknown, RegExp][] = [
    ['a promise of resolutions', () => applyResolutions('a', Promise.resolve([]) as never), /^resolutions: .*a list/],
    ['none', () => applyResolutions('a', undefined as never), /^resolutions: /],
    ['conflicts instead', () => applyResolutions('a', merged.conflicts as never), /^resolution: .*choose\(\)/],
    ['undoing a conflict', () => undoResolution('a', merged.conflicts[0] as never), /^resolution: /],
    ['choosing for JSON', () => ConflictResolution.choose(stored[0]!, 'local', note), /^conflict: .*fromJSON\(\)/],
    ['deciding JSON', () => ConflictResolution.decide(stored[0]!, 'd', note), /^conflict: .*fromJSON\(\)/],
    ['rendering JSON', () => renderConflicts(stored), /^conflicts\[0\]: .*fromJSON\(\)/],
    ['rendering a merge', () => renderConflicts(merged as never), /^conflicts: .*a list/],
  ];

  it.each(cases)('%s', (_name, act, message) => {
    expect(act).toThrow(InvalidArgumentError);
    expect(act).toThrow(message);
  });
});
