import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyResolutions, undoResolution } from '../../src/conflicts/apply-resolutions.ts';
import { AutoConflictResolver } from '../../src/conflicts/auto-conflict-resolver.ts';
import { Conflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../../src/conflicts/conflict-resolution.ts';
import { MergeSchema } from '../../src/conflicts/merge-schema.ts';
import { readyRules } from '../../src/conflicts/ready-rules.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { isSound, relatedTrees, type TreeItem } from './arbitraries/related-trees.ts';
import { relatedVersions } from './arbitraries/related-versions.ts';
import { checkMerge } from './models/merge-checker.ts';
import { runs } from './runs.ts';

const schema = new MergeSchema({ '': { as: 'list', key: 'id', unique: ['slug'], parent: 'parent' } });
const swap = <T>({ base, local, remote }: { base: T; local: T; remote: T }) => ({ base, local: remote, remote: local });
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const choice = fc.constantFrom('local', 'remote', 'base');

describe('merging by a schema', () => {
  it('CF4 CF5 CF7 no two items get one slug and none becomes its own ancestor, and what that holds back is in conflicts', () => {
    fc.assert(
      fc.property(relatedTrees, (all) => {
        const { state, conflicts } = threeWayMerge<readonly TreeItem[]>({ ...all, schema });
        expect(isSound(state)).toBe(true);
        expect(checkMerge(all, { state, conflicts })).toEqual({ losses: [], inventions: [] });
        expect(conflicts.map((conflict) => Conflict.fromJSON(json(conflict)))).toEqual(conflicts);
      }),
      runs(1000),
    );
  });

  it('CF1 CF2 CF3 CF6 hold for lists with rules', () => {
    fc.assert(
      fc.property(relatedTrees, (all) => {
        const { state, conflicts } = threeWayMerge<readonly TreeItem[]>({ ...all, schema });
        const other = threeWayMerge<readonly TreeItem[]>({ ...swap(all), schema });
        expect(json(other.state)).toEqual(json(state));
        expect(other.conflicts.map(({ id, path }) => [id, path])).toEqual(conflicts.map(({ id, path }) => [id, path]));
        const { base, local } = all;
        expect(threeWayMerge({ base, local, remote: [...local], schema })).toEqual({ state: local, conflicts: [] });
        expect(threeWayMerge({ base, local, remote: [...base], schema })).toEqual({ state: local, conflicts: [] });
        expect(threeWayMerge({ base: local, local: state, remote: [...local], schema }).state).toEqual(state);
      }),
      runs(500),
    );
  });

  it('CF7 CF12 each decision takes effect, can be repeated, and can be undone', () => {
    fc.assert(
      fc.property(fc.oneof(relatedTrees, relatedVersions), fc.array(choice, { minLength: 1 }), (all, choices) => {
        const isTree = Array.isArray(all.base) && 'local' in all && isTrees(all);
        const merged = threeWayMerge<unknown>(isTree ? { ...all, schema } : all);
        for (const [at, conflict] of merged.conflicts.entries()) {
          const note = { strategy: 'person', reason: 'a test' };
          const resolution = ConflictResolution.choose(conflict, choices[at % choices.length]!, note);
          const decided = applyResolutions(merged.state, [resolution]);
          expect(applyResolutions(decided, [resolution])).toEqual(decided);
          const restored = ConflictResolution.fromJSON(json(resolution));
          expect(sorted(undoResolution(decided, restored))).toEqual(sorted(merged.state));
        }
      }),
      runs(500),
    );
  });

  it('CF3 CF12 the ready-made rules bring both replicas to one state, and every decision says why', async () => {
    await fc.assert(
      fc.asyncProperty(
        relatedVersions,
        fc.constantFrom('edit-wins' as const, 'deletion-wins' as const),
        async (all, deletions) => {
          const resolver = new AutoConflictResolver({ rules: readyRules({ deletions }) });
          const decide = async (versions: typeof all) => {
            const { state, conflicts } = threeWayMerge<unknown>(versions);
            const resolutions = await resolver.resolve(conflicts);
            for (const { conflict, reason, strategy, confidence, ...resolution } of resolutions) {
              expect([reason, strategy].every((text) => text.length > 0)).toBe(true);
              const isManual = strategy === 'manual';
              expect(confidence > 0).toBe(!isManual);
              if (isManual) expect(resolution.value).toEqual(conflict.baseValue);
            }
            return {
              state: applyResolutions(state, resolutions),
              open: resolutions
                .filter((one) => one instanceof ManualResolutionRequired)
                .map(({ conflict }) => conflict.id),
            };
          };
          expect(await decide(swap(all) as typeof all)).toEqual(await decide(all));
        },
      ),
      runs(300),
    );
  });

  it('CF3 counters add up, sets keep what neither side removed, the greatest number stays', () => {
    const number = fc.integer({ min: -5, max: 5 });
    const set = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
    const version = fc.record({ n: number, max: number, set });
    const rules = new MergeSchema({ '/n': 'counter', '/max': 'max', '/set': 'set' });
    fc.assert(
      fc.property(version, version, version, (base, local, remote) => {
        const { state, conflicts } = threeWayMerge({ base, local, remote, schema: rules });
        expect(conflicts).toEqual([]);
        expect(state.n + 0).toBe(local.n + remote.n - base.n + 0);
        const [b, l, r] = [base, local, remote].map((one) => new Set(one.set));
        for (const member of ['a', 'b', 'c', 'd', 'e'] as const) {
          const wanted = b!.has(member) ? l!.has(member) && r!.has(member) : l!.has(member) || r!.has(member);
          expect([member, state.set.includes(member)]).toEqual([member, wanted]);
        }
        const isChanged = local.max !== base.max && remote.max !== base.max;
        expect(state.max).toBe(
          isChanged ? Math.max(local.max, remote.max) : local.max === base.max ? remote.max : local.max,
        );
        expect(threeWayMerge({ base, local: remote, remote: local, schema: rules }).state).toEqual(state);
      }),
      runs(500),
    );
  });
});

const isTrees = (all: { readonly base: unknown }) =>
  (all.base as readonly unknown[]).every((item) => typeof item === 'object' && item !== null && 'slug' in item);

/** Items that a decision had put into a list go back to where nobody can say: members count. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value
      .map(sorted)
      .map((item) => JSON.stringify(item))
      .sort();
  return value;
}
