// A process that writes states and, in the same commits, the events that tell of them, until it is killed. For each commit
// that is acknowledged it writes a line to stdout.
// Arguments: what (sqlite or postgres), where (file or schema).
import { writeSync } from 'node:fs';
import pg from 'pg';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { postgresUrl } from '../servers.ts';
import { openSqlite } from '../sqlite-driver.ts';

const [what, where] = process.argv.slice(2) as [string, string];

function open() {
  if (what === 'sqlite') {
    const db = openSqlite(where);
    return { store: new SqliteVersionStore(db), adapter: new SqliteEventAdapter(db) };
  }
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
  const options = { schema: where };
  return { store: new PostgreSQLVersionStore(pool, options), adapter: new PostgreSQLEventAdapter(pool, options) };
}

const { store, adapter } = open();
const manager = new StateManager<number>({
  store,
  events: { log: new EventStore({ adapter }) },
  retry: { maxAttempts: 1000 },
});

for (;;) {
  await Promise.all([
    manager.update('counter', (n = 0) => n + 1),
    manager.transaction(async (transaction) => {
      for (const id of ['left', 'right']) await transaction.write(id, ((await transaction.read(id))?.state ?? 0) + 1);
    }),
    manager.set('flag', 1).then(() => manager.delete('flag')),
  ]);
  writeSync(1, 'round\n');
}
