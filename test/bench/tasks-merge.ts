// Two people's edits of real task files: how many of those that a merge by lines leaves to a person mergeTasks merges, how
// often it arrives at what the file became in truth, what is lost, and how long it takes; beside git and diff3.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Conflict } from '../../src/conflicts/conflict.ts';
import { ManualResolutionRequired } from '../../src/conflicts/conflict-resolution.ts';
import { PreserveStrategy } from '../../src/conflicts/strategies/preserve-strategy.ts';
import { mergeText } from '../../src/conflicts/text-merge.ts';
import { mergeTasks, type TaskFileVersions } from '../../src/tasks/merge-tasks.ts';
import { TasksDocument } from '../../src/tasks/tasks-document.ts';
import {
  type ConcurrentEdit,
  concurrentTaskEdits,
  hasHistories,
  kinds,
} from '../invariants/models/concurrent-task-edits.ts';
import { checkTasksMerge } from '../invariants/models/tasks-merge-checker.ts';
import { type BenchOptions, type BenchTable, counted, median, round2 } from './compare.ts';

const realMerges = '../shared/data/merges/markdown.jsonl.gz';

interface Outcome {
  readonly text: string;
  readonly conflicts: readonly Conflict[];
  readonly isClean: boolean;
  /** How many places a tool leaves to a person; of those, how many a policy does. */
  readonly left: number;
  readonly leftByPolicy?: number;
}

type Tool = (versions: TaskFileVersions) => Outcome;

/** The ready-made one: an edit beats a removal. */
const policy = new PreserveStrategy();

const ours: Tool = (versions) => {
  const { text, conflicts } = mergeTasks(versions);
  const leftByPolicy = conflicts.filter((each) => policy.resolve(each) instanceof ManualResolutionRequired).length;
  return { text, conflicts, isClean: conflicts.length === 0, left: conflicts.length, leftByPolicy };
};

const diff3: Tool = (versions) => {
  const { text, conflicts } = mergeText(versions);
  return { text, conflicts: [], isClean: conflicts.length === 0, left: conflicts.length };
};

export async function run({ rounds }: BenchOptions): Promise<readonly BenchTable[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tasks-merge-'));
  try {
    const tools = new Map<string, Tool>([['mergeTasks', ours]]);
    const hasGit = spawnSync('git', ['--version']).status === 0;
    if (hasGit) tools.set('git merge-file', (versions) => gitMerge(folder, versions));
    tools.set('mergeText (diff3)', diff3);
    return [
      ...(hasHistories ? histories(tools, hasGit ? 'git merge-file' : 'mergeText (diff3)', rounds) : []),
      ...(existsSync(realMerges) ? merges(tools) : []),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function gitMerge(folder: string, versions: TaskFileVersions): Outcome {
  const [local, base, remote] = (['local', 'base', 'remote'] as const).map((side) => {
    const file = join(folder, side);
    writeFileSync(file, versions[side]);
    return file;
  });
  const { status, stdout } = spawnSync('git', ['merge-file', '-p', '-q', local!, base!, remote!], { encoding: 'utf8' });
  return { text: stdout, conflicts: [], isClean: status === 0, left: status ?? 0 };
}

function histories(tools: ReadonlyMap<string, Tool>, byLines: string, rounds: number): BenchTable[] {
  const cases = concurrentTaskEdits(8);
  const outcomes = new Map([...tools].map(([name, merge]) => [name, cases.map((each) => merge(each))]));
  const lines = outcomes.get(byLines)!;
  const select = (kind: ConcurrentEdit['kind'] | undefined, isClean: boolean) =>
    cases.flatMap((each, at) => ((!kind || each.kind === kind) && lines[at]!.isClean === isClean ? [at] : []));
  const results = (places: readonly number[], name: string) =>
    places.map((at) => ({ versions: cases[at]!, outcome: outcomes.get(name)![at]! }));
  const all = [...kinds, undefined];
  return [
    {
      title: `${cases.length} concurrent edits of real task files: the conflicts of ${byLines} that mergeTasks resolves`,
      rows: all.map((kind) => {
        const places = select(kind, false);
        const before = places.reduce((sum, at) => sum + lines[at]!.left, 0);
        const ours = places.map((at) => outcomes.get('mergeTasks')![at]!);
        const resolved = (left: (outcome: Outcome) => number) => {
          const sum = ours.reduce((sum, outcome) => sum + left(outcome), 0);
          return percent(before - sum, before);
        };
        return {
          sides: kind ?? 'all',
          files: places.length,
          'files without any left %': percent(ours.filter(({ isClean }) => isClean).length, places.length),
          conflicts: before,
          'resolved %': resolved(({ left }) => left),
          'and if edits beat removals %': resolved(({ leftByPolicy }) => leftByPolicy!),
          'files then %': percent(ours.filter(({ leftByPolicy }) => leftByPolicy === 0).length, places.length),
        };
      }),
    },
    ...[false, true].map((isClean) => ({
      title: `the cases that are ${isClean ? 'clean' : 'a conflict'} for ${byLines}, each tool`,
      rows: [...tools.keys()].map((name) => ({ tool: name, ...judged(results(select(undefined, isClean), name)) })),
    })),
    {
      title: 'time',
      rows: [...tools].map(([tool, merge]) => {
        const isProcess = tool === 'git merge-file';
        const ms = timeOf(merge, cases, isProcess ? 1 : rounds);
        return { tool: isProcess ? `${tool}, its process and files included` : tool, 'ms a merge': round2(ms) };
      }),
    },
  ];
}

function judged(results: readonly { versions: TaskFileVersions & { real?: string }; outcome: Outcome }[]) {
  const automatic = results.filter(({ outcome }) => outcome.isClean);
  const withReal = results.filter(({ versions }) => versions.real !== undefined);
  const checked = results
    .filter(({ outcome }) => outcome.isClean || outcome.conflicts.length > 0)
    .map(({ versions, outcome }) => checkTasksMerge(versions, outcome.text, outcome.conflicts));
  const asReal = withReal.filter(({ versions, outcome }) => outcome.isClean && outcome.text === versions.real);
  return {
    cases: results.length,
    'automatic %': percent(automatic.length, results.length),
    'as the real file %': withReal.length === 0 ? '' : percent(asReal.length, withReal.length),
    'with a silent loss': checked.filter(({ losses }) => losses.length > 0).length,
    'with a task doubled': checked.filter(({ doubled }) => doubled.length > 0).length,
  };
}

/** Milliseconds a merge. */
function timeOf(merge: Tool, cases: readonly TaskFileVersions[], rounds: number): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (const versions of cases) merge(versions);
    times.push((performance.now() - start) / cases.length);
  }
  return median(counted(times));
}

/** Merges that people committed, as far as the files have task lists in them. */
function merges(tools: ReadonlyMap<string, Tool>): BenchTable[] {
  const cases = gunzipSync(readFileSync(realMerges))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { base: string; ours: string; theirs: string; merged: string })
    .map(({ base, ours: local, theirs: remote, merged: real }) => ({ base, local, remote, real }));
  const lists = cases.filter((each) => Object.values(each).some((text) => TasksDocument.parse(text).tasks.length > 0));
  return [
    {
      title: `${lists.length} of ${cases.length} real merges of Markdown, those with a task list`,
      rows: [...tools].map(([tool, merge]) => ({
        tool,
        ...judged(lists.map((versions) => ({ versions, outcome: merge(versions) }))),
      })),
    },
  ];
}

const percent = (part: number, whole: number) => Math.round((1000 * part) / Math.max(1, whole)) / 10;
