import { join } from 'node:path';
import pg from 'pg';
import { postgresParticipant } from '../../src/adapters/postgres/postgresql-participant.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { eventStoreParticipant } from '../../src/state/distributed/event-store-participant.ts';
import { mvccParticipant } from '../../src/state/distributed/mvcc-participant.ts';
import type { SagaParticipant } from '../../src/state/distributed/participant.ts';
import { TransactionCoordinator } from '../../src/state/distributed/transaction-coordinator.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';

/**
 * A booking over a PostgreSQL server (PREPARE TRANSACTION), versions and an event store in SQLite files, and a service that can
 * only do and undo, with its log in another file.
 *
 * @param moment - Called before each call of the log and of a participant, and between its effect and its answer.
 */
export async function openBooking(folder: string, url: string, moment: () => void = () => {}) {
  const open = (name: string) => {
    const db = openSqlite(join(folder, name));
    db.exec('pragma journal_mode = wal');
    db.exec('pragma busy_timeout = 5000');
    return db;
  };
  const files = ['log', 'ledger', 'versions', 'service'].map((name) => open(`${name}.db`));
  const [logFile, ledgerFile, versionsFile, serviceFile] = files as [
    TestDatabase,
    TestDatabase,
    TestDatabase,
    TestDatabase,
  ];
  const log = new EventStore({ adapter: new SqliteEventAdapter(logFile) });
  const versions = new MVCCController<string>({ store: new SqliteVersionStore(versionsFile) });
  const ledger = new EventStore({ adapter: new SqliteEventAdapter(ledgerFile) });
  serviceFile.exec(
    'create table if not exists done (id text primary key, key text, undone integer not null) without rowid',
  );
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  await pool.query('create table if not exists seats (key text primary key)');

  const service: SagaParticipant<{ readonly key: string }> = {
    execute: async (id, { key }) =>
      serviceFile.prepare('insert into done values (?, ?, 0) on conflict do nothing').run(id, key),
    compensate: async (id, { key }) =>
      serviceFile.prepare('insert into done values (?, ?, 1) on conflict (id) do update set undone = 1').run(id, key),
  };
  const coordinator = new TransactionCoordinator({
    log: watched(log, moment),
    participants: {
      seats: watched(postgresParticipant(pool), moment),
      versions: watched(mvccParticipant(versions), moment),
      ledger: watched(eventStoreParticipant(ledger), moment),
      service: watched(service, moment),
    },
  });
  return {
    coordinator,
    book: (key: string) =>
      coordinator.run({
        seats: (client) => client.query('insert into seats values ($1)', [key]),
        versions: (transaction) => transaction.write(key, key),
        ledger: [{ stream: key, events: [{ type: 'booked', data: { key } }] }],
        service: { key },
      }),
    /** How often the key is seen at each participant. */
    async seen(key: string): Promise<readonly number[]> {
      const seats = await pool.query('select 1 from seats where key = $1', [key]);
      const done = serviceFile.prepare('select 1 from done where key = ? and undone = 0').all(key);
      return [seats.rows.length, await versions.latestVersion(key), await ledger.streamVersion(key), done.length];
    },
    async prepared(): Promise<number> {
      return (await pool.query('select 1 from pg_prepared_xacts')).rows.length + (await versions.prepared()).length;
    },
    async close(): Promise<void> {
      await coordinator.close();
      await Promise.all([log.close(), ledger.close(), versions.close(), pool.end()]);
      for (const file of files) file.close();
    },
  };
}

/** The same, with a moment before and after each call that is awaited. */
function watched<T extends object>(target: T, moment: () => void): T {
  return new Proxy(target, {
    get(_, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        moment();
        const answer: unknown = Reflect.apply(method, target, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.finally(moment);
      };
    },
  });
}
