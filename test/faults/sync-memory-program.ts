// Syncs one record so many times with a signal that lives on. To stdout goes how many bytes of memory each sync has kept.
// Needs --expose-gc. Arguments: how many syncs.
import { setTimeout as wait } from 'node:timers/promises';
import type { JsonObject } from '../../src/core/json-value.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';

const syncs = Number(process.argv[2]);
const [spec, runtime] = [new MemoryReplica<JsonObject>(), new MemoryReplica<JsonObject>()];
const coordinator = new SyncCoordinator<JsonObject>({ spec, runtime });
const { signal } = new AbortController();

async function held(): Promise<number> {
  await wait(50);
  gc?.();
  return process.memoryUsage().heapUsed;
}

async function sync(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    (n % 2 ? spec : runtime).set('r1', { n });
    await coordinator.sync('r1', { signal });
  }
}

await sync(syncs);
const before = await held();
await sync(syncs);
process.stdout.write(String(((await held()) - before) / syncs));
await coordinator.close();
