// A folder of tasks.md files and a store of states, kept in step both ways: edits meet and merge, a conflict waits for a
// person, a restart goes on from the base in SQLite, and a rollback point brings both sides back.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ConflictResolution, MVCCController, StateManager, StateReplica, SyncCoordinator } from '@zyflow/migration';
import { SqliteVersionStore } from '@zyflow/migration/sqlite';
import { type TasksFile, TasksFileReplica, tasksMerger } from '@zyflow/migration/tasks';
import Database from 'libsql';

const folder = await mkdtemp(join(tmpdir(), 'two-way-sync-'));
const file = join(folder, 'add-login', 'tasks.md');
await mkdir(join(folder, 'add-login'));
await writeFile(file, '# Login\n\n- [ ] 1.1 Draw the form\n- [ ] 1.2 Check the password\n');
const db = new Database(join(folder, 'state.db'));

const states = new StateManager<TasksFile>({ store: new SqliteVersionStore(db, { tablePrefix: 'runtime_' }) });
const open = () =>
  new SyncCoordinator<TasksFile>({
    spec: new TasksFileReplica(folder),
    runtime: new StateReplica<TasksFile>(states, { ids: () => ['add-login'] }),
    journal: new MVCCController({ store: new SqliteVersionStore(db, { tablePrefix: 'journal_' }) }),
    merger: tasksMerger,
  });

let coordinator = open();
await coordinator.syncAll();
const point = await coordinator.createRollbackPoint();

// A person ticks a task in the file while the application renames another.
const edit = async (from: string, to: string) => writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
const change = (from: string, to: string) =>
  states.update('add-login', (state) => ({ text: state!.text.replace(from, to) }));
await edit('[ ] 1.1', '[x] 1.1');
await change('Check the password', 'Check the password twice');
const dry = await coordinator.sync('add-login', { dryRun: true });
console.log('would write:', dry.writes.map(({ side }) => side).join(', '));
await coordinator.sync('add-login');
console.log(await readFile(file, 'utf8'));

// After a restart the base is still known; two names for one task are for a person to decide.
await coordinator.close();
coordinator = open();
await edit('the form', 'the page');
await change('the form', 'the dialog');
const { conflicts } = await coordinator.sync('add-login');
for (const { reason, localValue, remoteValue } of conflicts)
  console.log('conflict:', reason, { localValue, remoteValue });
assert.equal(conflicts.length, 1);
const answer = ConflictResolution.choose(conflicts[0]!, 'remote', { strategy: 'ana', reason: 'as in the design' });
await coordinator.resolveConflicts('add-login', [answer]);
assert.match(await readFile(file, 'utf8'), /Draw the dialog/);

// From now on by itself, both ways.
await coordinator.start();
await edit('[ ] 1.2', '[x] 1.2');
while (!(await states.get('add-login'))?.state.text.includes('[x] 1.2')) await wait(5);
console.log('an edit of the file is in the store');
await coordinator.close();

coordinator = open();
await coordinator.restore(point);
assert.match(await readFile(file, 'utf8'), /\[ \] 1\.1 Draw the form/);
console.log('both sides are as at the rollback point:', await coordinator.validateConsistency());
await coordinator.close();
await states.close();
db.close();
await rm(folder, { recursive: true });
