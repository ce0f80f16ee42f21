import { readFileSync } from 'node:fs';
import {
  cutoverStage,
  EventBus,
  eventStage,
  FinalDataSynchronizer,
  foundationStage,
  gate,
  instrumentSync,
  LegacyRemovalScript,
  LegacySyncEventBridge,
  type MigrationStage,
  type MVCCController,
  resilienceStage,
  SystemIntegrationValidator,
  versioningStage,
} from '@zyflow/migration';
import type { LegacySystem } from '../legacy/legacy-system.ts';
import { percentile } from '../load/percentile.ts';
import type { Handover, RuntimeRecord } from '../next/handover.ts';
import type { NextSystem } from '../next/next-system.ts';
import type { RoutedSystem } from '../next/routed-system.ts';
import { checkboxes } from '../workspace/checkboxes.ts';
import type { ChangeRef, SeenTask } from '../workspace/task-system.ts';
import { conflictDrill } from './conflict-drill.ts';
import type { Evidence } from './evidence.ts';
import type { LiveFigures } from './live-figures.ts';
import { measureAppends, measureCache, newCache } from './measure.ts';
import { recoveryDrills } from './recovery-drills.ts';
import { VersionProjection } from './version-projection.ts';

/** Everything that the five stages are made of. */
export interface Parts {
  readonly legacy: LegacySystem;
  readonly next: NextSystem;
  readonly routed: RoutedSystem;
  readonly handover: Handover;
  readonly versions: MVCCController<SeenTask>;
  readonly figures: LiveFigures;
  readonly evidence: Evidence;
  /** The live changes, and their files. */
  readonly changes: readonly { readonly change: ChangeRef; readonly path: string }[];
  /** For measures and drills. */
  readonly folder: string;
  readonly seed: number;
  /** How many times the usual latency the gates allow, and the usual time they watch. */
  readonly patience: number;
  /** The legacy service by itself brings saved files into its tables; off once it owns nothing. */
  readonly legacyWatch: { on(): Promise<void>; off(): Promise<void> };
  /** The legacy modules that the last stage would remove. */
  readonly legacyModules: { readonly root: string; readonly components: readonly string[] };
}

interface DrillFigures {
  readonly drills: number;
  readonly recovered: number;
}

/** The strategy's five stages, made of the library's parts and this example's systems. */
export function zyflowStages(parts: Parts): MigrationStage[] {
  return [foundation(parts), events(parts), versioning(parts), resilience(parts), cutover(parts)];
}

function foundation({ next, evidence, folder }: Parts): MigrationStage {
  return foundationStage({
    eventStore: next.store,
    install: async () => {
      await evidence.record('events per second', await measureAppends(folder));
    },
    bake: {
      durationMs: 0,
      gates: [gate.atLeast('durable appends a second', 1000, () => evidence.get<number>('events per second') ?? null)],
    },
  });
}

function events({ legacy, next, changes, figures, versions, evidence }: Parts): MigrationStage {
  return eventStage({
    sources: [
      async () => {
        const { sync, emitter } = instrumentSync(legacy.syncChangeTasksForProject);
        const original = legacy.syncChangeTasksForProject;
        const bus = new EventBus();
        let syncs = 0;
        bus.subscribe('legacy.sync.completed', { handle: async () => void syncs++ });
        const bridge = new LegacySyncEventBridge(emitter, bus);
        await bridge.bridgeLegacySync();
        legacy.syncChangeTasksForProject = sync;
        return {
          async close() {
            legacy.syncChangeTasksForProject = original;
            await bridge.close();
            await evidence.record('legacy syncs seen', (evidence.get<number>('legacy syncs seen') ?? 0) + syncs);
          },
        };
      },
      async () => {
        const watcher = await next.watch();
        next.onRecorded = (change, { tasks }) =>
          figures.saves.shown(
            change,
            tasks.map(({ title }) => title),
          );
        if (evidence.has('projection')) figures.isComplete = true;
        return watcher;
      },
      async () => new VersionProjection(next, versions).start(),
    ],
    imports: changes.map(({ change }) => ({
      name: `${change.projectId}/${change.changeId}`,
      run: async () => {
        await next.sync(change);
        return { tasks: (await next.view(change)).tasks.length };
      },
    })),
    verifyProjection: async () => {
      let compared = 0;
      let differences = 0;
      for (const { change, path } of changes) {
        const found = await compareWithFile(next, change, path);
        compared += found.compared;
        differences += found.differences;
      }
      await evidence.record('projection', { compared, differences });
      figures.isComplete = true;
      return { compared, differences };
    },
    bake: { durationMs: 1500, intervalMs: 500, gates: [savesSeenGate(figures)] },
  });
}

