// Every entry loads as ESM, without any driver, and the main classes work.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { EventStore, MemoryEventAdapter, MVCCController, threeWayMerge } from '@zyflow/migration';
import { TasksDocument } from '@zyflow/migration/tasks';

const manifest = JSON.parse(readFileSync('node_modules/@zyflow/migration/package.json', 'utf8'));
for (const path of Object.keys(manifest.exports)) {
  if (path.endsWith('.json')) continue;
  const names = Object.keys(await import(path.replace(/^\./, manifest.name)));
  assert.ok(names.length > 0, `${path} exports nothing`);
}

const store = new EventStore({ adapter: new MemoryEventAdapter() });
await store.append('a', [{ type: 'added', data: { n: 1 } }], { expectedVersion: 'no_stream' });
assert.deepEqual(
  (await store.read('a').toArray()).map((event) => event.data),
  [{ n: 1 }],
);
await store.close();
assert.equal((await new MVCCController().writeVersion('a', {}, 0)).version, 1);
assert.deepEqual(threeWayMerge({ base: { a: 1 }, local: { a: 2 }, remote: { a: 1 } }).state, { a: 2 });
assert.equal(TasksDocument.parse('- [ ] 1.1 first\n').tasks.length, 1);
console.log(`node ${process.version}: every entry imports`);
