// Merges that people made (965 real JSON files with base, both sides and what was committed): how many each tool merges by
// itself, how often it agrees with the people, and how long it takes beside parsing the three versions.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { stableStringify } from '../../src/core/checksum.ts';
import { isPlainObject, type JsonObject, type JsonValue, jsonEqual, setOwn } from '../../src/core/json-value.ts';
import { checkMerge } from '../invariants/models/merge-checker.ts';
import { type BenchOptions, type BenchTable, counted, median, round2 } from './compare.ts';

const file = '../shared/data/merges/json.jsonl.gz';

interface RealMerge {
  readonly git: { readonly clean: boolean };
  readonly base: JsonValue;
  readonly ours: JsonValue;
  readonly theirs: JsonValue;
  readonly merged: JsonValue;
}

/** What a tool gives where a person must decide something. */
const undecided = Symbol('undecided');
type Merged = JsonValue | undefined | typeof undecided;

interface Tool {
  readonly name: string;
  merge(base: JsonValue, local: JsonValue, remote: JsonValue): Merged;
}

const tools: readonly Tool[] = [
  {
    name: 'threeWayMerge',
    merge(base, local, remote) {
      const { state, conflicts } = threeWayMerge({ base, local, remote });
      return conflicts.length === 0 ? state : undecided;
    },
  },
  { name: 'fields only, lists whole', merge: mergeFields },
];

/** The plain structural merge that a careful application writes for itself; undefined stands for absent. */
function mergeFields(base: Merged, local: Merged, remote: Merged): Merged {
  if (jsonEqual(local, remote) || jsonEqual(base, remote)) return local;
  if (jsonEqual(base, local)) return remote;
  if (!isPlainObject(base) || !isPlainObject(local) || !isPlainObject(remote)) return undecided;
  const merged: JsonObject = {};
  for (const key of new Set([...Object.keys(local), ...Object.keys(remote)])) {
    const [ofBase, ofLocal, ofRemote] = [base, local, remote].map((version) =>
      Object.hasOwn(version, key) ? (version[key] as JsonValue) : undefined,
    );
    const value = mergeFields(ofBase, ofLocal, ofRemote);
    if (value === undecided) return undecided;
    if (value !== undefined) setOwn(merged, key, value);
  }
  return merged;
}

/** The value with its lists sorted: equal for values that differ in the order of lists alone. */
function unordered(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => stableStringify(unordered(item))).sort();
  if (!isPlainObject(value)) return value;
  const copy = {};
  for (const key of Object.keys(value)) setOwn(copy, key, unordered(value[key] as JsonValue));
  return copy;
}

const percent = (part: number, whole: number) => Math.round((1000 * part) / whole) / 10;

export async function run({ rounds }: BenchOptions): Promise<readonly BenchTable[]> {
  if (!existsSync(file)) return [{ title: `${file} is not there, nothing to measure`, rows: [] }];
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  const cases = lines.map((line): RealMerge => JSON.parse(line));
  const timesParse = measureTimes(cases, rounds);
  const checked = cases.map(({ base, ours: local, theirs: remote }) =>
    checkMerge({ base, local, remote }, threeWayMerge({ base, local, remote })),
  );
  return [
    {
      title: `${cases.length} real merges`,
      rows: tools.flatMap((tool) =>
        [true, false].map((clean) => ({
          tool: tool.name,
          'merge as text': clean ? 'clean' : 'conflict',
          ...agreement(
            tool,
            cases.filter(({ git }) => git.clean === clean),
          ),
          'time / JSON.parse': timesParse.get(tool.name)!,
        })),
      ),
    },
    {
      title: 'threeWayMerge, checked apart',
      rows: [
        {
          'cases with a silent loss': checked.filter(({ losses }) => losses.length > 0).length,
          'cases with an invented value': checked.filter(({ inventions }) => inventions.length > 0).length,
        },
      ],
    },
  ];
}

/** How long each tool takes for all cases, as a multiple of parsing their three versions. */
function measureTimes(cases: readonly RealMerge[], rounds: number): ReadonlyMap<string, number> {
  const texts = cases.flatMap(({ base, ours, theirs }) =>
    [base, ours, theirs].map((version) => JSON.stringify(version)),
  );
  const works = new Map<string, () => void>();
  works.set('JSON.parse', () => {
    for (const text of texts) JSON.parse(text);
  });
  for (const tool of tools) {
    works.set(tool.name, () => {
      for (const { base, ours, theirs } of cases) tool.merge(base, ours, theirs);
    });
  }
  const times = new Map([...works.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of works) {
      const start = performance.now();
      work();
      times.get(name)!.push(performance.now() - start);
    }
  }
  const of = (name: string) => median(counted(times.get(name)!));
  return new Map([...works.keys()].map((name) => [name, round2(of(name) / of('JSON.parse'))]));
}

/** How many cases a tool merges by itself, and how often it agrees with what people committed. */
function agreement(tool: Tool, cases: readonly RealMerge[]) {
  const outcomes = cases.map(({ base, ours, theirs, merged }) => ({ state: tool.merge(base, ours, theirs), merged }));
  const automatic = outcomes.filter((outcome): outcome is { state: JsonValue; merged: JsonValue } => {
    return outcome.state !== undecided;
  });
  const agreeing = automatic.filter(({ state, merged }) => jsonEqual(state, merged));
  const apartFromOrder = automatic.filter(({ state, merged }) => jsonEqual(unordered(state), unordered(merged)));
  return {
    cases: cases.length,
    'automatic %': percent(automatic.length, cases.length),
    'as people did %': percent(agreeing.length, cases.length),
    'apart from order %': percent(apartFromOrder.length, cases.length),
  };
}
