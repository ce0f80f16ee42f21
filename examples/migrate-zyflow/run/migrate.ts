import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { cpus, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GradualTrafficSplitter, isMigrationError, MigrationRunner, MVCCController } from '@zyflow/migration';
import { SqliteVersionStore } from '@zyflow/migration/sqlite';
import { type FaultReading, measureFaults } from '../faults/measure-faults.ts';
import { openLegacyDatabase } from '../legacy/legacy-database.ts';
import legacySystem, { LegacySystem } from '../legacy/legacy-system.ts';
import { recoverSaves } from '../load/edit-file.ts';
import { LoadGenerator } from '../load/load-generator.ts';
import { findLostWrites } from '../load/lost-writes.ts';
import { Handover } from '../next/handover.ts';
import nextSystem, { NextSystem, openNextDatabase } from '../next/next-system.ts';
import { keyOf, type Request, RoutedSystem, trafficSalt } from '../next/routed-system.ts';
import type { MigrationReport, StageReading } from '../report/migration-report.ts';
import type { Progress } from '../report/progress.ts';
import { checkboxes } from '../workspace/checkboxes.ts';
import { copyWorkspace } from '../workspace/copy-workspace.ts';
import { makeWorkspace } from '../workspace/make-workspace.ts';
import type { SeenTask } from '../workspace/task-system.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { closingWork, doClosingWork, expectedOf } from './closing-work.ts';
import { DurableLedger } from './durable-ledger.ts';
import { Evidence } from './evidence.ts';
import { LiveFigures, type LoadTotals } from './live-figures.ts';
import { buildReport } from './report.ts';
import { zyflowStages } from './stages.ts';

/** What is migrated, and where. */
export interface MigrateOptions {
  /** The run's own folder: workspace, databases, report. Everything that a later `resume` needs is in it. */
  readonly folder: string;
  readonly seed: number;
  /** How many times the usual latency the gates allow, and the usual time they watch. */
  readonly patience: number;
  /** Somebody's real ZyFlow folder; only read. Default: a workspace made from the seed. */
  readonly source?: { readonly folder: string; readonly databaseFile?: string | undefined };
  readonly progress: Progress;
  /** Called when the workspace is there: from then on the run can be resumed. */
  readonly onReady: () => Promise<void>;
}

/** What a run ends in. */
export interface MigrateResult {
  readonly report: MigrationReport;
  /** The same for every run of one seed that ends as it should, whatever happened in between. */
  readonly finalState: string;
}

