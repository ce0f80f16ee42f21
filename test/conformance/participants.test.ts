import { describe, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { eventStoreParticipant } from '../../src/state/distributed/event-store-participant.ts';
import { mvccParticipant } from '../../src/state/distributed/mvcc-participant.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { participantConformance, sagaConformance } from '../../src/testing/participant-conformance.ts';
import { openSqlite } from '../sqlite-driver.ts';
import { World } from '../state/distributed-world.ts';

const runner = { describe, it };

describe('mvccParticipant', () => {
  const store = new MemoryVersionStore();
  participantConformance(runner, {
    create: async () => ({
      participant: mvccParticipant(store),
      other: mvccParticipant(store),
      work: (key) => ({ writes: [{ aggregateId: key, state: 1 }], checks: [{ aggregateId: key, version: 0 }] }),
      seen: (key) => store.latestVersion(key),
    }),
    refused: () => ({ writes: [], checks: [{ aggregateId: 'nobody', version: 7 }] }),
  });
});

describe.each<[string, () => EventAdapter]>([
  ['memory', () => new MemoryEventAdapter()],
  ['SQLite', () => new SqliteEventAdapter(openSqlite(':memory:'))],
])('eventStoreParticipant on %s', (_, adapter) => {
  participantConformance(runner, {
    create: async () => {
      const store = new EventStore({ adapter: adapter() });
      return {
        participant: eventStoreParticipant(store),
        work: (key) => [{ stream: key, events: [{ type: 'done', data: key }] }],
        seen: (key) => store.streamVersion(key),
      };
    },
    refused: () => [{ stream: 'a', events: [{ type: 'done', data: 1 }], expectedVersion: 1 }],
  });
});

describe('the services of the tests', () => {
  const { seats, services } = new World();
  participantConformance(runner, {
    create: async () => ({
      participant: seats,
      work: (key) => key,
      seen: async (key) => (seats.taken.has(key) ? 1 : 0),
    }),
  });
  sagaConformance(runner, {
    create: async () => ({
      participant: services.card,
      work: (key) => ({ key }),
      seen: async (key) => (services.card.done.has(key) ? 1 : 0),
    }),
  });
});
