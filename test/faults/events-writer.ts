// A process that appends to an event store until it is killed, and says on stdout what was acknowledged.
// Arguments: what (sqlite or postgres), where (file or schema), stream, mode (append or race).
import pg from 'pg';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { isMigrationError } from '../../src/core/errors.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { postgresUrl } from '../servers.ts';
import { openSqlite } from '../sqlite-driver.ts';

const [what, where, stream, mode] = process.argv.slice(2) as [string, string, string, string];

function adapter() {
  if (what === 'postgres') {
    return new PostgreSQLEventAdapter(new pg.Pool({ connectionString: postgresUrl, max: 2 }), { schema: where });
  }
  const db = openSqlite(where);
  db.exec('pragma journal_mode = wal');
  return new SqliteEventAdapter(db);
}

const store = new EventStore({ adapter: adapter() });

/** Appends pairs of events for as long as it lives. */
async function append() {
  for (let n = 0; ; n++) {
    const ids = [`${stream}/${process.pid}/${n}/0`, `${stream}/${process.pid}/${n}/1`];
    const { version } = await store.append(
      stream,
      ids.map((id) => ({ id, type: 'written', data: n })),
    );
    process.stdout.write(`${JSON.stringify({ version, ids })}\n`);
  }
}

/** Appends 25 times at the version it has read, and counts the conflicts. */
async function race() {
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  let conflicts = 0;
  for (let won = 0; won < 25; ) {
    const expectedVersion = await store.streamVersion(stream);
    try {
      const { version } = await store.append(stream, [{ type: 'won', data: process.pid }], { expectedVersion });
      process.stdout.write(`${version}\n`);
      won++;
    } catch (error) {
      if (!isMigrationError(error, 'CONCURRENCY_CONFLICT')) throw error;
      conflicts++;
    }
  }
  process.stdout.write(`conflicts ${conflicts}\n`);
  process.exit(0);
}

await (mode === 'race' ? race() : append());