/** Takes a workspace through the five stages and back from the last; goes on where an interrupted run stopped. */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const { folder, seed, patience, progress } = options;
  const workspace = await prepareWorkspace(options);
  recoverSaves(workspace.projects.flatMap(({ files }) => files.map(({ path }) => path)));
  await options.onReady();
  const databaseFile = join(folder, 'migration.db');
  const nextDb = openNextDatabase(databaseFile);
  const next = new NextSystem(nextDb, { projects: workspace.projects, databaseFile });
  const evidence = await Evidence.load(next.store);
  const startedAt = await evidence.once('started at', async () => Date.now());
  const sinceStart = () => Date.now() - startedAt;

  const before = await measured(progress, 'faults of the legacy system', evidence, 'faults before', async () => {
    await rm(join(folder, 'faults'), { recursive: true, force: true });
    return faults(options, workspace, 'before');
  });

  const legacyDb = openLegacyDatabase(workspace.databaseFile);
  const legacy = new LegacySystem(legacyDb, { projects: workspace.projects, databaseFile: workspace.databaseFile });
  await evidence.once('legacy synced', async () => {
    await legacy.settle();
    return true;
  });
  const changes = workspace.projects.flatMap(({ id, files }) =>
    files
      .filter(({ archived }) => !archived)
      .map(({ changeId, path }) => ({ change: { projectId: id, changeId }, path })),
  );
  const handover = new Handover(legacyDb, next);
  const splitter = new GradualTrafficSplitter<Request>({
    salt: trafficSalt,
    initialPercentage: await handover.recordedPercent(),
  });
  const counted = evidence.get<LoadTotals>('totals');
  const figures = new LiveFigures(sinceStart, () => splitter.newSystemTrafficPercentage, counted);
  const routed = new RoutedSystem({
    legacy,
    next,
    splitter,
    changes: changes.map(({ change }) => change),
    move: (owners, percent) => handover.move(owners, percent),
    onRouted: figures.onRouted,
    onShadow: figures.onShadow,
  });
  const versions = new MVCCController<SeenTask>({ store: new SqliteVersionStore(nextDb), retention: { versions: 50 } });
  const legacyWatch = switchable(() => legacy.watch());
  const readings = stageReadings(sinceStart);
  const runner = new MigrationRunner({
    name: 'zyflow',
    store: next.store,
    stages: zyflowStages({
      legacy,
      next,
      routed,
      handover,
      versions,
      figures,
      evidence,
      changes,
      folder: join(folder, 'drills'),
      seed,
      patience,
      legacyWatch,
      legacyModules: {
        root: dirname(fileURLToPath(import.meta.resolve('../legacy/legacy-system.ts'))),
        components: legacyModules,
      },
    }),
    onEvent: readings.onEvent,
    onProgress: ({ stage, percent, detail = '' }) => progress.update(percent, `${stage}: ${detail}`),
  });
  await mkdir(join(folder, 'drills'), { recursive: true });

  const ledger = new DurableLedger(
    join(folder, 'writes.ndjson'),
    (change) => splitter.targetOf(keyOf(change)) === 'new',
  );
  let failure: string | undefined;
  if (!evidence.has('stages')) {
    progress.begin('five stages under load');
    if (splitter.newSystemTrafficPercentage < 100) await legacyWatch.on();
    const load = await LoadGenerator.start({
      workspace,
      target: routed,
      ledger,
      seed,
      clients: 2,
      thinkMs: [8, 24],
      // Nobody clicks a box yet: the legacy system writes the whole file back, and may cut off what others save (F3).
      mix: { read: 50, update: 16, toggle: 0, reword: 24, tick: 10 },
      onOperation: figures.onOperation,
      onReworded: (change, title) => {
        if (figures.isComplete) figures.saves.saved(change, title);
      },
    });
    try {
      await runner.resume({ takeOver: true });
      load.turnTo({ read: 40, update: 20, toggle: 20, reword: 12, tick: 8 });
      await sleep(2000);
    } catch (error) {
      if (!isMigrationError(error)) throw error;
      failure = error.message;
    } finally {
      await load.stop();
    }
    await routed.flush();
    await next.settle();
    const { totals, saves, readMs, throughput, canary } = figures;
    const lost = await findLostWrites(ledger, next, workspace);
    const lostByLegacy = await findLostWrites(ledger.others, next, workspace);
    await evidence.record('load', {
      totals,
      acknowledged: ledger.acknowledged,
      lost: lost.length,
      lostExamples: lost.slice(0, 5),
      acknowledgedByLegacy: ledger.others.acknowledged,
      lostByLegacy: lostByLegacy.length,
      syncMs: saves.samples.slice(0, 3000).map(rounded),
      readMs: { legacy: readMs.legacy.slice(-1500).map(rounded), new: readMs.new.slice(-1500).map(rounded) },
      throughput,
      canary,
    });
    if (failure === undefined) await evidence.record('stages', readings.list());
    progress.end(failure ?? `all five completed, ${totals.requests} requests meanwhile`, failure === undefined);
  }

  if (failure === undefined && !evidence.has('closing work')) {
    progress.begin('work after the cutover');
    const { state } = await runner.status();
    if (state === 'completed') await runner.resume({ takeOver: true });
    const writes = await closingWork(workspace, seed);
    await doClosingWork(writes, routed, {
      settle: () => next.settle(),
      onWritten: (count) => progress.update((100 * count) / writes.length, `${count} tasks`),
    });
    const lost = await findLostWrites(expectedOf(writes), next, workspace);
    await evidence.record('closing work', { tasks: writes.length, writes: 6 * writes.length, lost: lost.length });
    progress.end(`${6 * writes.length} writes acknowledged by the new system`);
  }

  if (failure === undefined && !evidence.has('rollback')) {
    progress.begin('rollback from stage 5');
    const { state } = await runner.status();
    if (state === 'rolling_back' || state === 'rollback_failed') await runner.resume({ takeOver: true });
    else if (state !== 'rolled_back') await runner.rollback('cutover', { takeOver: true });
    await legacyWatch.off();
    const writes = await closingWork(workspace, seed);
    const lost = await findLostWrites(expectedOf(writes), legacy, workspace);
    await evidence.record('rollback', {
      writes: 6 * writes.length,
      lost: lost.length,
      lostExamples: lost.slice(0, 5),
      percent: splitter.newSystemTrafficPercentage,
    });
    progress.end(`back on the legacy system, ${lost.length} of ${6 * writes.length} writes lost`);
  }
  const { stages } = await runner.status();
  const end = await describeEnd(
    workspace,
    legacy,
    stages.map(({ name, state }) => `${name} ${state}`),
  );
  await writeFile(join(folder, 'final-state.txt'), end);
  await runner.close();
  await routed.close();
  await legacyWatch.off();

  const after = await measured(progress, 'the same faults in the new system', evidence, 'faults after', () =>
    faults(options, workspace, 'after'),
  );
  const report = buildReport({
    evidence,
    failure,
    startedAt,
    faults: { before, after },
    environment: { node: process.version, platform: platform(), cpus: cpus().length },
    workspace: {
      path: workspace.root,
      projects: workspace.projects.length,
      changes: changes.length,
      tasks: await countTasks(changes.map(({ path }) => path)),
      notes: workspace.notes,
    },
  });
  await legacy.close();
  await versions.close();
  await next.close();
  return { report, finalState: createHash('sha256').update(end).digest('hex') };
}

