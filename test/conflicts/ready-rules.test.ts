import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AutoConflictResolver } from '../../src/conflicts/auto-conflict-resolver.ts';
import { Conflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../../src/conflicts/conflict-resolution.ts';
import type { DeletionPolicy } from '../../src/conflicts/deletion-policy.ts';
import { MergeSchema } from '../../src/conflicts/merge-schema.ts';
import { type ReadyRule, readyRules } from '../../src/conflicts/ready-rules.ts';
import { HigherVersionStrategy } from '../../src/conflicts/strategies/higher-version-strategy.ts';
import { MergeAddedStrategy } from '../../src/conflicts/strategies/merge-added-strategy.ts';
import { MergeRangesStrategy } from '../../src/conflicts/strategies/merge-ranges-strategy.ts';
import { MergeWordsStrategy } from '../../src/conflicts/strategies/merge-words-strategy.ts';
import { LocalWinsStrategy } from '../../src/conflicts/strategies/side-wins-strategies.ts';
import { UnionStrategy } from '../../src/conflicts/strategies/union-strategy.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { isPlainObject, jsonEqual } from '../../src/core/json-value.ts';
import { runs } from '../invariants/runs.ts';

const at = (value: unknown) => (value === undefined ? {} : { a: value });
const conflictsOf = (base: unknown, local: unknown, remote: unknown) =>
  threeWayMerge<unknown>({ base: at(base), local: at(local), remote: at(remote) }).conflicts;
function conflictOf(base: unknown, local: unknown, remote: unknown): Conflict {
  const conflicts = conflictsOf(base, local, remote);
  expect(conflicts).toHaveLength(1);
  return conflicts[0]!;
}
const manual = expect.any(ManualResolutionRequired);
const decide = async (
  deletions: DeletionPolicy,
  [base, local, remote]: readonly unknown[],
  without?: readonly ReadyRule[],
) =>
  (
    await new AutoConflictResolver({ rules: readyRules({ deletions, without }) }).resolve([
      conflictOf(base, local, remote),
    ])
  )[0]!;

describe('MergeRangesStrategy', () => {
  const ranges = (deletions: DeletionPolicy, base: unknown, local: unknown, remote: unknown) =>
    new MergeRangesStrategy({ deletions }).resolve(conflictOf(base, local, remote));

  it.each([
    ['the operator and the numbers', '^7.1.3', '^7.2.5', '>=7.1.3', '>=7.2.5'],
    ['the operator, and both the numbers alike', '^7.1.0', '^9.2.0', '9.2.0', '9.2.0'],
    ['a branch and its number', '5.1-dev', '5.2-dev', '5.1.x-dev', '5.2.x-dev'],
    ['an alternative gone, another added', '^1.3|^2', '^2', '^1.3|^2|^3', '^2|^3'],
    ['other alternatives', '~3.3 || ~4.0.0', '~3.4 || ~4.0', '~3.3 || ~4.0', '~3.4 || ~4.0'],
    ['one added, the others raised', '^5.4|^6.0', '^5.4|^6.0|^7.0', '^5.4.24|^6.2.11', '^5.4.24|^6.2.11|^7.0'],
    ['one split in two', '^5.2|^6.0', '^5.3|^6.0', '^5.2|~6.0.14|^6.1.6', '^5.3|~6.0.14|^6.1.6'],
    ['the greatest first', '^3 || ^2', '^4 || ^3 || ^2', '^3.1 || ^2', '^4 || ^3.1 || ^2'],
  ])('lets stand what each side changed: %s', (_what, base, local, remote, value) => {
    for (const deletions of ['edit-wins', 'deletion-wins'] as const) {
      const resolution = ranges(deletions, base, local, remote);
      expect(resolution).toMatchObject({ value, strategy: 'merge-ranges', confidence: 0.9 });
      expect(ranges(deletions, base, remote, local).value).toBe(value);
    }
  });

  it('takes the higher of an alternative that both changed, and a removal as it is told', () => {
    const versions = ['^3.4.23|^4.2.4', '^4.3', '^3.4.31|^4.3.4'] as const;
    expect(ranges('deletion-wins', ...versions)).toMatchObject({
      value: '^4.3.4',
      confidence: 0.7,
      reason:
        'what each side changed in the range stands; without "^3.4.31", which was "^3.4.23", as the removal by local ' +
        'beats an edit; "^4.3.4" rather than "^4.3", as it is higher',
      dropped: [
        { side: 'local', value: '^4.3' },
        { side: 'remote', value: '^3.4.31|^4.3.4' },
      ],
    });
    expect(ranges('edit-wins', ...versions).value).toBe('^3.4.31|^4.3.4');
  });

  it.each([
    ['two releases', '1.0.0', '1.1.0', '1.0.1'],
    // 2.0.1 was never released.
    ['a release against what is on its way', '2.0.0-dev', '2.0.0', '2.0.1-dev'],
    ['a range written anew', '>=5.5.9', '^7.1.3', '^5.5.9|>=7.0.8'],
    ['ranges that both added', undefined, '^1.0.2', '^0.1.2'],
    ['a limit from above', '<5.4', '<6.4', '>=5.4'],
    ['what is no version', 'a', 'b', '1.0'],
  ])('leaves %s to the next rule', (_what, base, local, remote) => {
    expect(ranges('edit-wins', base, local, remote)).toEqual(manual);
    expect(ranges('deletion-wins', base, remote, local)).toEqual(manual);
  });

  it('leaves it to a person where nothing would be left', () => {
    expect(ranges('deletion-wins', '^1 || ^2', '^1.1', '^2.1')).toEqual(manual);
    expect(ranges('edit-wins', '^1 || ^2', '^1.1', '^2.1')).toEqual(manual);
  });
});

describe('MergeWordsStrategy', () => {
  const words = (deletions: DeletionPolicy, base: unknown, local: unknown, remote: unknown) =>
    new MergeWordsStrategy({ deletions }).resolve(conflictOf(base, local, remote));
  const build = 'npm run docs && node build.js && npm run plugins';
  const withYarn = 'yarn run docs && node build.js && yarn run plugins';

  it('takes a removal of words against an edit as it is told, beside the other edits', () => {
    expect(words('deletion-wins', build, withYarn, 'node build.js && npm run plugins')).toMatchObject({
      value: 'node build.js && yarn run plugins',
      confidence: 0.7,
      reason: 'the edits of both stand; "" rather than "yarn run docs && ", as the removal by remote beats an edit',
      dropped: [
        { side: 'local', value: withYarn },
        { side: 'remote', value: 'node build.js && npm run plugins' },
      ],
    });
    expect(words('edit-wins', build, withYarn, 'node build.js && npm run plugins').value).toBe(withYarn);
  });

  it.each([
    ['git checkout 1.23.14 && npm ci', 'git checkout 1.9.0 && npm ci', 'git checkout 1.10.0 && npm ci', 1],
    [undefined, 'y', 'y #1', 1],
    ['see a', 'see b', 'see b and c', 1],
  ])('of %j, %j, %j takes what is higher, or goes on', (base, local, remote, place) => {
    const value = [local, remote][place];
    expect(words('edit-wins', base, local, remote).value).toBe(value);
    expect(words('deletion-wins', base, remote, local).value).toBe(value);
  });

  it.each([
    [undefined, 'y', 'n'],
    [undefined, 'y', 'yes'],
    ['u', 'a', 'n'],
    ['a b c', 'a x c', 'a y c'],
    ['a/b#1234567', 'a/b#2345678', 'a/b#3456789'],
    [1, 'a', 'a b'],
    [['a'], ['b'], ['c']],
    // One moved a word that the other removed: nothing is to be chosen.
    ['a x b', 'x b', 'x b a'],
  ])('leaves %j, %j, %j to a person', (base, local, remote) => {
    expect(words('edit-wins', base, local, remote)).toEqual(manual);
    expect(words('deletion-wins', base, local, remote)).toEqual(manual);
  });
});

describe('MergeAddedStrategy', () => {
  const strategy = new MergeAddedStrategy([{ value: 'version', strategy: new HigherVersionStrategy() }]);

  it('merges objects that both added by field, and says what was decided inside', async () => {
    const resolution = await strategy.resolve(
      conflictOf(undefined, { x: '1.0', y: 1, in: { z: '2.1' } }, { x: '1.1', w: [], in: { z: '2.0' } }),
    );
    expect(resolution).toMatchObject({
      value: { x: '1.1', y: 1, w: [], in: { z: '2.1' } },
      strategy: 'merge-added',
      confidence: 0.9,
      reason: expect.stringMatching(
        /^both sides added it.*; \/x \(remote has .*\); \/in \(both .*; \/z \(local has .*\)\)$/,
      ),
    });
    expect(resolution.dropped).toHaveLength(2);
  });

  it('leaves the whole to a person if a field inside is, and what was there before', async () => {
    const open = await strategy.resolve(conflictOf(undefined, { x: '1.0', s: 'a' }, { x: '1.1', s: 'b' }));
    expect(open).toEqual(manual);
    expect(open.reason).toMatch(/^inside, on \/s: /);
    expect(await strategy.resolve(conflictOf({ x: '1' }, { x: '2' }, undefined))).toEqual(manual);
    expect(await strategy.resolve(conflictOf(undefined, 1, { x: '2' }))).toEqual(manual);
  });
});

describe('readyRules', () => {
  it.each([
    ['removals', ['1', undefined, 'x'], 'x'],
    ['ranges', ['^1.0', '^1.1', '~1.0'], '~1.1'],
    ['versions', ['a', '1.0', '1.1'], '1.1'],
    ['lists', [[1, 5], [2, 4], [3]], [2, 4, 3]],
    ['texts', ['a b', 'A b', 'a B'], 'A B'],
    ['words', ['', 'a', 'a b'], 'a b'],
    ['added', [undefined, { v: '1' }, { v: '2' }], { v: '2' }],
  ] as const)('%s decide what the others leave, and can be left out', async (name, versions, value) => {
    expect((await decide('edit-wins', versions)).value).toEqual(value);
    // A range that is not merged goes to the higher of two versions, which is content's choice here.
    const left = await decide('edit-wins', versions, name === 'ranges' ? ['ranges', 'versions', 'words'] : [name]);
    if (name === 'ranges') expect(left).toMatchObject({ strategy: 'merge' });
    else expect(left).toEqual(manual);
  });

  it('do not bring back what one side removed from a list', async () => {
    const versions = [
      [{ n: 1 }, { n: 2 }, 3],
      [{ n: 1, m: 1 }, 3],
      [{ n: 2 }, 3],
    ];
    expect((await decide('edit-wins', versions)).value).toEqual([{ n: 1, m: 1 }, 3]);
  });

  it('refuse policies and names that are none', () => {
    for (const [options, argument] of [
      [undefined, 'options.deletions'],
      [{ deletions: 'both' }, 'options.deletions'],
      [{ deletions: 'edit-wins', without: ['lists', 'list'] }, 'options.without'],
    ] as const) {
      expect(() => readyRules(options as never)).toThrow(expect.objectContaining({ argument }));
    }
    expect(() => new MergeRangesStrategy({} as never)).toThrow(
      expect.objectContaining({ argument: 'options.deletions' }),
    );
    expect(() => new MergeWordsStrategy({} as never)).toThrow(
      expect.objectContaining({ argument: 'options.deletions' }),
    );
  });

  const versions = fc.constantFrom(
    '1',
    '^1.2',
    '~1.3',
    '>=1.2',
    '^1.2|^2.0',
    '^1.4|^3',
    '^2.1|^3|^4',
    '5.1-dev',
    '5.x-dev',
  );
  const texts = fc
    .array(fc.constantFrom('a', 'b', '1.2', '1.3', ','), { maxLength: 5 })
    .map((words) => words.join(' '));
  const plain = fc.oneof(versions, texts, fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }));
  const values = fc.option(fc.oneof(plain, fc.dictionary(fc.constantFrom('x', 'y'), plain)), { nil: undefined });

  it('CF3 CF12 give the same whichever side is called local, and say who decided, why, and what is dropped', async () => {
    await fc.assert(
      fc.asyncProperty(
        values,
        values,
        values,
        fc.constantFrom('edit-wins' as const, 'deletion-wins' as const),
        async (base, local, remote, deletions) => {
          const resolver = new AutoConflictResolver({ rules: readyRules({ deletions }) });
          const resolutions = await resolver.resolve(conflictsOf(base, local, remote));
          const swapped = await resolver.resolve(conflictsOf(base, remote, local));
          expect(swapped.map(({ value }) => JSON.stringify(value))).toEqual(
            resolutions.map(({ value }) => JSON.stringify(value)),
          );
          for (const resolution of resolutions) {
            if (resolution instanceof ManualResolutionRequired) continue;
            const { conflict, value, dropped } = resolution;
            expect(resolution.reason).not.toBe('');
            expect(ConflictResolution.fromJSON(JSON.parse(JSON.stringify(resolution)))).toEqual(resolution);
            // Lists and texts of which nothing is dropped have neither side's value.
            if (resolution.strategy !== 'merge') {
              const wanted = (['local', 'remote'] as const).filter((side) => !jsonEqual(conflict.valueOn(side), value));
              expect(dropped.map(({ side }) => side)).toEqual(wanted);
            }
            // Nothing is invented: each word of a text stands in one of the versions.
            if (typeof value === 'string' && !isPlainObject(conflict.localValue)) {
              const known = new Set([conflict.baseValue, conflict.localValue, conflict.remoteValue].flatMap(wordsOf));
              expect(wordsOf(value).filter((word) => !known.has(word))).toEqual([]);
            }
          }
        },
      ),
      runs(1000),
    );
  });
});

