// An order over three systems: versions, an event store of its own, and a payment service that can only pay and refund.
// It takes effect in all of them or in none, also when the process hangs or dies in the middle.
import assert from 'node:assert/strict';
import {
  EventStore,
  eventStoreParticipant,
  MemoryEventAdapter,
  MVCCController,
  mvccParticipant,
  type SagaParticipant,
  type StateTransaction,
  TransactionCoordinator,
  TransactionRolledBackError,
} from '@zyflow/migration';

const stock = new MVCCController<{ left: number }>();
const ledger = new EventStore({ adapter: new MemoryEventAdapter() });
const log = new EventStore({ adapter: new MemoryEventAdapter() }); // durable, in earnest

/** Keeps what became of each transaction: a refund may come before a payment that was slow, which is void then. */
class Payments implements SagaParticipant<{ readonly amount: number }> {
  readonly paid = new Map<string, number>();
  isDown = false;

  async execute(id: string, { amount }: { readonly amount: number }): Promise<void> {
    if (this.isDown) throw new Error('the payment service is down');
    if (amount > 100) throw new Error('the card is declined');
    if (!this.paid.has(id)) this.paid.set(id, amount);
  }

  async compensate(id: string): Promise<void> {
    if (this.isDown) throw new Error('the payment service is down');
    this.paid.set(id, 0);
  }

  get total(): number {
    return [...this.paid.values()].reduce((sum, amount) => sum + amount, 0);
  }
}
const payments = new Payments();

const participants = { stock: mvccParticipant(stock), ledger: eventStoreParticipant(ledger), payments };
const options = {
  log,
  prepareTimeoutMs: 200,
  settleTimeoutMs: 200,
  retry: { maxAttempts: 2, backoff: { initialMs: 1 } },
};
/** The coordinator of a process: all of them have the same log and the same names of participants. */
const start = (others: Partial<typeof participants> = {}) =>
  new TransactionCoordinator({ ...options, participants: { ...participants, ...others } });

/** What one order does at each participant. */
const order = (id: string, amount = 30) => ({
  stock: async (transaction: StateTransaction<{ left: number }>) => {
    const left = (await transaction.read('books'))?.state.left ?? 10;
    await transaction.write('books', { left: left - 1 });
  },
  ledger: [{ stream: `order-${id}`, events: [{ type: 'order.placed', data: { id } }] }],
  payments: { amount },
});
const seen = async (id: string) => [
  await stock.latestVersion('books'),
  await ledger.streamVersion(`order-${id}`),
  payments.total,
];

console.log('1. All of it');
const shop = start();
await shop.run(order('1'));
assert.deepEqual(await seen('1'), [1, 1, 30]);
console.log('   stock, ledger and payments have it');

console.log('2. Nothing of it');
const refused = await shop.run(order('2', 300)).catch((error: unknown) => error);
assert.ok(refused instanceof TransactionRolledBackError);
assert.deepEqual(await seen('2'), [1, 0, 30]);
console.log(`   ${(refused.cause as Error).message}`);

console.log('3. The process is cut off after the decision, before the stores were told');
const never = () => new Promise<never>(() => {});
const cutOff = start({
  stock: { ...participants.stock, commit: never },
  ledger: { ...participants.ledger, commit: never },
});
const { pending } = await cutOff.run(order('3'));
assert.deepEqual(
  [pending, await seen('3')],
  [
    ['stock', 'ledger'],
    [1, 0, 60],
  ],
);
console.log(`   committed and paid; not told yet: ${pending.join(', ')}`);
const { committed } = await start().recover();
assert.deepEqual([committed.length, await seen('3')], [1, [2, 1, 60]]);
console.log('   another process recovers: it is everywhere');

console.log('4. The process hangs while it pays: not decided, so rolled back');
const hanging = start({ payments: Object.assign(new Payments(), { execute: never }) });
const hung = hanging.run(order('4')).catch((error: unknown) => error);
await new Promise((resolve) => setTimeout(resolve, 50));
const { running } = await start().recover();
assert.equal(running.length, 1);
const { compensated } = await start().recover({ takeOver: true });
assert.deepEqual([compensated, await seen('4')], [running, [2, 0, 60]]);
console.log('   left alone while it may live, compensated when it is said to be dead');
assert.ok((await hung) instanceof TransactionRolledBackError);
console.log('   it was not, and learned of it when it went on');

console.log('5. A payment that can not be taken back waits for a person');
const shipping: SagaParticipant<string> = {
  execute: async () => {
    payments.isDown = true;
    throw new Error('no ship');
  },
  compensate: async () => {},
};
const shipper = new TransactionCoordinator({ ...options, participants: { ...participants, shipping } });
await assert.rejects(shipper.run({ ...order('5'), shipping: 'by sea' }), TransactionRolledBackError);
const [parked] = await shop.parked();
assert.ok(parked);
console.log(`   parked at "${parked.participant}": ${parked.error.message}`);
payments.isDown = false;
assert.equal(await shop.retryParked(parked.transactionId), true);
assert.deepEqual([await shop.parked(), await seen('5')], [[], [2, 0, 60]]);
console.log('   tried again: nothing of it is left');
