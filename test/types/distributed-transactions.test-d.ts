// What the compiler makes of the branches of a distributed transaction: checked by `tsc`, never run.
import {
  type EventStore,
  eventStoreParticipant,
  MVCCController,
  mvccParticipant,
  type SagaParticipant,
  TransactionCoordinator,
} from '../../src/index.ts';

declare const store: EventStore;
declare const typedStore: EventStore<{ type: 'a'; data: { n: number } }>;
declare const card: SagaParticipant<{ readonly amount: number }>;

const coordinator = new TransactionCoordinator({
  log: store,
  participants: { versions: mvccParticipant(new MVCCController<number>()), events: eventStoreParticipant(store), card },
});

void coordinator.run({ card: { amount: 3 }, versions: (transaction) => transaction.write('a', 1) });
coordinator.begin().enlist('card', { amount: 3 });
// @ts-expect-error the amount is a number
void coordinator.run({ card: { amount: '3' } });
// @ts-expect-error there is no such participant
void coordinator.run({ cart: { amount: 3 } });
// @ts-expect-error the states are numbers
coordinator.begin().enlist('versions', (transaction) => transaction.write('a', 'one'));
// @ts-expect-error a store of typed events is no log for entries of other types
new TransactionCoordinator({ log: typedStore, participants: { card } });

const typed = new TransactionCoordinator({ log: store, participants: { events: eventStoreParticipant(typedStore) } });
void typed.run({ events: [{ stream: 's', events: [{ type: 'a', data: { n: 1 } }] }] });
// @ts-expect-error the store has no such event
void typed.run({ events: [{ stream: 's', events: [{ type: 'b', data: { n: 1 } }] }] });
