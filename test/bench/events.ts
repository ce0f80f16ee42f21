import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite, sqliteDriver } from '../sqlite-driver.ts';
import { type BenchOptions, type BenchTable, compare } from './compare.ts';

/** Some 300 bytes as JSON. */
const data = { title: 'Write the parser', done: false, tags: ['parser', 'core'], note: 'n'.repeat(200) };
const newEvent = () => ({ type: 'task.created', data });

export async function run(options: BenchOptions): Promise<readonly BenchTable[]> {
  const results = [...(await memory(options)), ...(await sqlite(options))];
  return postgresUrl ? [...results, ...(await postgres(postgresUrl, options))] : results;
}

async function memory(options: BenchOptions) {
  const count = 20_000;
  return [
    await compare(options, 'memory: one event an append, 1,000 streams', 'appends/s', {
      'JSON.stringify and array push': () => {
        const log: unknown[] = [];
        for (let n = 0; n < count; n++) log.push({ id: randomUUID(), data: JSON.stringify(data), n });
        return log.length;
      },
      EventStore: async () => {
        const store = new EventStore({ adapter: new MemoryEventAdapter() });
        for (let n = 0; n < count; n++) await store.append(`s${n % 1000}`, [newEvent()]);
        return count;
      },
    }),
    await reading(options, 'memory', new EventStore({ adapter: new MemoryEventAdapter() }), {
      'JSON.parse of each': () => {
        const text = JSON.stringify(data);
        let events = 0;
        for (; events < readCount; events++) JSON.parse(text);
        return events;
      },
    }),
  ];
}

async function sqlite(options: BenchOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const db = openSqlite(join(folder, 'events.db'));
  db.exec(`pragma journal_mode = wal; pragma synchronous = normal;
    create table plain (position integer primary key, stream text, version integer, id text unique, type text,
      data text, timestamp integer, unique (stream, version))`);
  const insert = db.prepare('insert into plain (stream, version, id, type, data, timestamp) values (?, ?, ?, ?, ?, ?)');
  const store = new EventStore({ adapter: new SqliteEventAdapter(db) });
  const count = 2000;
  let version = 0;
  try {
    return [
      await compare(options, `SQLite (${sqliteDriver}, WAL, synchronous=NORMAL): one event an append`, 'appends/s', {
        'plain INSERT': () => {
          for (let n = 0; n < count; n++) {
            insert.run(`s${n % 100}`, ++version, randomUUID(), 'task.created', JSON.stringify(data), Date.now());
          }
          return count;
        },
        EventStore: async () => {
          for (let n = 0; n < count; n++) await store.append(`s${n % 100}`, [newEvent()]);
          return count;
        },
      }),
      await reading(options, `SQLite (${sqliteDriver})`, store, {
        'SELECT and JSON.parse': () => {
          const rows = db.prepare('select * from migration_events where stream = ? order by version').all('long');
          for (const row of rows) JSON.parse((row as { data: string }).data);
          return rows.length;
        },
      }),
    ];
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}

async function postgres(connectionString: string, options: BenchOptions) {
  const pool = new pg.Pool({ connectionString, max: 32 });
  const schema = uniqueName('bench_events');
  const store = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema }) });
  await store.streamVersion('none');
  await pool.query(`create table ${schema}.plain (position bigserial primary key, stream text, version bigint,
    id text unique, type text, data text, metadata text, timestamp bigint, unique (stream, version))`);
  const { server_version: server } = (await pool.query('show server_version')).rows[0];
  let version = 0;
  const insert = () =>
    pool.query(
      `insert into ${schema}.plain (stream, version, id, type, data, metadata, timestamp) values ($1, $2, $3, $4, $5, $6, $7)`,
      [`s${version % 100}`, ++version, randomUUID(), 'task.created', JSON.stringify(data), '{}', Date.now()],
    );
  const writers = (clients: number, count: number, work: (client: number) => Promise<unknown>) => async () => {
    const each = async (_: unknown, client: number) => {
      for (let n = 0; n < count; n++) await work(client);
    };
    await Promise.all(Array.from({ length: clients }, each));
    return clients * count;
  };
  const results: BenchTable[] = [];
  try {
    for (const [clients, count] of [
      [1, 500],
      [8, 150],
      [32, 50],
    ] as const) {
      results.push(
        await compare(options, `PostgreSQL ${server}: one event an append, ${clients} at once`, 'appends/s', {
          'plain INSERT': writers(clients, count, insert),
          EventStore: writers(clients, count, (client) => store.append(`s${client}`, [newEvent()])),
        }),
      );
    }
    results.push(
      await reading(options, `PostgreSQL ${server}`, store, {
        'SELECT and JSON.parse': async () => {
          const { rows } = await pool.query(`select * from ${schema}.events where stream = $1 order by version`, [
            'long',
          ]);
          for (const row of rows) JSON.parse(row.data);
          return rows.length;
        },
      }),
    );
  } finally {
    await pool.query(`drop schema ${schema} cascade`);
    await pool.end();
  }
  return results;
}

const readCount = 10_000;

async function reading(
  options: BenchOptions,
  where: string,
  store: EventStore,
  limit: Record<string, () => number | Promise<number>>,
) {
  for (let n = 0; n < readCount; n += 500) await store.append('long', Array.from({ length: 500 }, newEvent));
  return compare(options, `${where}: reading a stream of ${readCount.toLocaleString('en')}`, 'events/s', {
    ...limit,
    EventStore: async () => (await store.read('long').toArray()).length,
    aggregateStream: async () =>
      (await store.aggregateStream('long', { initial: () => 0, evolve: (count: number) => count + 1 })).state,
  });
}
