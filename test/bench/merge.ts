// Merges that people made (965 real JSON files with base, both sides and what was committed): how many each tool merges by
// itself, how often it agrees with the people, and how long it takes beside parsing the three versions.
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { stableStringify } from '../../src/core/checksum.ts';
import { isPlainObject, type JsonObject, type JsonValue, jsonEqual, setOwn } from '../../src/core/json-value.ts';
import { checkMerge } from '../invariants/models/merge-checker.ts';

export const name = 'merge';

const file = '../shared/data/merges/json.jsonl.gz';
const rounds = 5;

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

const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
const percent = (part: number, whole: number) => Math.round((1000 * part) / whole) / 10;

/** Prints the comparison; gives the same as data. */
export async function run(): Promise<unknown> {
  if (!existsSync(file)) {
    console.log(`merge: ${file} is not there, nothing to measure`);
    return undefined;
  }
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  const cases = lines.map((line): RealMerge => JSON.parse(line));
  const texts = cases.map(({ base, ours, theirs }) => [base, ours, theirs].map((version) => JSON.stringify(version)));
  const parse = () => {
    for (const versions of texts) for (const text of versions) JSON.parse(text);
  };
  const times = new Map<string, number[]>();
  const time = (what: string, work: () => void) => {
    const start = performance.now();
    work();
    times.set(what, [...(times.get(what) ?? []), performance.now() - start]);
  };
  for (let round = 0; round < rounds; round++) {
    time('JSON.parse', parse);
    for (const tool of tools) {
      time(tool.name, () => {
        for (const { base, ours, theirs } of cases) tool.merge(base, ours, theirs);
      });
    }
  }
  const limit = median(times.get('JSON.parse')!);
  const rows = tools.map((tool) => {
    const row = (isClean: boolean) => {
      const some = cases.filter(({ git }) => git.clean === isClean);
      const outcomes = some.map(({ base, ours, theirs, merged }) => ({
        state: tool.merge(base, ours, theirs),
        merged,
      }));
      const automatic = outcomes.filter(({ state }) => state !== undecided) as {
        state: JsonValue;
        merged: JsonValue;
      }[];
      const agreeing = automatic.filter(({ state, merged }) => jsonEqual(state, merged));
      const apartFromOrder = automatic.filter(({ state, merged }) => jsonEqual(unordered(state), unordered(merged)));
      return {
        cases: some.length,
        automaticPercent: percent(automatic.length, some.length),
        agreePercent: percent(agreeing.length, some.length),
        agreeApartFromOrderPercent: percent(apartFromOrder.length, some.length),
      };
    };
    return {
      tool: tool.name,
      textMergesCleanly: row(true),
      textConflicts: row(false),
      timesJsonParse: Math.round((100 * median(times.get(tool.name)!)) / limit) / 100,
    };
  });
  const checked = cases.map(({ base, ours: local, theirs: remote }) =>
    checkMerge({ base, local, remote }, threeWayMerge({ base, local, remote })),
  );
  const losses = checked.filter((outcome) => outcome.losses.length > 0).length;
  const inventions = checked.filter((outcome) => outcome.inventions.length > 0).length;
  console.log(`merge: ${cases.length} real merges, ${rounds} rounds, Node ${process.version}, ${cpus().length} cores`);
  console.table(
    rows.flatMap(({ tool, textMergesCleanly, textConflicts, timesJsonParse }) => [
      { tool, 'merge as text': 'clean', ...textMergesCleanly, 'time / JSON.parse': timesJsonParse },
      { tool, 'merge as text': 'conflict', ...textConflicts, 'time / JSON.parse': timesJsonParse },
    ]),
  );
  console.log(`threeWayMerge: silent losses in ${losses} cases, invented values in ${inventions} (checked apart)`);
  return { cases: cases.length, rounds, node: process.version, rows, losses, inventions };
}
