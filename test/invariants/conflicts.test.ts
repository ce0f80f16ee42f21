import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyResolutions } from '../../src/conflicts/apply-resolutions.ts';
import { AutoConflictResolver } from '../../src/conflicts/auto-conflict-resolver.ts';
import { Conflict, StructuralConflict } from '../../src/conflicts/conflict.ts';
import { ConflictResolution } from '../../src/conflicts/conflict-resolution.ts';
import { ConflictType } from '../../src/conflicts/conflict-type.ts';
import { keyByFields } from '../../src/conflicts/list-identity.ts';
import { mergeSequence } from '../../src/conflicts/merge-sequence.ts';
import { LastWriterWinsStrategy } from '../../src/conflicts/strategies/last-writer-wins-strategy.ts';
import { mergeText } from '../../src/conflicts/text-merge.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { jsonEqual } from '../../src/core/json-value.ts';
import { anyJson, type RelatedVersions, relatedOrders, relatedVersions } from './arbitraries/related-versions.ts';
import { checkMerge } from './models/merge-checker.ts';
import { runs } from './runs.ts';

// Related versions are what the library meets; unrelated ones reach the corners.
const versions = fc.oneof(
  { weight: 6, arbitrary: relatedVersions },
  { weight: 2, arbitrary: relatedOrders as unknown as fc.Arbitrary<RelatedVersions> },
  { weight: 1, arbitrary: fc.record({ base: anyJson, local: anyJson, remote: anyJson }) },
) as fc.Arbitrary<RelatedVersions>;
const swapped = ({ base, local, remote }: RelatedVersions) => ({ base, local: remote, remote: local });
const choice = fc.constantFrom('local', 'remote', 'base');
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('conflicts', () => {
  it('CF1 what both sides made alike is the result, without conflicts', () => {
    fc.assert(
      fc.property(versions, ({ base, local }) => {
        const merged = threeWayMerge({ base, local, remote: structuredClone(local) });
        expect(merged).toEqual({ state: local, conflicts: [] });
        expect(JSON.stringify(merged.state)).toBe(JSON.stringify(local));
      }),
      runs(300),
    );
  });

  it('CF2 where one side changed nothing, the other side is the result', () => {
    fc.assert(
      fc.property(versions, ({ base, local }) => {
        for (const same of [base, structuredClone(base)]) {
          for (const merged of [
            threeWayMerge({ base, local: same, remote: local }),
            threeWayMerge({ base, local, remote: same }),
          ]) {
            expect(merged.conflicts).toEqual([]);
            expect(merged.state).toEqual(local);
          }
        }
      }),
      runs(300),
    );
  });

  it('CF3 swapping the sides swaps the sides of the conflicts and nothing else', () => {
    const otherWay = (words: string) =>
      words.replace(/\b(local|remote)\b/g, (side) => (side === 'local' ? 'remote' : 'local'));
    fc.assert(
      fc.property(versions, (all) => {
        const one = threeWayMerge(all);
        const other = threeWayMerge(swapped(all));
        expect(JSON.stringify(other.state)).toBe(JSON.stringify(one.state));
        expect(other.conflicts.map(json)).toEqual(
          one.conflicts.map((conflict) => ({
            ...conflict.toJSON(),
            localValue: conflict.remoteValue,
            remoteValue: conflict.localValue,
            reason: otherWay(conflict.reason),
          })),
        );
      }),
      runs(500),
    );
  });

  it('CF3 two replicas with the same times and policy arrive at the same state', async () => {
    const stamp = fc.record({
      timestamp: fc.constantFrom(1_700_000_000, 1_700_000_000_000, 1_700_000_001),
      nodeId: fc.constantFrom('n', 'm'),
    });
    await fc.assert(
      fc.asyncProperty(versions, stamp, stamp, async (all, mine, theirs) => {
        const lastWriter = new LastWriterWinsStrategy();
        const resolver = new AutoConflictResolver({
          strategies: new Map(Object.values(ConflictType).map((type) => [type, lastWriter])),
        });
        const one = threeWayMerge({ ...all, localStamps: mine, remoteStamps: theirs });
        const other = threeWayMerge({ ...swapped(all), localStamps: theirs, remoteStamps: mine });
        const state = applyResolutions(one.state, await resolver.resolve(one.conflicts));
        expect(applyResolutions(other.state, await resolver.resolve(other.conflicts))).toEqual(state);
      }),
      runs(300),
    );
  });

  it('CF4 CF5 CF8 nothing is invented, and each change is in the state or in a conflict that holds it', () => {
    fc.assert(
      fc.property(versions, (all) => {
        expect(checkMerge(all, threeWayMerge(all))).toEqual({ losses: [], inventions: [] });
      }),
      runs(1500),
    );
  });

  it('CF6 merging the result again with either side changes nothing', () => {
    fc.assert(
      fc.property(versions, (all) => {
        const { state } = threeWayMerge(all);
        for (const side of [all.local, all.remote]) {
          expect(threeWayMerge({ base: side, local: state, remote: side })).toEqual({ state, conflicts: [] });
        }
      }),
      runs(300),
    );
  });

  it('CF6 the same merge again, by somebody who has not heard of the first, changes nothing in lists with identity', () => {
    fc.assert(
      fc.property(relatedOrders, fc.func(fc.integer({ min: 0, max: 1 })), (orders, flag) => {
        const items = (side: 'base' | 'local' | 'remote') => orders[side].map((id) => ({ id, n: flag(side, id) }));
        const all = { base: items('base'), local: items('local'), remote: items('remote') };
        const { state, conflicts } = threeWayMerge(all);
        fc.pre(conflicts.length === 0);
        for (const side of [all.local, all.remote]) {
          expect(threeWayMerge({ base: all.base, local: state, remote: side })).toEqual({ state, conflicts: [] });
        }
      }),
      runs(300),
    );
  });

  it('CF7 a decision made later, from a conflict that was JSON in between, takes effect and can be repeated', () => {
    fc.assert(
      fc.property(versions, fc.array(choice, { minLength: 1 }), (all, choices) => {
        const localStamps = { timestamp: 1_700_000_000, nodeId: 'n' };
        const { state, conflicts } = threeWayMerge({ ...all, localStamps, remoteStamps: { timestamp: new Date() } });
        const restored = conflicts.map((conflict) => Conflict.fromJSON(json(conflict)));
        expect(restored).toEqual(conflicts);
        const resolutions = restored.map((conflict, at) =>
          ConflictResolution.choose(conflict, choices[at % choices.length]!, { strategy: 'person', reason: 'a test' }),
        );
        const later = json(state);
        const decided = applyResolutions(later, resolutions);
        expect(later).toEqual(state);
        expect(applyResolutions(decided, resolutions)).toEqual(decided);
        if (choices.every((each) => each === 'base')) expect(decided).toEqual(state);
        for (const { conflict, value } of resolutions) expect(wantedAt(decided, conflict)).toEqual(value);
      }),
      runs(500),
    );
  });

  it('CF7 all decisions for one side give a state that lacks nothing of that side', () => {
    fc.assert(
      fc.property(versions, fc.constantFrom('local', 'remote'), (all, side) => {
        const { state, conflicts } = threeWayMerge(all);
        const note = { strategy: 'person', reason: 'a test' };
        const decided = applyResolutions(
          state,
          conflicts.map((conflict) => ConflictResolution.choose(conflict, side, note)),
        );
        if (jsonEqual(decided, state)) return;
        const fromBase = threeWayMerge({ base: state, local: decided, remote: state });
        expect(fromBase.state).toEqual(decided);
      }),
      runs(200),
    );
  });

  it('CF10 hostile keys are data', () => {
    const base: unknown = JSON.parse('{"__proto__":{"a":1,"b":1},"constructor":{"prototype":1}}');
    const local: unknown = JSON.parse('{"__proto__":{"a":2,"b":1},"constructor":{"prototype":1}}');
    const remote: unknown = JSON.parse('{"__proto__":{"a":1,"b":2},"constructor":{"prototype":2}}');
    const { state, conflicts } = threeWayMerge({ base, local, remote });
    expect(conflicts).toEqual([]);
    expect(JSON.stringify(state)).toBe('{"__proto__":{"a":2,"b":2},"constructor":{"prototype":2}}');
    expect(Object.getPrototypeOf(state)).toBe(Object.prototype);
  });

  it('CF11 what all three versions share is not looked at', () => {
    const shared = {
      get trap(): never {
        throw new Error('it was looked at');
      },
    };
    const { state } = threeWayMerge<object>({
      base: { shared, list: [{ id: 1, shared }], n: 1 },
      local: { shared, list: [{ id: 1, shared }], n: 2 },
      remote: { shared, list: [{ id: 1, shared }, { id: 2 }], n: 1 },
    });
    expect(Object.keys(state)).toEqual(['shared', 'list', 'n']);
  });

  it('CF4 CF5 lists without identity and texts lose nothing by moves, be they merged by place', () => {
    // Edits of a short list with few different items, so that items move, meet and repeat.
    const row = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 });
    const splices = fc.array(fc.tuple(fc.nat(5), fc.nat(1), fc.array(fc.nat(3), { maxLength: 1 })), { maxLength: 3 });
    const rows = fc.tuple(row, splices, splices).map(([base, local, remote]) => {
      const edited = (edits: typeof local) =>
        edits.reduce((items, [at, removed, added]) => items.toSpliced(at, removed, ...added), base);
      return { base, local: edited(local), remote: edited(remote) };
    });
    const asText = (items: readonly number[]) => `\n${items.map((item) => `${item}\n`).join('')}`;
    fc.assert(
      fc.property(rows, ({ base, local, remote }) => {
        const texts = { base: asText(base), local: asText(local), remote: asText(remote) };
        for (const all of [{ base, local, remote }, texts]) {
          expect(checkMerge(all, threeWayMerge<unknown>(all))).toEqual({ losses: [], inventions: [] });
        }
      }),
      runs(1500),
    );
  });

  const sequence = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });
  it('CF2 CF3 CF5 a merge of sequences covers all three, and each stretch is what it says', () => {
    fc.assert(
      fc.property(sequence, sequence, sequence, (base, local, remote) => {
        const ranges = mergeSequence({ base, local, remote });
        for (const [name, items] of Object.entries({ base, local, remote })) {
          const parts = ranges.map((range) => range[name as 'base']);
          expect(parts.flatMap(({ start, end }) => items.slice(start, end))).toEqual(items);
        }
        for (const { kind, ...range } of ranges) {
          const [b, l, r] = [base, local, remote].map((items, at) => {
            const { start, end } = Object.values(range)[at]!;
            return items.slice(start, end).join();
          });
          const actual =
            l === r ? (b === l ? 'unchanged' : 'both') : b === r ? 'local' : b === l ? 'remote' : 'conflict';
          expect(kind).toBe(actual);
        }
        const otherSide = {
          local: 'remote',
          remote: 'local',
          unchanged: 'unchanged',
          both: 'both',
          conflict: 'conflict',
        };
        expect(mergeSequence({ base, local: remote, remote: local })).toEqual(
          ranges.map(({ kind, base, local, remote }) => ({
            kind: otherSide[kind],
            base,
            local: remote,
            remote: local,
          })),
        );
      }),
      runs(1000),
    );
  });

  it('CF1 CF2 CF5 a merge of texts keeps every line end, and each dispute whole', () => {
    const text = fc
      .array(fc.constantFrom('a\n', 'b\r\n', 'c\n', '\n'), { maxLength: 8 })
      .chain((lines) => fc.constantFrom('', 'end').map((last) => lines.join('') + last));
    fc.assert(
      fc.property(text, text, text, (base, local, remote) => {
        expect(mergeText({ base, local, remote: local })).toEqual({ text: local, conflicts: [] });
        expect(mergeText({ base, local: base, remote })).toEqual({ text: remote, conflicts: [] });
        const { text: merged, conflicts } = mergeText({ base, local, remote });
        for (const conflict of conflicts) {
          expect(local).toContain(conflict.local);
          expect(remote).toContain(conflict.remote);
          const before = merged
            .split(/(?<=\n)/)
            .slice(0, conflict.line - 1)
            .join('');
          expect(merged.startsWith(before + conflict.base)).toBe(true);
        }
      }),
      runs(500),
    );
  });
});

/** What stands in the state where the conflict is; of an order, the disputed items in their order. */
function wantedAt(state: unknown, conflict: Conflict): unknown {
  let value = state as Record<string, unknown> | undefined;
  for (const part of conflict.location) {
    if (typeof part === 'string') value = (Object.hasOwn(value!, part) ? value![part] : undefined) as typeof value;
    else value = (value as unknown as Record<string, unknown>[]).find((item) => item[part.key!] === part.value);
  }
  if (!(conflict instanceof StructuralConflict) || conflict.aspect !== 'order') return value;
  const ids = (value as unknown as unknown[]).map((item) =>
    conflict.key === undefined ? item : keyByFields([conflict.key].flat()).of(item),
  );
  return ids.filter((id) => (conflict.baseValue as readonly unknown[]).includes(id));
}
