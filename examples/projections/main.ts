// A read model in the same database as the events: kept by each append, kept exactly once beside it, rebuilt and swapped
// without a moment in which there is none, and an event that can't be handled set aside instead of stopping everything.
import assert from 'node:assert/strict';
import { EventStore, type Projection, type RecordedEvent } from '@zyflow/migration';
import { SqliteEventAdapter } from '@zyflow/migration/sqlite';
import Database from 'libsql';

const db = new Database(':memory:');

/** Counts the open items of each list. Version 2 leaves out what is marked as an idea. */
const openItems = (version: 1 | 2): Projection => ({
  name: 'open_items',
  version,
  reset: (_, target) =>
    void db.exec(`drop table if exists ${target}; create table ${target} (list text primary key, n int)`),
  drop: (_, target) => void db.exec(`drop table ${target}`),
  handle: ({ stream, data }, _, target) => {
    const { by, idea } = data as { by: number; idea?: boolean };
    if (version === 2 && idea) return;
    const sql = `insert into ${target} values (?, ?) on conflict (list) do update set n = n + excluded.n`;
    db.prepare(sql).run(stream, by);
  },
});
const count = (target: string) => (db.prepare(`select sum(n) as n from ${target}`).get() as { n: number }).n;

console.log('1. Inline: in the transaction of the append');
db.exec('create table names (stream text primary key)');
const names: Projection = {
  name: 'names',
  handle: ({ stream, version }) => {
    if (stream.includes(' ')) throw new Error(`no blanks, please: "${stream}"`);
    if (version === 1) db.prepare('insert into names values (?)').run(stream);
  },
};
const store = new EventStore({ adapter: new SqliteEventAdapter(db), inlineProjections: [names] });
const added = (idea = false) => ({ type: 'added', data: { by: 1, idea } });
await store.append('home', [added(), added(true)]);
await assert.rejects(store.append('my garden', [added()]), /no blanks/);
assert.equal(await store.streamVersion('my garden'), 0);
console.log('   one append was refused by the projection, and stored nothing');

console.log('2. Beside the appends: each event takes effect exactly once');
const first = store.project(openItems(1));
await first.caughtUp();
assert.equal(count('open_items_v1'), 2);
console.log(`   version ${await store.liveVersion('open_items')} counts ${count('open_items_v1')}`);

console.log('3. Rebuilt beside the live one, then swapped');
const second = await store.rebuildProjection(openItems(2));
assert.equal(await store.liveVersion('open_items'), 2);
assert.deepEqual([count('open_items_v1'), count('open_items_v2')], [2, 1]);
await first.close();
await store.dropProjection(openItems(1));
console.log(`   version 2 is live and counts ${count('open_items_v2')}; version 1 is gone`);
await second.close();

console.log('4. Parked: one list waits, the others go on');
let broken = true;
const sent: string[] = [];
const mail = store.subscribe({
  name: 'mail',
  maxAttempts: 1,
  onFailure: 'park',
  handle: async ({ stream, version }: RecordedEvent) => {
    if (broken && stream === 'home') throw new Error('mailbox full');
    sent.push(`${stream} ${version}`);
  },
});
await store.append('work', [added()]);
await mail.caughtUp();
const [reason] = await mail.parked();
broken = false;
const { handled } = await mail.retryParked();
assert.deepEqual(sent, ['work 1', 'home 1', 'home 2']);
console.log(
  `   "${reason?.message}" parked ${handled} events of one list; retried, they came in order: ${sent.join(', ')}`,
);
await store.close();
db.close();
