import { describe, expect, it } from 'vitest';
import { AutoConflictResolver } from '../../src/conflicts/auto-conflict-resolver.ts';
import { type Conflict, DeletionConflict, FieldConflict, StructuralConflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../../src/conflicts/conflict-resolution.ts';
import { ConflictType } from '../../src/conflicts/conflict-type.ts';
import { LastWriterWinsStrategy } from '../../src/conflicts/strategies/last-writer-wins-strategy.ts';
import { MergeStrategy } from '../../src/conflicts/strategies/merge-strategy.ts';
import { PreserveStrategy } from '../../src/conflicts/strategies/preserve-strategy.ts';
import type { WriteStamp } from '../../src/conflicts/write-stamp.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';

const field = (localStamp?: WriteStamp, remoteStamp?: WriteStamp) =>
  new FieldConflict({
    location: ['title'],
    baseValue: 'a',
    localValue: 'b',
    remoteValue: 'c',
    reason: 'both',
    localStamp,
    remoteStamp,
  });
const deletion = new DeletionConflict({ location: ['x'], baseValue: 1, remoteValue: 2, reason: 'local removed it' });
const items = (baseValue: number[], localValue: number[], remoteValue: number[]) =>
  new StructuralConflict({ location: ['list'], baseValue, localValue, remoteValue, reason: 'both', aspect: 'items' });

describe('AutoConflictResolver', () => {
  it('decides by type, in order, each conflict the same object', async () => {
    const conflicts: Conflict[] = [deletion, field({ timestamp: 2e12 }, { timestamp: 1e12 }), items([1], [2], [3])];
    const resolutions = await new AutoConflictResolver().resolve(conflicts);
    expect(resolutions.map((resolution) => resolution.conflict === conflicts[resolutions.indexOf(resolution)])).toEqual(
      [true, true, true],
    );
    expect(resolutions.map(({ value, strategy }) => [value, strategy])).toEqual([
      [2, 'preserve'],
      ['b', 'last-writer-wins'],
      [[2, 3], 'merge'],
    ]);
    expect(resolutions[1]!.dropped).toEqual([{ side: 'remote', value: 'c' }]);
    expect(resolutions[0]!.dropped).toEqual([{ side: 'local', value: undefined }]);
  });

  it('takes one map of different strategies', async () => {
    const resolver = new AutoConflictResolver({
      strategies: new Map([
        [ConflictType.FIELD_CONFLICT, new LastWriterWinsStrategy()],
        [ConflictType.STRUCTURAL_CONFLICT, new MergeStrategy()],
        [ConflictType.DELETION_CONFLICT, new PreserveStrategy()],
      ]),
    });
    expect((await resolver.resolve([deletion]))[0]!.value).toBe(2);
  });

  it('leaves a type without a strategy to a person', async () => {
    const resolver = new AutoConflictResolver({
      strategies: new Map([[ConflictType.STRUCTURAL_CONFLICT, new MergeStrategy()]]),
    });
    const conflict = field({ timestamp: 1 }, { timestamp: 2 });
    const [manual] = await resolver.resolve([conflict]);
    expect(manual).toBeInstanceOf(ManualResolutionRequired);
    expect(manual).toBeInstanceOf(ConflictResolution);
    expect(manual!.conflict).toBe(conflict);
    expect(manual!.reason).toBe('no strategy is set for FIELD_CONFLICT');
  });

  it('refuses what is no strategy, no type and no conflict, and passes on what a strategy throws', async () => {
    const strategies = (entries: unknown) => ({ strategies: entries as Map<ConflictType, LastWriterWinsStrategy> });
    expect(() => new AutoConflictResolver(strategies({}))).toThrow(InvalidArgumentError);
    expect(() => new AutoConflictResolver(strategies(new Map([['FIELD', new MergeStrategy()]])))).toThrow(
      InvalidArgumentError,
    );
    expect(() => new AutoConflictResolver(strategies(new Map([['FIELD_CONFLICT', {}]])))).toThrow(InvalidArgumentError);
    await expect(new AutoConflictResolver().resolve([{} as Conflict])).rejects.toThrow(InvalidArgumentError);
    const failing = { name: 'failing', resolve: () => Promise.reject(new Error('no')) };
    const resolver = new AutoConflictResolver({ strategies: new Map([[ConflictType.FIELD_CONFLICT, failing]]) });
    await expect(resolver.resolve([field()])).rejects.toThrow('no');
  });
});

describe('LastWriterWinsStrategy', () => {
  const winner = (local?: WriteStamp, remote?: WriteStamp) =>
    new LastWriterWinsStrategy().resolve(field(local, remote));

  it.each([
    ['seconds before milliseconds', { timestamp: 1_700_000_000 }, { timestamp: 1_700_000_000_001 }, 'c'],
    ['milliseconds before seconds', { timestamp: 1_700_000_000_999 }, { timestamp: 1_700_000_001 }, 'c'],
    ['a date after seconds', { timestamp: new Date('2030-01-01') }, { timestamp: 1_700_000_000 }, 'b'],
    ['a date before 1973 after seconds', { timestamp: new Date(5000) }, { timestamp: 4 }, 'b'],
    ['the same time in two units, by node', { timestamp: 1e9, nodeId: 'z' }, { timestamp: 1e12, nodeId: 'a' }, 'b'],
    ['the same time and node, by content', { timestamp: 1e12, nodeId: 'a' }, { timestamp: 1e12, nodeId: 'a' }, 'c'],
  ])('compares %s', (_what, local, remote, value) => {
    const resolution = winner(local, remote);
    expect(resolution).not.toBeInstanceOf(ManualResolutionRequired);
    expect(resolution.value).toBe(value);
  });

  it('leaves the conflict to a person if a time is not known', () => {
    expect(winner()).toBeInstanceOf(ManualResolutionRequired);
    expect(winner({ timestamp: 1 }).reason).toBe('the time of the remote write is not known');
  });

  it('refuses a time that is none', () => {
    expect(() => field({ timestamp: Number.NaN })).toThrow(InvalidArgumentError);
    expect(() => field({ timestamp: new Date('never') })).toThrow(InvalidArgumentError);
  });
});

describe('MergeStrategy', () => {
  const merged = (base: number[], local: number[], remote: number[]) =>
    new MergeStrategy().resolve(items(base, local, remote)).value;

  it('keeps what either side wrote and drops what either removed, the same from both sides', () => {
    expect(merged([1, 2, 3], [1, 4, 3], [1, 5, 3])).toEqual([1, 4, 5, 3]);
    expect(merged([1, 2, 3], [1, 5, 3], [1, 4, 3])).toEqual([1, 4, 5, 3]);
    expect(merged([1, 2, 3], [1, 3], [1, 9, 3])).toEqual([1, 9, 3]);
    expect(merged([1], [7, 8], [8])).toEqual([7, 8]);
  });

  it('leaves everything else to a person', () => {
    expect(new MergeStrategy().resolve(field())).toBeInstanceOf(ManualResolutionRequired);
    expect(new PreserveStrategy().resolve(field())).toBeInstanceOf(ManualResolutionRequired);
  });
});
