// A process of the crash test, until it is killed. Arguments: url, schema, role (write or subscribe), name, life.
// Says on stdout what was acknowledged or handled, a line each.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { isMigrationError } from '../../src/core/errors.ts';
import { EventStore } from '../../src/events/event-store.ts';

const [connectionString, schema, role, name, life] = process.argv.slice(2) as [string, string, string, string, string];

const pool = new pg.Pool({ connectionString, max: 4 });
// A connection that breaks while nobody uses it: the pool makes another one.
pool.on('error', () => {});
const store = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema }) });

/** What the storage says of its own weather. Anything else is a fault, and ends the process. */
const isWeather = (error: unknown) =>
  isMigrationError(error, 'STORAGE_FAILED') || isMigrationError(error, 'APPEND_IN_DOUBT');

const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Appends to a stream of its own at the version it knows, and to one that all writers share, always by two. */
async function write(lane: number): Promise<void> {
  const own = `${name}-${life}-${lane}`;
  let known = 0;
  for (let n = 0; ; n++) {
    const ids = [0, 1].map((index) => `${name}/${life}/${lane}/${n}/${index}`);
    const events = ids.map((id) => ({ id, type: 'written', data: { n }, tags: n % 10 === 0 ? ['tenth'] : [] }));
    const shared = n % 5 === 0;
    const stream = shared ? 'shared' : own;
    for (let acknowledged = false; !acknowledged; ) {
      try {
        // The same ids again settle what is in doubt.
        const { version } = await store.append(stream, events, { expectedVersion: shared ? 'any' : known });
        if (!shared) known = version;
        acknowledged = true;
        say({ acknowledged: ids, stream, version });
      } catch (error) {
        if (!isWeather(error)) throw error;
        await sleep(50);
      }
    }
  }
}

if (role === 'write') await Promise.all([0, 1, 2, 3].map(write));
else {
  store.subscribe({
    name,
    batchSize: 50,
    pollIntervalMs: 20,
    backoff: { initialMs: 20, maxMs: 200 },
    handle: async ({ position, id, stream, version }) => {
      say({ handled: id, position, stream, version });
    },
  });
}
