import { describe, expect, it } from 'vitest';
import * as postgres from '../src/adapters/postgres/index.ts';
import * as prometheus from '../src/adapters/prometheus/index.ts';
import * as redis from '../src/adapters/redis/index.ts';
import * as sqlite from '../src/adapters/sqlite/index.ts';
import * as main from '../src/index.ts';
import * as tasks from '../src/tasks/index.ts';
import * as testing from '../src/testing/index.ts';

const exported = Object.entries({ ...main, ...tasks, ...sqlite, ...postgres, ...redis, ...prometheus, ...testing });

/** All they are given is optional: they are fine without anything, but not with a text. */
const optional = [
  'AlertManager',
  'AutoConflictResolver',
  'CircuitBreaker',
  'ConcatenateStrategy',
  'EventBus',
  'GradualTrafficSplitter',
  'HealthChecker',
  'MVCCController',
  'ManualQueue',
  'MemoryCacheProvider',
  'MemoryLockManager',
  'MemoryReplica',
  'PerformanceMetricsCollector',
  'PrometheusCollector',
  'RecoveryManager',
  'RememberedDecisions',
  'ResolutionLog',
  'StateManager',
  'SyncCoordinator',
  'anyOf',
];

/** What takes nothing, or any value, or texts alone. */
const indifferent = [
  'DeletionWinsStrategy',
  'FakeClock',
  'HigherVersionStrategy',
  'LastWriterWinsStrategy',
  'LocalWinsStrategy',
  'ManualStrategy',
  'MaxStrategy',
  'MemoryConflictRecordStore',
  'MemoryEventAdapter',
  'MemoryEventTransport',
  'MemoryKeyStore',
  'MemorySyncCheckpointStore',
  'MemoryVersionStore',
  'MergeStrategy',
  'MinStrategy',
  'PreserveStrategy',
  'RemoteWinsStrategy',
  'ThreeWayConflictDetector',
  'TaskEventHandler',
  'UnionStrategy',
  'diffJson',
  'isMigrationError',
  'jsonEqual',
  'reconcileStatus',
  'stableStringify',
];

/** A few that take one text: fine with it, and not without. */
const texts = ['checksum', 'murmur3', 'removeMarkers'];

/** A text is a JSON value, and pieces of a backup. */
const textsAmongOthers = ['applyMergePatch', 'verifyBackup'];

/** What the library alone makes, and events: their fields are checked where they are stored. */
const isMadeInside = (name: string, { prototype }: { readonly prototype: unknown }) =>
  ['DomainEvent', 'MigrationError', 'TasksDocument', 'RecoveryResult'].includes(name) ||
  [main.MigrationError, main.DomainEvent].some((base) => prototype instanceof base);

/** What calling it throws, at once or later; nothing if it goes well. */
async function failureOf(name: string, args: readonly unknown[]): Promise<unknown> {
  const made = exported.find(([other]) => other === name)![1] as never;
  try {
    const isClass = String(made).startsWith('class');
    const result: AsyncGenerator | undefined = isClass
      ? Reflect.construct(made, args)
      : Reflect.apply(made, undefined, args);
    if (!isClass && typeof result?.[Symbol.asyncIterator] === 'function') await result.next();
    await result;
    return undefined;
  } catch (error) {
    return error;
  }
}

const callable = exported.filter(
  ([name, made]) => typeof made === 'function' && !isMadeInside(name, made as { readonly prototype: unknown }),
);
const names = callable.map(([name]) => name);
const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
const without = (...others: (readonly string[])[]) => names.filter((name) => !others.flat().includes(name));

describe('what is exported', () => {
  it.each(without(optional, indifferent))('%s says what it is to be given, if it is given nothing', async (name) => {
    expect(await failureOf(name, [])).toEqual(refusal);
  });

  it.each(without(texts, textsAmongOthers, indifferent))('%s refuses texts in the place of objects', async (name) => {
    expect(await failureOf(name, Array<string>(7).fill('a text'))).toEqual(refusal);
  });

  it.each([...optional, ...indifferent])('%s needs nothing', async (name) => {
    expect(await failureOf(name, [])).toBeUndefined();
  });

  it.each([...texts, ...indifferent])('%s takes a text', async (name) => {
    expect(await failureOf(name, ['a text'])).toBeUndefined();
  });

  const store = new main.EventStore({ adapter: new main.MemoryEventAdapter() });
  const states = new main.StateManager();
  const bus = new main.EventBus();
  const emitter = { on: () => undefined, off: () => undefined };
  const redisClient = { call: async () => null, sendCommand: async () => null };
  const list = { tasks: [], version: 1 };
  const runner = { describe: () => undefined, it: () => undefined };
  it.each<[string, readonly unknown[]]>([
    ['AutoRecoveryManager', [new main.HealthChecker()]],
    ['AutoRecoveryManager', [new main.HealthChecker(), new Map(), 'options']],
    ['CircuitBreaker', [5, 60_000, 'options']],
    ['CustomStrategy', ['name']],
    ['EventEnabledFileWatcher', [bus, 'folder', 'options']],
    ['EventReplica', [store]],
    ['EventReplica', [store, {}]],
    ['FileWatcher', ['folder', 'options']],
    ['FinalDataSynchronizer', [{}]],
    ['FinalDataSynchronizer', [{ source: {}, target: {} }]],
    ['LegacyRemovalScript', [{}]],
    ['LegacyRemovalScript', [{ root: 'folder' }]],
    ['LegacySyncEventBridge', [emitter]],
    ['LegacySyncEventBridge', [emitter, bus, 'options']],
    ['ManualQueue', [{ store: 'a store' }]],
    ['MemoryReplica', [{}]],
    ['MultiLevelCache', [new main.MemoryCacheProvider(), 'a level']],
    ['MultiLevelCache', [new main.MemoryCacheProvider(), undefined, undefined, 'options']],
    ['RedisCacheProvider', [redisClient, 'options']],
    ['RedisEventTransport', [redisClient, 'options']],
    ['ResolutionLog', [{ store: 'a store' }]],
    ['RollbackManager', [new Map()]],
    ['StateReplica', [states]],
    ['StateReplica', [states, 'options']],
    ['SystemMonitoring', [{}]],
    ['TasksFileReplica', ['folder', 'options']],
    ['applyJsonPatch', [{}, 'a patch']],
    ['applyTaskResolutions', ['text', 'resolutions', 'base']],
    ['copyEvents', [new main.MemoryEventAdapter(), 'an adapter']],
    ['compareEvents', [new main.MemoryEventAdapter(), 'an adapter']],
    ['diffTasks', [list, 'after']],
    ['diffTasks', [list, {}]],
    ['eventStage', [{ sources: 'a source' }]],
    ['keyStoreConformance', [runner, 'options']],
    ['mergeSequence', [{ base: [], local: [] }]],
    ['mergeTasks', [{ base: '', local: '', remote: '' }, 'options']],
    ['recordChanges', [new main.MemoryVersionStore(), 'options']],
    ['relayEvents', [store, bus]],
    ['restoreEvents', [new main.MemoryEventAdapter(), {}]],
    ['verifyBackup', [{}]],
  ])('%s refuses the last of what it is given, if that is no such thing', async (name, args) => {
    expect(await failureOf(name, args)).toEqual(refusal);
  });
});
