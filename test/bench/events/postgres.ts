import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { PostgreSQLEventAdapter } from '../../../src/adapters/postgres/postgresql-event-adapter.ts';
import { type BenchOptions, type BenchTable, compare } from '../compare.ts';
import { castoreOnPostgres } from '../peers/castore.ts';
import { emmettOnPostgres } from '../peers/emmett.ts';
import { evtstoreOnPostgres } from '../peers/evtstore.ts';
import { messageDb } from '../peers/message-db.ts';
import { type Contender, data, type } from './contender.ts';
import { ours } from './ours.ts';
import { inOwnDatabase } from './own-database.ts';
import { rehydration } from './rehydration.ts';
import { traffic } from './traffic.ts';
import { contest, type Load } from './writers.ts';

const loads: readonly Load[] = [
  { writers: 1, appends: 300, eventsPerAppend: 1 },
  { writers: 8, appends: 100, eventsPerAppend: 1 },
  { writers: 32, appends: 40, eventsPerAppend: 1 },
  { writers: 1, appends: 60, eventsPerAppend: 10 },
  { writers: 32, appends: 10, eventsPerAppend: 10 },
];

export async function postgres(serverUrl: string, options: BenchOptions): Promise<readonly BenchTable[]> {
  const results = await inOwnDatabase(serverUrl, (connectionString) => rates(connectionString, options));
  return [...results, await inOwnDatabase(serverUrl, (connectionString) => traffic(connectionString, contendersOn))];
}

async function rates(connectionString: string, options: BenchOptions) {
  const pool = new pg.Pool({ connectionString, max: 32 });
  const { server_version: version } = (await pool.query('show server_version')).rows[0];
  const { own, all, peers } = await contendersOn(connectionString, pool);
  const results: BenchTable[] = [];
  try {
    for (const load of loads) {
      const { writers, eventsPerAppend } = load;
      const title = `PostgreSQL ${version}: appends of ${eventsPerAppend}, ${writers} at once, to streams of their own`;
      results.push(await compare(options, title, 'events/s', contest(all, load)));
    }
    const limit = { name: 'SELECT and JSON.parse', fold: (stream: string) => parsed(pool, stream) };
    results.push(await rehydration(options, `PostgreSQL ${version}`, limit, own, peers));
  } finally {
    for (const contender of all) await contender.close?.();
    await pool.end();
  }
  return results;
}

/** Who takes part; pools hold 32 connections where that can be chosen. */
async function contendersOn(connectionString: string, pool: pg.Pool) {
  await pool.query(`create table plain (position bigserial primary key, stream text, version bigint,
    id text unique, type text, data text, metadata text, timestamp bigint, unique (stream, version))`);
  const own = ours(new PostgreSQLEventAdapter(pool, { schema: 'ours' }));
  const offered = [
    await emmettOnPostgres(connectionString, pool),
    await castoreOnPostgres(connectionString),
    await evtstoreOnPostgres(pool),
    await messageDb(connectionString),
  ];
  const peers = offered.filter((peer) => peer !== undefined);
  return {
    own,
    peers,
    all: [plain(pool, 'plain INSERT', {}), plain(pool, 'plain INSERT, prepared', { name: 'plain' }), own, ...peers],
  };
}

async function parsed(pool: pg.Pool, stream: string): Promise<number> {
  const { rows } = await pool.query('select data from ours.events where stream = $1 order by version', [stream]);
  for (const row of rows) JSON.parse(row.data);
  return rows.length;
}

/** The least that a store of events does: a row an event, and a statement, hence a transaction, an append. */
function plain(pool: pg.Pool, name: string, prepared: { readonly name?: string }): Contender {
  const row = (stream: string, version: number) => [
    stream,
    version,
    randomUUID(),
    type,
    JSON.stringify(data),
    '{}',
    Date.now(),
  ];
  const insert = (count: number) => {
    const rows = Array.from(
      { length: count },
      (_, n) => `(${[1, 2, 3, 4, 5, 6, 7].map((column) => `$${n * 7 + column}`)})`,
    );
    return `insert into plain (stream, version, id, type, data, metadata, timestamp) values ${rows}`;
  };
  const texts = new Map([1, 10].map((count) => [count, insert(count)]));
  return {
    name,
    append: (stream, version, count) =>
      pool.query({
        ...(prepared.name && { name: `${prepared.name}-${count}` }),
        text: texts.get(count)!,
        values: Array.from({ length: count }, (_, n) => row(stream, version + n + 1)).flat(),
      }),
  };
}
