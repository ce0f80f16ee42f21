import { EventEmitter } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { gate } from '../../src/migration/gate.ts';
import { LegacyRemovalScript } from '../../src/migration/legacy-removal-script.ts';
import { MigrationRunner } from '../../src/migration/migration-runner.ts';
import { cutoverStage } from '../../src/migration/stages/cutover-stage.ts';
import { eventStage } from '../../src/migration/stages/event-stage.ts';
import { foundationStage } from '../../src/migration/stages/foundation-stage.ts';
import { resilienceStage } from '../../src/migration/stages/resilience-stage.ts';
import { versioningStage } from '../../src/migration/stages/versioning-stage.ts';
import { SystemIntegrationValidator } from '../../src/migration/system-integration-validator.ts';
import { PerformanceMetricsCollector } from '../../src/monitoring/performance-metrics-collector.ts';
import { FinalDataSynchronizer } from '../../src/sync/final-data-synchronizer.ts';
import { LegacySyncEventBridge } from '../../src/sync/legacy-sync-event-bridge.ts';
import { GradualTrafficSplitter } from '../../src/traffic/gradual-traffic-splitter.ts';
import { TrafficRouter } from '../../src/traffic/traffic-router.ts';

interface Task {
  readonly id: string;
  readonly title: string;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stages-'));
  await writeFile(join(folder, 'legacy-sync.ts'), 'export {};\n');
});
afterEach(() => rm(folder, { recursive: true }));

/** A small system with the real parts, all in memory. */
function system() {
  const store = new EventStore({ adapter: new MemoryEventAdapter() });
  const bus = new EventBus();
  const legacySync = new EventEmitter();
  const legacy = new Map<string, Task>([1, 2, 3].map((n) => [`t${n}`, { id: `t${n}`, title: `task ${n}` }]));
  const next = new Map<string, Task>();
  const heard: string[] = [];
  bus.subscribe('legacy.sync.completed', { handle: async (event) => void heard.push(event.aggregateId) });

  const splitter = new GradualTrafficSplitter();
  const metrics = new PerformanceMetricsCollector();
  let failAt = Number.POSITIVE_INFINITY;
  const write = (target: Map<string, Task>) => ({
    handle: async ({ key }: { key: string }) => {
      if (target === next && splitter.newSystemTrafficPercentage >= failAt) throw new Error('cannot write');
      target.set(key, { id: key, title: `written to ${target === next ? 'new' : 'legacy'}` });
    },
  });
  const router = new TrafficRouter(write(legacy), write(next), splitter, {
    onRouted: ({ target, durationMs, error }) => metrics.recordOperation(target, durationMs, error === undefined),
  });
  let requests = 0;
  const load = async (count: number) => {
    for (let i = 0; i < count; i++) await router.routeRequest({ key: `r${requests++}` }).catch(() => {});
  };
  const errors = gate.atMost(
    'errors of the new system, percent',
    0.1,
    async () => {
      await load(300);
      const { successRate, sampleSize } = metrics.getPerformanceReport('new');
      return { value: 100 * (1 - successRate), samples: sampleSize };
    },
    { minimumSamples: 1 },
  );

  const versions = new Map<string, Task>();
  const passes = { name: 'passes', run: async () => ({ passed: true }) };
  const stages = [
    foundationStage({ eventStore: store }),
    eventStage({
      sources: [
        async () => {
          const bridge = new LegacySyncEventBridge(legacySync, bus);
          await bridge.bridgeLegacySync();
          return bridge;
        },
      ],
      imports: [
        {
          name: 'tasks',
          run: async () => {
            for (const data of legacy.values())
              await store.append(`task-${data.id}`, [{ id: `import-${data.id}`, type: 'task.created', data }]);
          },
        },
      ],
      verifyProjection: async () => {
        const seen = await store.readAll().toArray();
        const missing = [...legacy.keys()].filter((id) => !seen.some((event) => event.stream === `task-${id}`));
        return { compared: legacy.size, differences: missing.length };
      },
    }),
    versioningStage<Task>({
      records: async function* () {
        for (const state of legacy.values()) yield { id: state.id, state };
      },
      versions: {
        readVersion: async (id) => (versions.has(id) ? { version: 1 } : null),
        writeVersion: async (id, state) => versions.set(id, state),
      },
    }),
    resilienceStage({
      enable: () => {},
      disable: () => {},
      drills: [{ name: 'cut', run: async () => ({ recovered: true }) }],
    }),
    cutoverStage({
      traffic: splitter,
      canary: { durationMs: 0, gates: [errors] },
      finalSync: (checkpoint) =>
        new FinalDataSynchronizer<Task>({
          source: {
            async *extract() {
              for (const row of legacy.values()) if (!next.has(row.id)) yield row;
            },
            keyOf: (row) => row.id,
          },
          target: {
            write: async (rows) => {
              for (const row of rows) next.set(row.id, row);
            },
            read: async (keys) => keys.map((key) => next.get(key) ?? null),
          },
          checkpoint,
        }),
      validator: new SystemIntegrationValidator({
        functionality: [passes],
        performance: [passes],
        stability: [passes],
        security: [passes],
      }),
      removal: new LegacyRemovalScript({ root: folder, components: ['legacy-sync.ts'], dryRun: false }),
      carryBack: async () => {
        let carried = 0;
        for (const [id, task] of next) {
          if (legacy.has(id)) continue;
          legacy.set(id, task);
          carried += 1;
        }
        return { carried };
      },
    }),
  ];
  const failFrom = (percent: number) => {
    failAt = percent;
  };
  return { store, stages, legacy, next, splitter, legacySync, heard, load, failFrom };
}

