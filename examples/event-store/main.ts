// A task list as events on SQLite: optimistic appends, safe retries, a fold with snapshots, and a read model that goes
// on where it was after a restart.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConcurrencyConflictError,
  DomainEvent,
  EventStore,
  IntervalSnapshotStrategy,
  type RecordedEvent,
} from '@zyflow/migration';
import { SqliteEventAdapter } from '@zyflow/migration/sqlite';
import Database from 'libsql';

class ItemAdded extends DomainEvent {
  readonly item: string;

  constructor(list: string, item: string) {
    super('item.added', list);
    this.item = item;
  }
}

class ItemDone extends DomainEvent {
  readonly item: string;

  constructor(list: string, item: string) {
    super('item.done', list);
    this.item = item;
  }
}

interface List {
  readonly open: readonly string[];
  readonly done: readonly string[];
}

/** How the state of a list follows from its events. */
const list = {
  name: 'list',
  initial: (): List => ({ open: [], done: [] }),
  evolve: (state: List, event: RecordedEvent): List => {
    const { item } = event.data as { item: string };
    if (event.type === 'item.added') return { ...state, open: [...state.open, item] };
    return { open: state.open.filter((each) => each !== item), done: [...state.done, item] };
  },
};

const folder = await mkdtemp(join(tmpdir(), 'event-store-'));
const db = new Database(join(folder, 'events.db'));
db.exec('pragma journal_mode = wal');
const open = () =>
  new EventStore({
    adapter: new SqliteEventAdapter(db),
    snapshotStrategy: new IntervalSnapshotStrategy(10),
    compressionEnabled: true,
  });

console.log('1. Appending under an expected version');
const store = open();
await store.append('list/home', [new ItemAdded('home', 'paint the door')], { expectedVersion: 'no_stream' });
const { version } = await store.aggregateStream('list/home', list);
const [mine, theirs] = await Promise.allSettled([
  store.append('list/home', [new ItemDone('home', 'paint the door')], { expectedVersion: version }),
  store.append('list/home', [new ItemAdded('home', 'buy paint')], { expectedVersion: version }),
]);
assert.equal(mine.status, 'fulfilled');
assert.ok(theirs.status === 'rejected' && theirs.reason instanceof ConcurrencyConflictError);
console.log(`   two wanted to write at version ${version}; the second was told: ${theirs.reason.message}`);

console.log('2. Repeating an append whose answer was lost');
const event = new ItemAdded('home', 'water the plants');
const first = await store.append('list/home', [event]);
const again = await store.append('list/home', [event]);
assert.deepEqual(again, first);
console.log(`   the same event twice is at version ${again.version} once`);

console.log('3. Several streams at once, or none');
await assert.rejects(
  store.appendMany([
    { stream: 'list/garden', events: [new ItemAdded('garden', 'mow')], expectedVersion: 'no_stream' },
    { stream: 'list/home', events: [new ItemAdded('home', 'sweep')], expectedVersion: 1 },
  ]),
  ConcurrencyConflictError,
);
assert.equal(await store.streamVersion('list/garden'), 0);
console.log('   one of the two was in conflict, so neither was written');

console.log('4. Folding with snapshots');
for (let n = 1; n <= 40; n++) await store.append('list/home', [new ItemAdded('home', `errand ${n}`)]);
const withSnapshot = await store.aggregateStream('list/home', list);
const { name: _, ...unnamed } = list;
const withoutSnapshot = await store.aggregateStream('list/home', unnamed);
assert.deepEqual(withSnapshot, withoutSnapshot);
console.log(`   version ${withSnapshot.version}: ${withSnapshot.state.open.length} open, the same with and without`);

console.log('5. A read model that goes on after a restart');
const openItems = new Map<string, number>();
const readModel = {
  name: 'open-items',
  handle: async ({ type, stream }: RecordedEvent) => {
    openItems.set(stream, (openItems.get(stream) ?? 0) + (type === 'item.added' ? 1 : -1));
  },
};
await store.subscribe(readModel).caughtUp();
const before = openItems.get('list/home');
await store.close();

const restarted = open();
await restarted.append('list/home', [new ItemDone('home', 'errand 1')]);
let handled = 0;
const subscription = restarted.subscribe({
  ...readModel,
  handle: async (recorded) => {
    handled++;
    await readModel.handle(recorded);
  },
});
await subscription.caughtUp();
assert.equal(handled, 1);
assert.equal(openItems.get('list/home'), before! - 1);
console.log(`   ${before} open before, ${openItems.get('list/home')} after; only the new event was handled`);

await restarted.close();
db.close();
await rm(folder, { recursive: true });