/** A file may be saved between the two looks: what differs is looked at again. */
async function compareWithFile(next: NextSystem, change: ChangeRef, path: string) {
  for (let look = 1; ; look++) {
    await next.sync(change);
    const boxes = checkboxes(readFileSync(path, 'utf8')).map(({ title, completed }) => `${completed} ${title}`);
    const shown = new Set((await next.view(change)).tasks.map(({ title, completed }) => `${completed} ${title}`));
    const differences = boxes.filter((box) => !shown.has(box)).length;
    if (differences === 0 || look === 5) return { compared: boxes.length, differences };
  }
}

function versioning({ next, changes, versions, evidence, seed }: Parts): MigrationStage {
  return versioningStage<SeenTask>({
    async *records() {
      for (const { change } of changes) {
        for (const task of (await next.view(change)).seen().tasks) yield { id: task.id, state: task };
      }
    },
    versions,
    reconcile: async () => {
      const tasks: SeenTask[] = [];
      for (const { change } of changes) tasks.push(...(await next.change(change)).tasks);
      const figures = await conflictDrill(tasks, seed);
      await evidence.record('conflicts', figures);
      return figures;
    },
  });
}

function resilience({ next, changes, evidence, folder }: Parts): MigrationStage {
  return resilienceStage({
    enable: async () => {
      if (!evidence.has('cache')) {
        await evidence.record(
          'cache',
          await measureCache(
            next,
            changes.map(({ change }) => change),
          ),
        );
      }
      next.cache ??= newCache();
    },
    disable: () => {
      next.cache = null;
    },
    drills: recoveryDrills(folder).map((drill) => ({
      name: drill.name,
      run: async (signal) => {
        const result = await drill.run(signal);
        const { drills, recovered } = evidence.get<DrillFigures>('drills') ?? { drills: 0, recovered: 0 };
        await evidence.record('drills', { drills: drills + 1, recovered: recovered + (result.recovered ? 1 : 0) });
        return result;
      },
    })),
    bake: {
      durationMs: 0,
      gates: [
        gate.atLeast(
          'reads faster with the cache, percent',
          50,
          () => evidence.get<{ gainPercent: number }>('cache')?.gainPercent ?? null,
        ),
      ],
    },
  });
}