describe('the five stages with the real parts', () => {
  test('take a system over, and back without losing what was written since', async () => {
    const { store, stages, legacy, next, splitter, legacySync, heard, load } = system();
    await using runner = new MigrationRunner({ name: 'tasks', stages, store });
    const status = await runner.run();
    expect(status.stages.map(({ name, state }) => [name, state])).toEqual(
      ['foundation', 'events', 'versioning', 'resilience', 'cutover'].map((name) => [name, 'completed']),
    );
    expect(splitter.newSystemTrafficPercentage).toBe(100);
    expect([...legacy.keys()].filter((id) => !next.has(id))).toEqual([]);
    expect(await readdir(folder)).toEqual(['.legacy-archive']);
    legacySync.emit('sync', { changeId: 'c1' });
    await load(50);
    await runner.rollback('cutover');
    expect(splitter.newSystemTrafficPercentage).toBe(0);
    expect([...next.keys()].filter((id) => !legacy.has(id))).toEqual([]);
    expect(await readdir(folder)).toEqual(['legacy-sync.ts']);
    await runner.rollback('foundation');
    legacySync.emit('sync', { changeId: 'c2' });
    expect(heard).toEqual(['c1']);
    expect((await runner.status()).stages.map((stage) => stage.state)).toEqual(Array(5).fill('rolled_back'));
    expect((await runner.resume()).state).toBe('completed');
    await store.close();
  });

  test('take all traffic back when the new system fails at a share', async () => {
    const { store, stages, legacy, next, splitter, failFrom } = system();
    failFrom(25);
    await using runner = new MigrationRunner({ name: 'tasks', stages, store });
    await expect(runner.run()).rejects.toThrow(
      /during "watch 25 %" \(errors of the new system, percent: .* is above 0.1\)/,
    );
    expect(splitter.newSystemTrafficPercentage).toBe(0);
    expect([...next.keys()].filter((id) => !legacy.has(id))).toEqual([]);
    expect((await runner.status()).stages.map((stage) => stage.state)).toEqual([
      ...Array(4).fill('completed'),
      'rolled_back',
    ]);
    await store.close();
  });
});
