import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AutoRecoveryManager,
  CircuitBreaker,
  CircuitBreakerOpenError,
  type DomainEvent,
  EventBus,
  EventStore,
  FileChangedEvent,
  HealthChecker,
  MemoryCacheProvider,
  MemoryEventAdapter,
  MultiLevelCache,
  type RecoveryDrill,
  RecoveryManager,
  RecoveryResult,
} from '@zyflow/migration';
import { NextSystem, openNextDatabase } from '../next/next-system.ts';
import type { ChangeRef } from '../workspace/task-system.ts';

const change: ChangeRef = { projectId: 'p', changeId: 'drill' };
const whole = '## Work\n\n- [ ] 1.1 One\n- [ ] 1.2 Two\n- [x] 1.3 Three\n';

/** Faults put in on purpose, each into parts of its own below `folder`. Each drill says whether the system got over it. */
export function recoveryDrills(folder: string): RecoveryDrill[] {
  return [
    drill('a tasks.md saved in two halves', async () => {
      const { system, file, close } = await openSystem(folder, 'torn');
      const watcher = await system.watch();
      await writeFile(file, whole.slice(0, 20));
      await sleep(5);
      await writeFile(file, `${whole}- [ ] 1.4 Four\n`);
      const seen = await until(async () => (await system.change(change)).tasks.length === 4);
      const events = await system.store.read('change/p/drill').toArray();
      await watcher.close();
      await close();
      return seen && events.every(({ type }) => type !== 'task.removed');
    }),
    drill('a tasks.md removed and written anew', async () => {
      const { system, file, close } = await openSystem(folder, 'removed');
      const watcher = await system.watch();
      const before = (await system.change(change)).tasks.map(({ id }) => id);
      await rm(file);
      await sleep(5);
      await writeFile(file, whole.replace('[ ] 1.1', '[x] 1.1'));
      const seen = await until(async () => (await system.change(change)).progress === 67);
      const after = (await system.change(change)).tasks.map(({ id }) => id);
      await watcher.close();
      await close();
      return seen && String(before) === String(after);
    }),
    drill('twenty writes of one task at once', async () => {
      const { system, close } = await openSystem(folder, 'storm');
      const [task] = (await system.change(change)).tasks;
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => system.update(change, task!.id, { description: `write ${n}` })),
      );
      const events = await system.store.read('change/p/drill').toArray();
      await close();
      return events.filter(({ type }) => type === 'task.updated').length === 20;
    }),
    drill('a storage that is busy twice', async () => {
      const store = new EventStore({ adapter: new BusyAdapter(2) });
      await new RecoveryManager().run('appending', () =>
        store.append('s', [{ id: 'once', type: 'added', data: {} }], { expectedVersion: 'no_stream' }),
      );
      return (await store.read('s').toArray()).length === 1;
    }),
    drill('an answer that got lost after the commit', async () => {
      const store = new EventStore({ adapter: new ForgetfulAdapter() });
      const events = [{ id: 'once', type: 'added', data: {} }];
      await new RecoveryManager().run('appending', () => store.append('s', events, { expectedVersion: 0 }));
      return (await store.read('s').toArray()).length === 1;
    }),
    drill('a subscriber that fails twice', async () => {
      const store = new EventStore({ adapter: new MemoryEventAdapter() });
      await store.append(
        's',
        [1, 2, 3].map((n) => ({ type: 'added', data: { n } })),
      );
      let failures = 2;
      const seen: number[] = [];
      const subscription = store.subscribe({
        name: 'reader',
        backoff: { initialMs: 1 },
        handle: async ({ version }) => {
          if (version === 2 && failures-- > 0) throw new Error('not now');
          seen.push(version);
        },
      });
      await subscription.caughtUp();
      await store.close();
      return String(seen) === '1,2,3';
    }),
    drill('a handler on the bus that throws', async () => {
      const bus = new EventBus();
      const heard: DomainEvent[] = [];
      bus.subscribe('*', {
        handle: async () => {
          throw new Error('handler');
        },
      });
      bus.subscribe('*', { handle: async (event) => void heard.push(event) });
      const changed = { path: 'p', kind: 'changed', hash: 'h', previousHash: 'g', text: '' } as const;
      await bus.publish(new FileChangedEvent(changed)).catch(() => {});
      return heard.length === 1;
    }),
    drill('a cache level that is down', async () => {
      const cache = new MultiLevelCache(new MemoryCacheProvider(), new BrokenCacheLevel(), undefined, {
        onError: () => {},
      });
      const values = await Promise.all(Array.from({ length: 50 }, () => cache.getOrLoad('key', () => 'value')));
      await cache.close();
      return values.every((value) => value === 'value');
    }),
    drill('a remote that is down, and comes back', async () => {
      const breaker = new CircuitBreaker(5, 50);
      let isDown = true;
      let calls = 0;
      const call = () =>
        breaker.execute(async () => {
          calls++;
          if (isDown) throw new Error('down');
          return 'up';
        });
      const errors: unknown[] = [];
      for (let n = 0; n < 50; n++) await call().catch((error: unknown) => errors.push(error));
      const failedFast = errors.filter((error) => error instanceof CircuitBreakerOpenError).length;
      isDown = false;
      const isBack = await until(() =>
        call().then(
          (answer) => answer === 'up',
          () => false,
        ),
      );
      breaker.shutdown();
      return failedFast === 45 && calls === 6 && isBack;
    }),
    drill('a connection that is lost', async () => {
      let isConnected = false;
      let tries = 0;
      const health = new HealthChecker();
      health.register('database', async () => ({ status: isConnected ? 'healthy' : 'unhealthy' }));
      const reconnect = {
        async execute() {
          isConnected = ++tries === 2;
          return RecoveryResult.recovered('reconnected');
        },
      };
      const recovery = new AutoRecoveryManager(health, new Map([['connection_lost', reconnect]]), {
        backoff: { initialMs: 1 },
      });
      const failure = { type: 'connection_lost', component: 'database', error: new Error('gone') };
      const results = await Promise.all([recovery.handleFailure(failure), recovery.handleFailure(failure)]);
      await recovery.close();
      return tries === 2 && results.every((result) => result.success);
    }),
  ];
}

