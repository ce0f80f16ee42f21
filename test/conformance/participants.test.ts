import assert from 'node:assert/strict';
import pg from 'pg';
import { afterAll, describe, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { eventStoreParticipant } from '../../src/state/distributed/event-store-participant.ts';
import { mvccParticipant } from '../../src/state/distributed/mvcc-participant.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { participantConformance, sagaConformance } from '../../src/testing/participant-conformance.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite } from '../sqlite-driver.ts';
import { World } from '../state/distributed-world.ts';

const runner = { describe, it };

function mvccSuite(open: () => VersionStore, other: () => VersionStore = open): void {
  participantConformance(runner, {
    create: async () => {
      const [mine, others] = [
        new MVCCController<number>({ store: open() }),
        new MVCCController<number>({ store: other() }),
      ];
      return {
        participant: mvccParticipant(mine),
        other: mvccParticipant(others),
        work: (key) => async (transaction) => {
          assert.equal(await transaction.read(key), null);
          await transaction.write(key, 1);
        },
        seen: (key) => others.latestVersion(key),
      };
    },
    refused: () => (transaction) => transaction.write('', 1),
  });
}

describe('mvccParticipant in memory', () => {
  const store = new MemoryVersionStore();
  mvccSuite(() => store);
});

describe('mvccParticipant on SQLite', () => {
  const db = openSqlite(':memory:');
  mvccSuite(() => new SqliteVersionStore(db));
});

describeWithPostgres('mvccParticipant on PostgreSQL', () => {
  const schema = uniqueName('participants');
  const pools = [1, 2].map(() => new pg.Pool({ connectionString: postgresUrl, max: 4 }));
  afterAll(async () => {
    await pools[0]!.query(`drop schema if exists ${schema} cascade`);
    await Promise.all(pools.map((pool) => pool.end()));
  });
  mvccSuite(
    () => new PostgreSQLVersionStore(pools[0]!, { schema }),
    () => new PostgreSQLVersionStore(pools[1]!, { schema }),
  );
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