/** The legacy modules of this example: what the last stage would remove. */
const legacyModules = ['sync-change-tasks.ts', 'sync-changes.ts', 'watch-tasks.ts', 'task-rows.ts'];

async function prepareWorkspace({ folder, seed, source, progress }: MigrateOptions): Promise<Workspace> {
  const known = join(folder, 'workspace.json');
  if (existsSync(known)) return JSON.parse(await readFile(known, 'utf8')) as Workspace;
  progress.begin(source ? `copying ${source.folder}` : 'making a workspace');
  const into = join(folder, 'workspace');
  await rm(into, { recursive: true, force: true });
  const workspace = source ? await copyWorkspace({ ...source, into }) : await makeWorkspace(into, seed);
  await writeFile(`${known}.draft`, JSON.stringify(workspace));
  await rename(`${known}.draft`, known);
  progress.end(into);
  for (const note of workspace.notes) progress.note(note);
  return workspace;
}

function faults(
  { folder, progress }: MigrateOptions,
  workspace: Workspace,
  when: 'before' | 'after',
): Promise<FaultReading[]> {
  return measureFaults({
    system: when === 'before' ? legacySystem : nextSystem,
    folder: join(folder, 'faults', when),
    workspace,
    onMeasured: ({ title }, index, total) => progress.update((100 * index) / total, title),
  });
}

async function measured<T>(
  progress: Progress,
  step: string,
  evidence: Evidence,
  name: string,
  measure: () => Promise<T>,
): Promise<T> {
  if (evidence.has(name)) return evidence.get<T>(name)!;
  progress.begin(step);
  const value = await evidence.once(name, measure);
  progress.end();
  return value;
}

/** Something that can be turned on and off, any number of times. */
function switchable(open: () => Promise<{ close(): Promise<void> }>) {
  let current: { close(): Promise<void> } | null = null;
  return {
    async on() {
      current ??= await open();
    },
    async off() {
      const closing = current;
      current = null;
      await closing?.close();
    },
  };
}

/** When each stage began and ended, as the journal tells it while it is written. */
function stageReadings(sinceStart: () => number) {
  const stages = new Map<string, { fromMs: number; toMs: number; outcome: StageReading['outcome'] }>();
  return {
    onEvent({ type, data }: { type: string; data: object }) {
      const { stage } = data as { stage?: string };
      if (stage === undefined) return;
      const known = stages.get(stage) ?? { fromMs: sinceStart(), toMs: sinceStart(), outcome: 'not reached' as const };
      const outcomes: Record<string, StageReading['outcome']> = {
        'migration.stage.completed': 'completed',
        'migration.stage.rolled_back': 'rolled back',
        'migration.stage.failed': 'failed',
      };
      stages.set(stage, { ...known, toMs: sinceStart(), outcome: outcomes[type] ?? known.outcome });
    },
    list: () => [...stages].map(([name, reading]) => ({ name, ...reading })),
  };
}

/**
 * What the run leaves: where the stages stand, the files' bytes, and what the legacy system shows of every task. Tasks whose
 * title stands twice in a file are left out: which row the legacy sync takes for them depends on when it ran (F4, F6).
 */
async function describeEnd(workspace: Workspace, legacy: LegacySystem, stages: readonly string[]): Promise<string> {
  const lines: string[] = [...stages];
  for (const project of workspace.projects) {
    for (const { changeId, archived, path } of project.files) {
      const text = await readFile(path, 'utf8');
      lines.push(`${project.id}/${changeId} ${createHash('sha256').update(text).digest('hex')}`);
      if (archived) continue;
      const titles = checkboxes(text).map(({ title }) => title);
      const unique = new Set(titles.filter((title) => titles.indexOf(title) === titles.lastIndexOf(title)));
      const { tasks } = await legacy.change({ projectId: project.id, changeId });
      const shown = tasks
        .filter(({ title }) => unique.has(title))
        .map(({ title, status, priority, assignee, description }) =>
          JSON.stringify([title, status, priority, assignee, description]),
        );
      lines.push(...shown.toSorted());
    }
  }
  return `${lines.join('\n')}\n`;
}

async function countTasks(paths: readonly string[]): Promise<number> {
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return texts.reduce((sum, text) => sum + checkboxes(text).length, 0);
}

const rounded = (ms: number) => Math.round(ms * 100) / 100;
