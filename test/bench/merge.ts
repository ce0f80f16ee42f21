// Merges that people made (965 real JSON files with base, both sides and what was committed), by this library and by other
// tools: how many each merges by itself, how often it agrees with the people, what it loses or invents, and the time it
// takes beside parsing the three versions.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { jsonEqual } from '../../src/core/json-value.ts';
import { checkMerge } from '../invariants/models/merge-checker.ts';
import { type BenchOptions, type BenchTable, counted, median, round2 } from './compare.ts';
import { largeDocuments } from './merge/large-documents.ts';
import { leftOpen } from './merge/left-open.ts';
import { type Decided, decideByRules, ours } from './merge/ours.ts';
import { type RealMerge, readRealMerges, realMergesFile, unordered } from './merge/real-merges.ts';
import { type MergeTool, undecided } from './merge/tool.ts';
import { mergePeers } from './peers/merge-tools.ts';
import { leftOut } from './peers/peer.ts';

export async function run({ rounds }: BenchOptions): Promise<readonly BenchTable[]> {
  const large = largeDocuments(rounds);
  const cases = readRealMerges();
  if (!cases) return [...large, { title: `${realMergesFile} is not there, no real merges to measure`, rows: [] }];
  const tools = [...ours, ...(await mergePeers())];
  const outcomes = new Map(tools.map((tool) => [tool, mergeAll(tool, cases)]));
  const times = new Map(tools.map((tool) => [tool, [outcomes.get(tool)!.time]]));
  const parse = parseAll(cases);
  const parsings = [timeOf(parse)];
  for (let round = 1; round < rounds; round++) {
    parsings.push(timeOf(parse));
    for (const tool of tools.filter(({ isSlow }) => !isSlow)) times.get(tool)!.push(mergeAll(tool, cases).time);
  }
  const parsing = median(counted(parsings));
  const parts = [
    { title: 'real merges that are clean as text', cases: cases.filter(({ git }) => git.clean) },
    { title: 'real merges that conflict as text', cases: cases.filter(({ git }) => !git.clean) },
    { title: 'real merges, all', cases },
  ];
  const indexes = new Map(cases.map((one, at) => [one, at]));
  const tables = parts.map((part) => ({
    title: part.title,
    rows: tools.map((tool) => ({
      tool: tool.name,
      ...judged(part.cases.map((one) => ({ case: one, state: outcomes.get(tool)!.states[indexes.get(one)!]! }))),
      'time / JSON.parse': round2(median(counted(times.get(tool)!)) / parsing),
    })),
  }));
  return [...large, ...tables, ...(await withRules(cases)), ...leftOut()];
}

const parseAll = (cases: readonly RealMerge[]) => {
  const texts = cases.flatMap(({ base, ours: local, theirs }) =>
    [base, local, theirs].map((one) => JSON.stringify(one)),
  );
  return () => {
    for (const text of texts) JSON.parse(text);
  };
};

// What one tool leaves behind is not the next one's to collect.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function timeOf(work: () => void): number {
  collectGarbage();
  const start = performance.now();
  work();
  return performance.now() - start;
}

type State = ReturnType<MergeTool['merge']>;

function mergeAll(tool: MergeTool, cases: readonly RealMerge[]): { time: number; states: readonly State[] } {
  const states: State[] = [];
  const time = timeOf(() => {
    for (const { base, ours: local, theirs } of cases) states.push(tool.merge(base, local, theirs));
  });
  return { time, states };
}

const percent = (part: number, whole: number) => Math.round((1000 * part) / whole) / 10;

/** How many cases are merged without a person, how well, and what the same checker finds in each tool's outcome. */
function judged(all: readonly { readonly case: RealMerge; readonly state: State }[]) {
  const automatic = all.flatMap(({ case: one, state }) => (state === undecided ? [] : [{ ...one, state }]));
  const checked = automatic.map(({ base, ours: local, theirs: remote, state }) =>
    checkMerge({ base, local, remote }, { state, conflicts: [] }),
  );
  return {
    cases: all.length,
    'automatic %': percent(automatic.length, all.length),
    'as people did %': percent(automatic.filter(({ state, merged }) => jsonEqual(state, merged)).length, all.length),
    'apart from order %': percent(
      automatic.filter(({ state, merged }) => jsonEqual(unordered(state), unordered(merged))).length,
      all.length,
    ),
    'silent losses': checked.filter(({ losses }) => losses.length > 0).length,
    'invented values': checked.filter(({ inventions }) => inventions.length > 0).length,
  };
}

/** What the ready-made rules make of the conflicts: every decision says what it chose and why, so none is silent. */
async function withRules(cases: readonly RealMerge[]): Promise<readonly BenchTable[]> {
  const rows = [];
  let open: readonly Decided[] = [];
  for (const deletions of ['edit-wins', 'deletion-wins'] as const) {
    const all = await Promise.all(cases.map(async (one) => ({ ...one, ...(await decideByRules(one, deletions)) })));
    const conflicting = all.filter(({ git }) => !git.clean);
    open = conflicting;
    for (const [of, part] of Object.entries({ 'those that conflict as text': conflicting, all })) {
      const automatic = part.flatMap(({ state, merged }) => (state === undecided ? [] : [{ state, merged }]));
      const resolutions = part.flatMap((one) => one.resolutions);
      rows.push({
        rules: deletions,
        of,
        cases: part.length,
        'automatic %': percent(automatic.length, part.length),
        'as people did %': percent(automatic.filter((one) => jsonEqual(one.state, one.merged)).length, part.length),
        'apart from order %': percent(
          automatic.filter((one) => jsonEqual(unordered(one.state), unordered(one.merged))).length,
          part.length,
        ),
        conflicts: resolutions.length,
        decided: resolutions.filter(({ confidence }) => confidence > 0).length,
        'decisions without a reason': resolutions.filter(({ reason }) => reason === '').length,
      });
    }
  }
  return [{ title: 'real merges, decided by the ready-made rules', rows }, leftOpen(open)];
}
