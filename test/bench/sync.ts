// From a saved tasks.md to the runtime store, while every 50 ms one of 200 files is edited.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { StateReplica } from '../../src/sync/state-replica.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import { TasksFileReplica } from '../../src/tasks/tasks-file-replica.ts';
import { type TasksFile, tasksMerger } from '../../src/tasks/tasks-merger.ts';
import { openSqlite, sqliteDriver } from '../sqlite-driver.ts';
import type { BenchOptions, BenchTable } from './compare.ts';

const files = 200;
const tasks = 50;
const editEveryMs = 50;
const editsARound = 60;

const textOf = (edit: number) =>
  `# Plan\n\n${Array.from({ length: tasks }, (_, n) => `- [${n === edit % tasks ? 'x' : ' '}] 1.${n + 1} Task number ${n}\n`).join('')}- [ ] 2.1 Edit ${edit}\n`;

export async function run({ rounds }: BenchOptions): Promise<readonly BenchTable[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-sync-'));
  const db = openSqlite(join(folder, 'state.db'));
  db.exec('PRAGMA journal_mode = WAL');
  try {
    const rows = [
      await measure('runtime and journal in memory', rounds, join(folder, 'memory'), () => new MemoryVersionStore()),
      await measure(
        `runtime and journal in SQLite (${sqliteDriver})`,
        rounds,
        join(folder, 'sqlite'),
        (tablePrefix) => new SqliteVersionStore(db, { tablePrefix }),
      ),
    ];
    const title = `from a saved tasks.md to the runtime store, ${files} files of ${tasks} tasks, an edit every ${editEveryMs} ms`;
    return [{ title, rows }];
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}

async function measure(name: string, rounds: number, folder: string, store: (prefix: string) => VersionStore) {
  const ids = Array.from({ length: files }, (_, n) => `change-${n}`);
  const save = (id: string, edit: number) => writeFile(join(folder, id, 'tasks.md'), textOf(edit));
  for (const id of ids) mkdirSync(join(folder, id), { recursive: true });
  await Promise.all(ids.map((id) => save(id, 0)));
  const states = new StateManager<TasksFile>({ store: store('runtime_') });
  await using coordinator = new SyncCoordinator<TasksFile>({
    spec: new TasksFileReplica(folder),
    runtime: new StateReplica<TasksFile>(states, { ids: () => ids }),
    journal: new MVCCController({ store: store('journal_'), retention: { versions: 1 } }),
    merger: tasksMerger,
  });
  await coordinator.start();

  const savedAt = new Map<string, number>();
  const latencies: number[] = [];
  states.subscribe(({ state }) => {
    const text = state?.text ?? '';
    const start = savedAt.get(text);
    if (start === undefined) return;
    savedAt.delete(text);
    latencies.push(performance.now() - start);
  });
  const edits = editsARound * rounds;
  for (let edit = 1; edit <= edits; edit++) {
    savedAt.set(textOf(edit), performance.now());
    await save(ids[(edit * 37) % files]!, edit);
    await wait(editEveryMs);
  }
  const end = performance.now() + 10_000;
  while (latencies.length < edits && performance.now() < end) await wait(10);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(1));
  return { store: name, edits, arrived: latencies.length, 'p50 ms': at(0.5), 'p99 ms': at(0.99), 'max ms': at(1) };
}
