// A process that writes rows and events together, rolls some of it back, and relays the events, until it is killed.
// What is published is a line on stdout. In mode `finish` it writes nothing and ends once all is published.
// Arguments: what (sqlite or postgres), where (file or schema), mode (work or finish).
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import pg from 'pg';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import type { DomainEvent } from '../../src/events/domain-event.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { RecordedDomainEvent } from '../../src/events/recorded-domain-event.ts';
import { relayEvents } from '../../src/events/relay-events.ts';
import { postgresUrl } from '../servers.ts';
import { openSqlite } from '../sqlite-driver.ts';

const [what, where, mode] = process.argv.slice(2) as [string, string, string];

interface Outbox {
  readonly store: EventStore;
  /** Stores rows and events of these ids in one transaction, or rolls it back. */
  write(stream: string, ids: readonly string[], commits: boolean): Promise<void>;
}

const eventsOf = (ids: readonly string[]) => ids.map((id) => ({ id, type: 'written', data: { id } }));

function onPostgres(schema: string): Outbox {
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
  const store = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema }) });
  return {
    store,
    async write(stream, ids, commits) {
      const client = await pool.connect();
      await client.query('begin');
      await client.query(`insert into ${schema}.mine select * from unnest($1::text[])`, [ids]);
      await store.withTransaction(client).append(stream, eventsOf(ids));
      await client.query(commits ? 'commit' : 'rollback');
      client.release();
      store.wake();
    },
  };
}

function onSqlite(file: string): Outbox {
  const db = openSqlite(file);
  const store = new EventStore({ adapter: new SqliteEventAdapter(db) });
  return {
    store,
    async write(stream, ids, commits) {
      db.exec('begin immediate');
      for (const id of ids) db.prepare('insert into mine values (?)').run(id);
      store.appendSync(stream, eventsOf(ids));
      db.exec(commits ? 'commit' : 'rollback');
    },
  };
}

const { store, write } = what === 'postgres' ? onPostgres(where) : onSqlite(where);
await store.init();

const publisher = {
  async publish(event: DomainEvent) {
    const { id, stream, version } = (event as RecordedDomainEvent).recorded;
    writeSync(1, `${JSON.stringify({ id, stream, version })}\n`);
  },
};
const relay = relayEvents(store, publisher, { name: 'relay', batchSize: 5 });

if (mode === 'finish') {
  await relay.caughtUp();
  process.exit(0);
}

for (let n = 0; ; n++) {
  const ids = Array.from({ length: 1 + (n % 3) }, () => randomUUID());
  await Promise.all([write(`stream-${n % 4}`, ids, n % 5 !== 2), write('common', [randomUUID()], n % 7 !== 3)]);
  await new Promise((resolve) => setImmediate(resolve));
}