const drill = (name: string, run: () => Promise<boolean>): RecoveryDrill => ({
  name,
  run: async () => ({ recovered: await run() }),
});

async function openSystem(folder: string, name: string) {
  const root = join(folder, name);
  const path = join(root, 'project');
  const file = join(path, 'openspec', 'changes', change.changeId, 'tasks.md');
  await rm(root, { recursive: true, force: true });
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, whole);
  const databaseFile = join(root, 'drill.db');
  const system = new NextSystem(openNextDatabase(databaseFile), { projects: [{ id: 'p', path }], databaseFile });
  await system.sync(change);
  return { system, file, close: () => system.close() };
}

async function until(holds: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + 5000;
  while (performance.now() < end) {
    if (await holds()) return true;
    await sleep(5);
  }
  return false;
}

class BusyAdapter extends MemoryEventAdapter {
  #left: number;

  constructor(times: number) {
    super();
    this.#left = times;
  }

  override async append(...batches: Parameters<MemoryEventAdapter['append']>) {
    if (this.#left-- > 0) throw new Error('SQLITE_BUSY: database is locked');
    return super.append(...batches);
  }
}

class ForgetfulAdapter extends MemoryEventAdapter {
  #hasForgotten = false;

  override async append(...batches: Parameters<MemoryEventAdapter['append']>) {
    const outcome = await super.append(...batches);
    if (this.#hasForgotten) return outcome;
    this.#hasForgotten = true;
    throw new Error('ECONNRESET');
  }
}

class BrokenCacheLevel extends MemoryCacheProvider {
  override getEntry(): Promise<never> {
    return Promise.reject(new Error('ECONNREFUSED'));
  }

  override set(): Promise<never> {
    return Promise.reject(new Error('ECONNREFUSED'));
  }
}
