// Backs up a store in SQLite to a file, verifies and restores it into another storage, and copies a store while it is in
// use.
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  backupEvents,
  compareEvents,
  copyEvents,
  EventStore,
  MemoryEventAdapter,
  restoreEvents,
  verifyBackup,
} from '@zyflow/migration';
import { SqliteEventAdapter } from '@zyflow/migration/sqlite';
import Database from 'libsql';

const folder = await mkdtemp(join(tmpdir(), 'backup-'));
const file = join(folder, 'events.ndjson');
const db = new Database(join(folder, 'events.db'));
const source = new SqliteEventAdapter(db);
const store = new EventStore({ adapter: source });
for (let n = 1; n <= 2000; n++) {
  await store.append(`task-${n % 20}`, [{ type: 'task.updated', data: { n }, tags: [`day:${n % 7}`] }]);
}
await store.truncateStream('task-1', 50);
await store.deleteStream('task-2');

await pipeline(backupEvents(source), createWriteStream(file));
console.log('backed up', await verifyBackup(createReadStream(file)));

const restored = new MemoryEventAdapter();
await restoreEvents(restored, createReadStream(file));
console.log('restored:', (await compareEvents(source, restored)) ?? 'equal, positions included');

await appendFile(file, '{"event":{}}\n');
await verifyBackup(createReadStream(file)).catch((error: Error) => console.log(`damaged on purpose: ${error.message}`));

const copy = new MemoryEventAdapter();
const writing = (async () => {
  for (let n = 0; n < 500; n++) await store.append('busy', [{ type: 'task.updated', data: { n } }]);
  await store.truncateStream('busy', 100);
})();
console.log(`copied ${await copyEvents(source, copy)} events while the store was written to`);
await writing;
console.log(`copied ${await copyEvents(source, copy)} more`);
console.log('copy:', (await compareEvents(source, copy)) ?? 'equal');

db.close();
await rm(folder, { recursive: true });
