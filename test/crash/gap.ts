// The gap test: 24 writers whose transactions stay open for a while and are often rolled back, beside an unrelated
// transaction that is open all the time, and a reader that must see every event, ascending, soon after its commit.
// usage: npm run gap-events -- [seconds]   default 60
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { percentile } from '../../examples/migrate-zyflow/load/percentile.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { PostgresServer } from './postgres-server.ts';

const seconds = Number(process.argv[2] ?? 60);
const boundMs = 250;

const server = await PostgresServer.create();
const pool = new pg.Pool({ connectionString: server.url, max: 40 });
const store = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema: 'gap' }) });
await store.streamVersion('any');

const unrelated = await pool.connect();
await unrelated.query('begin');
await unrelated.query('create table unrelated (n int)');

const committedAt = new Map<string, number>();
const seenAt = new Map<string, number>();
const faults: string[] = [];
let last = 0;
const reader = store.subscribe({
  name: 'reader',
  pollIntervalMs: 20,
  handle: async ({ id, position }) => {
    if (position <= last) faults.push(`position ${position} came after ${last}`);
    last = position;
    if (seenAt.has(id)) faults.push(`${id} came twice`);
    seenAt.set(id, performance.now());
  },
});

const end = performance.now() + seconds * 1000;
let rolledBack = 0;
async function write(writer: number): Promise<void> {
  const client = await pool.connect();
  const adapter = new PostgreSQLEventAdapter(pool, { schema: 'gap' }).withTransaction(client);
  for (let n = 0; performance.now() < end; n++) {
    const id = `${writer}/${n}`;
    const event = { id, type: 't', data: '1', encoding: 'json', metadata: '{}', timestamp: 0, tags: [] };
    await client.query('begin');
    await adapter.append([{ stream: `s${writer}`, expectedVersion: 'any', events: [event] }]);
    await sleep(Math.random() * 40);
    if (Math.random() < 0.15) {
      rolledBack++;
      await client.query('rollback');
    } else {
      await client.query('commit');
      committedAt.set(id, performance.now());
    }
  }
  client.release();
}
await Promise.all(Array.from({ length: 24 }, (_, writer) => write(writer)));
await reader.caughtUp();

const missed = [...committedAt.keys()].filter((id) => !seenAt.has(id));
if (missed.length > 0) faults.push(`${missed.length} committed events were missed, first ${missed[0]}`);
const invented = [...seenAt.keys()].filter((id) => !committedAt.has(id));
if (invented.length > 0) faults.push(`${invented.length} events were seen that were rolled back`);
const lags = [...committedAt]
  .map(([id, at]) => Math.max(0, (seenAt.get(id) ?? Number.POSITIVE_INFINITY) - at))
  .sort((a, b) => a - b);
const p99 = percentile(lags, 99);
if (p99 > boundMs) faults.push(`lag p99 ${p99.toFixed(1)} ms is above ${boundMs} ms`);

const [p50, most] = [percentile(lags, 50), percentile(lags, 100)];
console.log(
  `${committedAt.size} events committed, ${rolledBack} rolled back, ${seenAt.size} seen, beside a transaction open for ${seconds} s; ` +
    `lag p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, most ${most.toFixed(1)} ms`,
);
for (const fault of faults.slice(0, 20)) console.log(`FAULT ${fault}`);
console.log(faults.length === 0 ? 'none missed, none twice, ascending' : `${faults.length} faults`);
await store.close();
await unrelated.query('rollback');
unrelated.release();
await pool.end();
await server.close();
process.exitCode = faults.length === 0 ? 0 : 1;
