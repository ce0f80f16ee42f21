// One of several processes that sync into one database. Sent an order it opens the system and says so; sent 'go' it syncs
// and reports.
import type { ChangeRef, ProjectFolder, SystemUnderTest, TaskSystem } from '../workspace/task-system.ts';

export interface SyncOrder {
  readonly module: string;
  readonly projects: readonly ProjectFolder[];
  readonly databaseFile: string;
  readonly changes: readonly ChangeRef[];
}

export interface SyncReport {
  /** Of the syncs that failed, one each. */
  readonly errors: readonly string[];
}

let order: SyncOrder | undefined;
let system: TaskSystem | undefined;

process.on('message', (message: SyncOrder | 'go') => {
  void (message === 'go' ? sync() : open(message)).then((answer) => process.send!(answer));
});

async function open(received: SyncOrder): Promise<'ready'> {
  order = received;
  const { default: under } = (await import(received.module)) as { default: SystemUnderTest };
  system = await under.open(received);
  return 'ready';
}

async function sync(): Promise<SyncReport> {
  const errors: string[] = [];
  for (const change of order!.changes) {
    await system!.sync(change).catch((error: unknown) => {
      errors.push(error instanceof Error ? error.message : String(error));
    });
  }
  await system!.close();
  return { errors };
}