function cutover(parts: Parts): MigrationStage {
  const { routed, handover, figures, evidence, changes, patience, legacyWatch, legacyModules } = parts;
  const refs = changes.map(({ change }) => change);
  return cutoverStage({
    traffic: {
      async setNewSystemTraffic(percent) {
        if (percent === 100) await legacyWatch.off();
        await routed.setNewSystemTraffic(percent);
        if (percent < 100) await legacyWatch.on();
        figures.metrics.reset();
        // The gates of the next share count them, also in a run that goes on after a kill.
        await evidence.record('totals', figures.totals);
      },
    },
    canary: {
      durationMs: 1000 * patience,
      intervalMs: 250,
      gates: [
        gate.atMost(
          'errors of the new system, percent',
          0.1,
          () => {
            const { requestsOfNew, errorsOfNew } = figures.totals;
            const answers = requestsOfNew + figures.totals.compared;
            return answers === 0 ? null : { value: (100 * errorsOfNew) / answers, samples: answers };
          },
          { minimumSamples: 5 },
        ),
        syncLatencyGate(figures, patience),
        gate.atMost('answers that differ between the systems', 0, () => {
          const { compared, mismatches } = figures.totals;
          return compared === 0 ? null : { value: mismatches, samples: compared };
        }),
      ],
    },
    finalSync: (checkpoint) => ({
      async performFinalSync(options) {
        const rules = await handover.finalSync(refs);
        const result = await new FinalDataSynchronizer<RuntimeRecord>({ ...rules, checkpoint }).performFinalSync(
          options,
        );
        const { migratedRecords, laterRecords, quarantined, differences } = result;
        await evidence.record('final synchronization', {
          verified: migratedRecords,
          later: laterRecords,
          quarantined: quarantined.length,
          differences: differences.length,
        });
        return result;
      },
    }),
    validator: validator(parts),
    removal: removal(legacyModules, evidence),
    carryBack: async () => {
      let tasks = 0;
      for (const change of refs) tasks += await handover.carryBack(change);
      await evidence.record('carried back', Math.max(tasks, evidence.get<number>('carried back') ?? 0));
      return { tasks };
    },
  });
}

function validator({ next, changes, figures, patience, versions, legacy }: Parts): SystemIntegrationValidator {
  return new SystemIntegrationValidator({
    functionality: [
      {
        name: 'every task of every file is shown',
        run: async () => {
          let missing = 0;
          for (const { change, path } of changes) missing += (await compareWithFile(next, change, path)).differences;
          return { passed: missing === 0, detail: `${missing} are not` };
        },
      },
    ],
    performance: [
      {
        name: `reads within ${100 * patience} ms (p95)`,
        run: async () => {
          const { p95Duration, sampleSize } = figures.metrics.getPerformanceReport('new');
          return {
            passed: sampleSize > 0 && p95Duration <= 100 * patience,
            detail: `${p95Duration.toFixed(1)} ms of ${sampleSize}`,
          };
        },
      },
    ],
    stability: [
      {
        name: 'versions without a gap, checksums that fit',
        run: async () => {
          for (const { change } of changes.slice(0, 3)) {
            for (const { id } of (await next.change(change)).tasks) {
              let expected = 1;
              for await (const { version, checksum } of versions.history(id)) {
                if (version !== expected++ || checksum?.length !== 64)
                  return { passed: false, detail: `${id} at ${version}` };
              }
            }
          }
          return { passed: true };
        },
      },
    ],
    security: [
      {
        name: 'nothing of a name or a title reaches SQL as text',
        run: async () => {
          const hostile = `x'); DROP TABLE tasks; --`;
          const before = legacy.db.prepare('SELECT count(*) AS count FROM tasks').get() as { count: number };
          await next.change({ projectId: hostile, changeId: hostile });
          const after = legacy.db.prepare('SELECT count(*) AS count FROM tasks').get() as { count: number };
          return { passed: before.count === after.count };
        },
      },
    ],
  });
}

/** A dry run: it says what would go, and nothing does. */
function removal(modules: Parts['legacyModules'], evidence: Evidence) {
  const script = new LegacyRemovalScript({ ...modules, dryRun: true });
  return {
    async removeLegacyComponents() {
      const report = await script.removeLegacyComponents();
      await evidence.record('removal', {
        applied: report.applied,
        components: report.removed.length,
        references: report.references.length,
      });
      return report;
    },
    restore: () => script.restore(),
  };
}

function savesSeenGate(figures: LiveFigures) {
  return gate.atLeast('saved files that arrived', 1, () => figures.saves.samples.length || null);
}

function syncLatencyGate(figures: LiveFigures, patience: number) {
  const measure = () => {
    const samples = figures.saves.samples.toSorted((a, b) => a - b);
    return samples.length === 0 ? null : { value: percentile(samples, 95), samples: samples.length };
  };
  return gate.atMost('saved file to application, p95 in ms', 100 * patience, measure, { minimumSamples: 20 });
}