const wordsOf = (value: unknown) =>
  typeof value === 'string' ? (value.match(/\d+(?:\.[\dx]+)*|\w+|[\^~<>=]+/g) ?? []) : [];

describe('UnionStrategy', () => {
  it('says whose removal it undoes', () => {
    const resolution = new UnionStrategy().resolve(conflictOf([0, 1, 2], [0, 3, 2], [0, 4]));
    expect(resolution.value).toEqual([0, 3, 2, 4]);
    expect(resolution.dropped).toEqual([{ side: 'remote', value: [0, 4] }]);
  });
});

describe('what the schema calls atomic', () => {
  it.each([
    ['added objects', undefined, { x: 1 }, { y: 2 }],
    ['texts', 'one two three', 'one! two three', 'one two three!'],
    ['ranges', '^7.1', '^7.2', '>=7.1'],
    ['lists', [1, 2], [1, 2, 3], [0, 1, 2]],
  ])(
    'is merged inside by no ready rule, be it %s, and a decision for one side stands',
    async (_, base, local, remote) => {
      const rules = readyRules({ deletions: 'edit-wins', without: ['versions'] });
      const merged = (schema?: MergeSchema) =>
        threeWayMerge<unknown>({ base: at(base), local: at(local), remote: at(remote), schema });
      const { conflicts } = merged(new MergeSchema({ '/a': 'atomic' }));
      expect(conflicts).toMatchObject([{ path: '/a', isAtomic: true }]);
      const stored = Conflict.fromJSON(JSON.parse(JSON.stringify(conflicts[0])));
      expect(stored).toEqual(conflicts[0]);
      const [left] = await new AutoConflictResolver({ rules }).resolve([stored]);
      expect(left).toBeInstanceOf(ManualResolutionRequired);
      expect(left!.reason).toContain('does not merge what the schema calls atomic');
      const side = [...rules, { strategy: new LocalWinsStrategy() }];
      expect((await new AutoConflictResolver({ rules: side }).resolve([stored]))[0]!.value).toEqual(local);
      const plain = await new AutoConflictResolver({ rules }).resolve(merged().conflicts);
      expect(plain.filter((resolution) => resolution instanceof ManualResolutionRequired)).toEqual([]);
    },
  );
});
