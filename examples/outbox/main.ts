// Rows of your own and events in one transaction, and the events on their way to others: without a second system that
// could be told of what was never stored, or never hear of what was.
import assert from 'node:assert/strict';
import { PGlite } from '@electric-sql/pglite';
import { EventBus, EventStore, type RecordedDomainEvent, relayEvents } from '@zyflow/migration';
import { PostgreSQLEventAdapter } from '@zyflow/migration/postgres';
import { SqliteEventAdapter } from '@zyflow/migration/sqlite';
import Database from 'libsql';

const placed = (order: number) => ({ type: 'order.placed', data: { order } });
const outOfStock = new Error('out of stock');

console.log('1. SQLite: a row and its event in one synchronous transaction');
const db = new Database(':memory:');
db.exec('create table orders (id integer primary key, stock integer not null check (stock >= 0))');
const store = new EventStore({ adapter: new SqliteEventAdapter(db) });
await store.init();
const place = db.transaction((order: number, stock: number) => {
  store.appendSync(`order-${order}`, [placed(order)], { expectedVersion: 'no_stream' });
  db.prepare('insert into orders values (?, ?)').run(order, stock);
});
place(1, 5);
place(2, 3);
assert.throws(() => place(3, -1), /CHECK/);
const { n } = db.prepare('select count(*) as n from orders').get() as { n: number };
assert.deepEqual([n, await store.streamVersion('order-2'), await store.streamVersion('order-3')], [2, 1, 0]);
console.log(`   ${n} orders and their events; of the third, which was refused, neither`);

console.log('2. A relay to a bus');
const mails = new Map<string, number>();
let isDown = false;
const bus = new EventBus();
bus.subscribe('order.placed', {
  handle: async ({ id, recorded }: RecordedDomainEvent) => {
    if (isDown) throw new Error('no connection to the mail server');
    // The same id may come again after a crash: whoever must not act twice looks it up.
    mails.set(id, (mails.get(id) ?? 0) + 1);
    console.log(`   mail for ${recorded.stream}`);
  },
});
const relay = relayEvents(store, bus, { name: 'mail' });
await relay.caughtUp();
assert.equal(mails.size, 2);
await relay.close();

console.log('3. Events of while it was away, and a bus that fails first');
isDown = true;
place(4, 1);
let failures = 0;
const again = relayEvents(store, bus, {
  name: 'mail',
  backoff: { initialMs: 1 },
  onRetry: () => {
    isDown = ++failures < 3;
  },
});
await again.caughtUp();
assert.deepEqual([failures, [...mails.values()]], [3, [1, 1, 1]]);
console.log(`   published after ${failures} failures, the two from before not again`);
await store.close();
db.close();

console.log('4. PostgreSQL: the same inside a transaction that you have open');
const postgres = await PGlite.create();
await postgres.exec('create table orders (id int primary key)');
const events = new EventStore({ adapter: new PostgreSQLEventAdapter(postgres) });
await events.init();
const heard: string[] = [];
const relayed = relayEvents(
  events,
  { publish: async ({ aggregateId }) => void heard.push(aggregateId) },
  { name: 'all' },
);
for (const stock of [0, 1]) {
  const placing = postgres.transaction(async (client) => {
    await client.query('insert into orders values (7)');
    await events.withTransaction(client).append('order-7', [placed(7)], { expectedVersion: 'no_stream' });
    if (stock === 0) throw outOfStock;
  });
  await (stock === 0 ? assert.rejects(placing, outOfStock) : placing);
  events.wake();
  await relayed.caughtUp();
  assert.deepEqual(heard, stock === 0 ? [] : ['order-7']);
  const { rows } = await postgres.query('select id from orders');
  assert.equal(rows.length, stock);
  console.log(`   ${stock === 0 ? 'rolled back: no row, no event, nothing published' : 'committed: all three'}`);
}
await events.close();
await postgres.close();
