import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FaultMeasure } from './fault-measure.ts';
import { numberedFile, Scratch, titles } from './scratch.ts';
import type { SyncOrder, SyncReport } from './sync-process.ts';

const processes = 3;
const syncsEach = 60;
const tasksEach = 20;

/** Syncs that fail while the API server, the MCP server and a script sync different changes into one database. */
export const failedSyncs: FaultMeasure = {
  id: 'F7',
  title: `Syncs failed, ${processes} processes at once`,
  unit: 'syncs',
  async measure(context) {
    const changes = Array.from({ length: processes * syncsEach }, (_, n) => ({
      projectId: 'p',
      changeId: `change-${n}`,
    }));
    const scratch = await Scratch.open(
      context,
      new Map([[{ projectId: 'p', changeId: 'before' }, numberedFile(['One'])]]),
    );
    for (const [n, change] of changes.entries()) await scratch.save(change, numberedFile(titles(tasksEach, 700 + n)));
    const { module } = context.system;
    const orders = Array.from({ length: processes }, (_, n) => changes.slice(n * syncsEach, (n + 1) * syncsEach));
    const { projects, databaseFile } = scratch.options;
    const errors = await syncAtOnce(
      orders.map((part) => ({ module, projects, databaseFile, changes: part })),
      context.signal,
    );
    let missing = 0;
    for (const change of changes) missing += tasksEach - (await scratch.tasks(change)).length;
    await scratch.system.close();
    const rows = `${missing} of ${changes.length * tasksEach} tasks missing`;
    return { value: errors.length, of: changes.length, detail: errors[0] ? `${rows}; ${errors[0]}` : rows };
  },
};

/** Starts the processes, lets them begin together, and gives the errors of the syncs that failed. */
async function syncAtOnce(orders: readonly SyncOrder[], signal: AbortSignal | undefined): Promise<string[]> {
  const children = orders.map(start);
  try {
    await Promise.all(children.map((child, index) => ask(child, orders[index]!, signal)));
    const reports = await Promise.all(children.map((child) => ask(child, 'go', signal)));
    return reports.flatMap((report) => (report as SyncReport).errors);
  } finally {
    for (const child of children) child.kill();
  }
}

function start(): ChildProcess {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return fork(fileURLToPath(new URL('sync-process.ts', import.meta.url)), {
    execArgv: ['--import', tsx],
    env: { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)) },
  });
}

async function ask(child: ChildProcess, message: SyncOrder | 'go', signal: AbortSignal | undefined): Promise<unknown> {
  const answered = new AbortController();
  const waiting = { signal: signal ? AbortSignal.any([signal, answered.signal]) : answered.signal };
  const answer = once(child, 'message', waiting);
  const exit = once(child, 'exit', waiting);
  child.send(message);
  try {
    const [first] = await Promise.race([answer, exit.then(ended)]);
    return first;
  } finally {
    answered.abort();
    await Promise.allSettled([answer, exit]);
  }
}

function ended([code]: unknown[]): never {
  throw new Error(`a process that syncs ended with code ${code} before it answered`);
}
