// Read by the type checker alone (`npm run check:types`): replicas of typed states fit a coordinator of them.
import type { SqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.ts';
import { SqliteTableReplica } from '../../src/adapters/sqlite/sqlite-table-replica.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import { TasksFileReplica } from '../../src/tasks/tasks-file-replica.ts';
import { type TasksFile, tasksMerger } from '../../src/tasks/tasks-merger.ts';

declare const db: SqliteDatabase;

interface Card {
  readonly title: string;
  readonly done?: boolean;
}

export const coordinators = [
  new SyncCoordinator<TasksFile>({
    spec: new TasksFileReplica('changes'),
    runtime: new SqliteTableReplica(db, { table: 'changes', idColumn: 'id', columns: { text: {} } }),
    merger: tasksMerger,
  }),
  new SyncCoordinator({
    spec: new MemoryReplica<Card>(),
    runtime: new SqliteTableReplica<Card>(db, {
      table: 'cards',
      idColumn: 'id',
      columns: { title: {}, done: { type: 'boolean' } },
    }),
  }),
  // Without a type the state is any JSON object.
  new SyncCoordinator({
    spec: new MemoryReplica(),
    runtime: new SqliteTableReplica(db, { table: 'cards', idColumn: 'id', columns: { title: {} } }),
  }),
];

// @ts-expect-error a field without a column could not be stored
new SqliteTableReplica<Card>(db, { table: 'cards', idColumn: 'id', columns: { title: {} } });
