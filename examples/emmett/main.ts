// Emmett's command handler on this library's event store: its retries, its constants, its errors. What Emmett's own
// stores disagree about comes out as its store in memory has it, on every storage.
import assert from 'node:assert/strict';
import {
  CommandHandler,
  type EventStore as EmmettStore,
  type Event,
  ExpectedVersionConflictError,
  getInMemoryEventStore,
  isExpectedVersionConflictError,
  STREAM_DOES_NOT_EXIST,
  STREAM_EXISTS,
} from '@event-driven-io/emmett';
import { EventStore } from '@zyflow/migration';
import { SqliteEventAdapter } from '@zyflow/migration/sqlite';
import Database from 'libsql';
import { EmmettEventStore } from './emmett-event-store.ts';

type ProductAdded = Event<'product.added', { product: string; quantity: number }, { by?: string }>;

/** How many of each product are in a cart. */
type Cart = Readonly<Record<string, number>>;

const cart = {
  initialState: (): Cart => ({}),
  evolve: (state: Cart, { data: { product, quantity } }: ProductAdded): Cart => ({
    ...state,
    [product]: (state[product] ?? 0) + quantity,
  }),
};

type Numbered = Event<'numbered', { n: number }>;

const numbered = (n: number) => ({ type: 'numbered' as const, data: { n } });
const sum = { initialState: () => 0, evolve: (total: number, { data }: Numbered) => total + data.n };

const db = new Database(':memory:');
const store = new EventStore({ adapter: new SqliteEventAdapter(db) });
const emmett = new EmmettEventStore(store);
const added = (product: string, quantity: number): ProductAdded => ({
  type: 'product.added',
  data: { product, quantity },
  metadata: { by: 'ann' },
});

console.log('1. A command');
const handle = CommandHandler(cart);
const first = await handle(emmett, 'cart-1', () => added('pear', 1));
assert.deepEqual(first.newState, { pear: 1 });
assert.equal(first.createdNewStream, true);
const second = await handle(emmett, 'cart-1', (state) => [added('pear', state.pear ?? 0), added('fig', 5)]);
assert.deepEqual(second.newState, { pear: 2, fig: 5 });
assert.deepEqual([second.createdNewStream, second.nextExpectedStreamVersion], [false, 3n]);
const { events } = await emmett.readStream<ProductAdded>('cart-1');
assert.deepEqual(
  events.map(({ metadata }) => [metadata.by, metadata.streamPosition]),
  [
    ['ann', 1n],
    ['ann', 2n],
    ['ann', 3n],
  ],
);
console.log(`   the cart is at version ${second.nextExpectedStreamVersion}:`, second.newState);

console.log('2. Two commands at once, and Emmett tries the second one again');
let decisions = 0;
let goOn = () => {};
const bothHaveSeenIt = new Promise<void>((resolve) => {
  goOn = resolve;
});
/** Doubles the pears, once both commands have seen the same cart. */
const double = async (state: Cart) => {
  if (++decisions === 2) goOn();
  await bothHaveSeenIt;
  return added('pear', state.pear ?? 0);
};
const retry = { onVersionConflict: { retries: 3, minTimeout: 1, shouldRetryError: isExpectedVersionConflictError } };
await Promise.all([handle(emmett, 'cart-1', double, { retry }), handle(emmett, 'cart-1', double, { retry })]);
const { state } = await emmett.aggregateStream<Cart, ProductAdded>('cart-1', cart);
assert.equal(decisions, 3);
assert.deepEqual(state, { pear: 8, fig: 5 });
console.log(`   ${decisions} decisions for 2 commands, and none of them on an old cart:`, state);

console.log('3. A conflict without a retry');
const late = handle(emmett, 'cart-1', () => added('fig', 1), { expectedStreamVersion: 3n });
const conflict = await late.catch((error: unknown) => error);
assert.ok(conflict instanceof ExpectedVersionConflictError);
assert.equal(conflict.current, '5');
console.log(`   ${conflict.message.trim()}`);

console.log('4. What Emmett’s stores disagree about');
const inMemory = await transcript(getInMemoryEventStore());
const here = await transcript(emmett);
assert.deepEqual(here, inMemory);
console.table(here);

console.log('5. Better than in memory');
for (const each of [getInMemoryEventStore(), emmett]) {
  const event = numbered(1);
  await each.appendToStream('changed', [event]);
  event.data.n = 100;
  await each.appendToStream('changed', [2, 3, 4, 5].map(numbered));
  const total = await each.aggregateStream<number, Numbered>('changed', sum);
  const rest = await each.aggregateStream<number, Numbered>('changed', { ...sum, read: { from: 3n } });
  const isHere = each === emmett;
  // Nobody changes what has happened, and the version of a stream does not depend on where it is read from.
  assert.equal(total.state, isHere ? 15 : 114);
  assert.equal(rest.currentStreamVersion, isHere ? 5n : 2n);
}
console.log('   an event that its caller changes stays as it was; a fold from version 3 on tells the stream’s version');

await store.close();
db.close();

/** What a store answers to calls that Emmett's stores in memory and on PostgreSQL answer differently. */
async function transcript(eventStore: EmmettStore): Promise<Record<string, unknown>> {
  const outcome = async (call: () => Promise<unknown>) => {
    try {
      await call();
      return 'done';
    } catch (error) {
      if (!isExpectedVersionConflictError(error)) throw error;
      return `conflict, at ${error.current}`;
    }
  };
  const created = await eventStore.appendToStream('five', [1, 2].map(numbered));
  const appended = await eventStore.appendToStream('five', [3, 4, 5].map(numbered));
  const many = Array.from({ length: 50 }, (_, n) => outcome(() => eventStore.appendToStream('many', [numbered(n)])));
  const page = await eventStore.readStream<Numbered>('five', { from: 2n, maxCount: 2n });
  const two = await eventStore.readStream<Numbered>('five', { to: 2n });
  const rest = await eventStore.aggregateStream<number, Numbered>('five', { ...sum, read: { from: 3n } });
  const expecting = (stream: string, expectedStreamVersion: bigint | typeof STREAM_EXISTS) =>
    outcome(() => eventStore.appendToStream(stream, [numbered(1)], { expectedStreamVersion }));
  return {
    'STREAM_DOES_NOT_EXIST, but it does': await expecting('five', STREAM_DOES_NOT_EXIST),
    'STREAM_EXISTS, but it does not': await expecting('none', STREAM_EXISTS),
    'expects version 3 of 5': await expecting('five', 3n),
    '50 at once that expect nothing': `${(await Promise.all(many)).filter((each) => each === 'done').length} done`,
    'read from 2n, maxCount 2n of 1..5': page.events.map(({ data }) => data.n).join(),
    'read that expects 99n': await outcome(() => eventStore.readStream('five', { expectedStreamVersion: 99n })),
    'currentStreamVersion with to: 2n': two.currentStreamVersion,
    'aggregate from 3n: state': rest.state,
    'createdNewStream, new and old': `${created.createdNewStream}, ${appended.createdNewStream}`,
    'streamExists, of one that is and one that is not': `${await eventStore.streamExists('five')}, ${await eventStore.streamExists('none')}`,
  };
}
