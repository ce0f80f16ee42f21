import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EventStore, MemoryCacheProvider, MultiLevelCache } from '@zyflow/migration';
import { SqliteEventAdapter } from '@zyflow/migration/sqlite';
import { percentile } from '../load/percentile.ts';
import { type NextSystem, openNextDatabase } from '../next/next-system.ts';
import type { ChangeRef } from '../workspace/task-system.ts';

/** Events appended one by one in a second, each durable before the next. */
export async function measureAppends(folder: string): Promise<number> {
  const db = openNextDatabase(join(folder, 'appends.db'));
  const store = new EventStore({ adapter: new SqliteEventAdapter(db) });
  const count = 1500;
  await store.append('warm-up', [{ type: 'added', data: {} }]);
  const began = performance.now();
  for (let n = 0; n < count; n++) {
    await store.append(`probe-${n % 50}`, [
      { type: 'task.updated', data: { taskId: 'probe', changes: { title: `title ${n}` } } },
    ]);
  }
  const seconds = (performance.now() - began) / 1000;
  await store.close();
  db.close();
  return Math.round(count / seconds);
}

/** How long reading every change takes without the cache and with it, in ms, a value a read. */
export async function measureCache(system: NextSystem, changes: readonly ChangeRef[]) {
  const rounds = 15;
  const read = async () => {
    const durations: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const change of changes) {
        const began = performance.now();
        await system.change(change);
        durations.push(performance.now() - began);
        await setImmediate(); // people go on working meanwhile
      }
    }
    return durations.sort((a, b) => a - b);
  };
  const { cache } = system;
  system.cache = null;
  const without = await read();
  system.cache = cache ?? newCache();
  const cached = await read();
  system.cache = cache;
  const [slow, fast] = [percentile(without, 50), percentile(cached, 50)];
  return { withoutMs: slow, withMs: fast, gainPercent: (100 * (slow - fast)) / slow, reads: without.length };
}

export const newCache = () => new MultiLevelCache(new MemoryCacheProvider({ max: 1000 }));
