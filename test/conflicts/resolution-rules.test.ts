import { describe, expect, it } from 'vitest';
import { applyResolutions, undoResolution } from '../../src/conflicts/apply-resolutions.ts';
import { AutoConflictResolver } from '../../src/conflicts/auto-conflict-resolver.ts';
import type { Conflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../../src/conflicts/conflict-resolution.ts';
import { ConflictType } from '../../src/conflicts/conflict-type.ts';
import { ResolutionOutdatedError } from '../../src/conflicts/errors.ts';
import { ManualQueue } from '../../src/conflicts/manual-queue.ts';
import { readyRules } from '../../src/conflicts/ready-rules.ts';
import { RememberedDecisions } from '../../src/conflicts/remembered-decisions.ts';
import { ResolutionLog } from '../../src/conflicts/resolution-log.ts';
import { ConcatenateStrategy } from '../../src/conflicts/strategies/concatenate-strategy.ts';
import { CustomStrategy } from '../../src/conflicts/strategies/custom-strategy.ts';
import { DeletionWinsStrategy } from '../../src/conflicts/strategies/deletion-wins-strategy.ts';
import { MaxStrategy, MinStrategy } from '../../src/conflicts/strategies/extreme-strategies.ts';
import { HigherVersionStrategy } from '../../src/conflicts/strategies/higher-version-strategy.ts';
import { ManualStrategy } from '../../src/conflicts/strategies/manual-strategy.ts';
import { MergeStrategy } from '../../src/conflicts/strategies/merge-strategy.ts';
import { PreserveStrategy } from '../../src/conflicts/strategies/preserve-strategy.ts';
import { LocalWinsStrategy, RemoteWinsStrategy } from '../../src/conflicts/strategies/side-wins-strategies.ts';
import { UnionStrategy } from '../../src/conflicts/strategies/union-strategy.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

/** The conflict between two values of one field. */
function conflictOf(base: unknown, local: unknown, remote: unknown, name = 'a'): Conflict {
  const at = (value: unknown) => (value === undefined ? {} : { [name]: value });
  const { conflicts } = threeWayMerge<unknown>({ base: at(base), local: at(local), remote: at(remote) });
  expect(conflicts).toHaveLength(1);
  return conflicts[0]!;
}
const manual = expect.any(ManualResolutionRequired);

describe('strategies', () => {
  it.each([
    [new LocalWinsStrategy(), 1, 2, 3, 2],
    [new RemoteWinsStrategy(), 1, 2, 3, 3],
    [new MaxStrategy(), 1, 2, 3, 3],
    [new MinStrategy(), 1, 2, 3, 2],
    [new MaxStrategy(), '1.0.0', '1.2.0', '1.10.0', '1.10.0'],
    [new HigherVersionStrategy(), '2.6.7', '2.6.9', '2.6.8', '2.6.9'],
    [new HigherVersionStrategy(), '^2.11.1', '~2.12', '^2.11.2', '~2.12'],
    [new HigherVersionStrategy(), '9.4.0', 'github:a/b#develop', '9.4.1', 'github:a/b#develop'],
    [new HigherVersionStrategy(), '1', '^9.2.0', '9.2.0', '^9.2.0'],
    [new PreserveStrategy(), 'a', undefined, 'b', 'b'],
    [new PreserveStrategy(), 'a', '', 'b', 'b'],
    [new DeletionWinsStrategy(), 'a', undefined, 'b', undefined],
    [new DeletionWinsStrategy(), 'a', 'b', '', ''],
    [new UnionStrategy(), [1, 2], [1, 3], [4], [1, 3, 4]],
    [new ConcatenateStrategy(), 'a', 'c', 'b', 'b\nc'],
    [new ConcatenateStrategy({ separator: '; ' }), 'a', 'b c', 'c', 'b c'],
    [new MergeStrategy(), 5, 6, 8, 9],
    [new MergeStrategy(), 'the old house', 'the new house', 'the old big house', 'the new big house'],
  ])('%o of %j, %j, %j', async (strategy, base, local, remote, value) => {
    const resolution = await strategy.resolve(conflictOf(base, local, remote));
    expect(resolution).not.toEqual(manual);
    expect(resolution.value).toEqual(value);
    expect(resolution.confidence).toBeGreaterThan(0);
    expect(resolution.confidence).toBeLessThan(1);
    expect(ConflictResolution.fromJSON(JSON.parse(JSON.stringify(resolution)))).toEqual(resolution);
  });

  it.each([
    [new MaxStrategy(), 'a', 'b', 'c'],
    [new HigherVersionStrategy(), 'y', 'n', 'a #1'],
    [new HigherVersionStrategy(), 'a/b#1234567', 'a/b#2345678', 'a/b#3456789'],
    [new PreserveStrategy(), 'a', 'b', 'c'],
    [new DeletionWinsStrategy(), '', 'b', 'c'],
    [new DeletionWinsStrategy(), undefined, '', 'c'],
    [new UnionStrategy(), 1, 2, 3],
    [new ConcatenateStrategy(), 1, 2, 3],
    [new MergeStrategy(), 'a', 'b', 'c'],
    [new MergeStrategy(), undefined, 2, 3],
  ])('%o leaves %j, %j, %j to a person', async (strategy, base, local, remote) => {
    expect(await strategy.resolve(conflictOf(base, local, remote))).toEqual(manual);
  });

  it('say what they dropped', () => {
    const conflict = conflictOf('1.0', '1.1', '1.2');
    expect(new HigherVersionStrategy().resolve(conflict).dropped).toEqual([{ side: 'local', value: '1.1' }]);
    expect(ConflictResolution.decide(conflict, '1.3', { strategy: 'me', reason: 'a test' }).dropped).toEqual([
      { side: 'local', value: '1.1' },
      { side: 'remote', value: '1.2' },
    ]);
  });
});

describe('rules', () => {
  const decide = async (rules: ConstructorParameters<typeof AutoConflictResolver>[0], conflict: Conflict) =>
    (await new AutoConflictResolver(rules).resolve([conflict]))[0]!;

  it('are asked in order, and the first that applies and can decide does', async () => {
    const rules = [
      { path: '/other', strategy: new LocalWinsStrategy() },
      { type: ConflictType.DELETION_CONFLICT, strategy: new LocalWinsStrategy() },
      { value: 'text' as const, strategy: new LocalWinsStrategy() },
      { strategy: new UnionStrategy() },
      { path: ['/x', '/a'], value: 'number' as const, strategy: new RemoteWinsStrategy() },
    ];
    expect(await decide({ rules }, conflictOf(1, 2, 3))).toMatchObject({ strategy: 'remote-wins', value: 3 });
    expect(await decide({ rules }, conflictOf('1', '2', '3'))).toMatchObject({ strategy: 'local-wins', value: '2' });
    expect(await decide({ rules }, conflictOf(true, 1, '1'))).toMatchObject({ strategy: 'manual', confidence: 0 });
  });

  it('end where one leaves a conflict to a person for good', async () => {
    const rules = [{ path: '/a', strategy: new ManualStrategy() }, { strategy: new LocalWinsStrategy() }];
    expect(await decide({ rules }, conflictOf(1, 2, 3))).toEqual(manual);
    expect(await decide({ rules }, conflictOf(1, 2, 3, 'b'))).toMatchObject({ value: 2 });
  });

  it('may be functions', async () => {
    const mean = new CustomStrategy('mean', async ({ localValue: l, remoteValue: r }) =>
      typeof l === 'number' && typeof r === 'number' ? { value: (l + r) / 2, reason: 'half way' } : undefined,
    );
    expect(await decide({ rules: [{ strategy: mean }] }, conflictOf(1, 2, 4))).toMatchObject({
      value: 3,
      confidence: 0.5,
    });
    expect(await decide({ rules: [{ strategy: mean }] }, conflictOf(1, '2', '4'))).toEqual(manual);
  });

  it('come before the map of strategies', async () => {
    const strategies = new Map([[ConflictType.FIELD_CONFLICT, new LocalWinsStrategy()]]);
    const rules = [{ value: 'number' as const, strategy: new MaxStrategy() }];
    expect(await decide({ rules, strategies }, conflictOf(1, 2, 3))).toMatchObject({ value: 3 });
    expect(await decide({ rules, strategies }, conflictOf('1', '2', '3'))).toMatchObject({ value: '2' });
  });

  it('that are ready decide documents such as package.json', async () => {
    const rules = readyRules({ deletions: 'deletion-wins' });
    expect(await decide({ rules }, conflictOf('1', '2', '3'))).toMatchObject({ value: '3' });
    expect(await decide({ rules }, conflictOf('1', undefined, '3'))).toMatchObject({ value: undefined });
    expect(
      await decide({ rules: readyRules({ deletions: 'edit-wins' }) }, conflictOf('1', undefined, '3')),
    ).toMatchObject({ value: '3' });
  });

  it.each([
    [{ strategy: {} }, 'options.rules[0].strategy'],
    [{ type: 'X', strategy: new MaxStrategy() }, 'options.rules[0].type'],
    [{ path: 'a', strategy: new MaxStrategy() }, 'options.rules[0].path'],
    [{ value: 'date', strategy: new MaxStrategy() }, 'options.rules[0].value'],
  ])('%# is refused', (rule, argument) => {
    expect(() => new AutoConflictResolver({ rules: [rule as never] })).toThrow(expect.objectContaining({ argument }));
  });
});

describe('ManualQueue, RememberedDecisions, ResolutionLog', () => {
  it('a conflict waits once, is decided, and decided so again, with the sides swapped too', async () => {
    const decisions = new RememberedDecisions();
    const queue = new ManualQueue({ decisions });
    const resolver = new AutoConflictResolver({ rules: [], decisions, queue });
    const conflict = conflictOf('a', 'b', 'c');
    await resolver.resolve([conflict]);
    await resolver.resolve([conflictOf('a', 'c', 'b')]);
    expect(await queue.pending()).toEqual([conflict]);
    const answer = await queue.decide(conflict.id, 'local', { by: 'ana', reason: 'she knows' });
    expect(answer).toMatchObject({ value: 'b', strategy: 'ana', confidence: 1 });
    expect(await queue.pending()).toEqual([]);
    const [again] = await resolver.resolve([conflictOf('a', 'c', 'b')]);
    expect(again).toMatchObject({ value: 'b', strategy: 'ana', dropped: [{ side: 'local', value: 'c' }] });
    expect((await resolver.resolve([conflictOf('a', 'b', 'd')]))[0]).toEqual(manual);
    expect((await resolver.resolve([conflictOf('a', 'b', 'c', 'other')]))[0]).toEqual(manual);
    await decisions.forget(conflict);
    expect((await resolver.resolve([conflict]))[0]).toEqual(manual);
    await expect(queue.decide('none', 'base', { by: 'ana', reason: '' })).rejects.toThrow(
      expect.objectContaining({ argument: 'id' }),
    );
  });

  it('takes values of a person', async () => {
    const queue = new ManualQueue();
    const conflict = conflictOf('a', 'b', 'c');
    await queue.add([conflict]);
    const answer = await queue.decide(conflict.id, { value: 'd' }, { by: 'ana', reason: 'both' });
    expect(applyResolutions({ a: 'a' }, [answer])).toEqual({ a: 'd' });
  });

  it('what was decided can be undone, unless it has changed since', async () => {
    const clock = new FakeClock();
    const log = new ResolutionLog({ clock });
    const all = { base: { n: 1, t: 'a' }, local: { n: 2, t: 'b' }, remote: { n: 3, t: 'c' } };
    const { state, conflicts } = threeWayMerge(all);
    const resolver = new AutoConflictResolver({ rules: [{ path: '/n', strategy: new MaxStrategy() }], log });
    const decided = applyResolutions(state, await resolver.resolve(conflicts));
    expect(decided).toEqual({ n: 3, t: 'a' });
    const [entry, ...others] = await log.entries();
    expect(others).toEqual([]);
    expect(entry!.time.getTime()).toBe(Math.floor(clock.now()));
    expect(undoResolution({ ...decided, more: 1 }, entry!.resolution)).toEqual({ n: 1, t: 'a', more: 1 });
    expect(undoResolution(state, entry!.resolution)).toEqual(state);
    expect(() => undoResolution({ ...decided, n: 4 }, entry!.resolution)).toThrow(ResolutionOutdatedError);
  });
});

describe('the id of a conflict', () => {
  it('is the same on both replicas, wherever an item stands, and another for every other dispute', () => {
    const item = (n: number, ...before: object[]) => ({ list: [...before, { id: 'x', n }] });
    const merge = (base: unknown, local: unknown, remote: unknown) =>
      threeWayMerge<unknown>({ base, local, remote }).conflicts[0]!;
    const first = merge(item(1), item(2), item(3));
    expect(first.id).toMatch(/^[\da-f]{32}$/);
    expect(merge(item(1), item(3), item(2)).id).toBe(first.id);
    const moved = merge(item(1, { id: 'y' }), item(2, { id: 'y' }), item(3, { id: 'y' }));
    expect([moved.path, moved.id]).toEqual(['/list/1/n', first.id]);
    expect(merge(item(1), item(2), item(4)).id).not.toBe(first.id);
    expect(conflictOf(1, 2, 3).id).not.toBe(conflictOf(1, 2, 3, 'b').id);
    expect(conflictOf(undefined, 2, 3).id).not.toBe(conflictOf(null, 2, 3).id);
  });

  it.each([
    [1, 2, 3, 'medium'],
    ['a', undefined, 'b', 'medium'],
    [{ a: 1 }, undefined, { a: 2 }, 'high'],
    [1, [], {}, 'high'],
    [[1], [2], [3], 'medium'],
    [['a', 'b', 'c'], ['b', 'a', 'c'], ['c', 'b', 'a'], 'low'],
  ])('severity of %j, %j, %j is %s', (base, local, remote, severity) => {
    expect(conflictOf(base, local, remote).severity).toBe(severity);
  });
});
