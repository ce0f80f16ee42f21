// Fills a database, and reads it in a process of its own for each reader: `storage events`, or `storage location reader`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { PostgreSQLEventAdapter } from '../../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { postgresUrl } from '../../servers.ts';
import { openSqlite } from '../../sqlite-driver.ts';
import { emmettOnPostgres } from '../peers/emmett.ts';
import type { Contender } from './contender.ts';
import { type Ours, ours } from './ours.ts';
import { inOwnDatabase } from './own-database.ts';

const stream = 'long-1';
const megabyte = 2 ** 20;

interface Opened {
  readonly own: Ours;
  readonly peers: readonly Contender[];
  close(): Promise<unknown>;
}

const [storage = '', where = '', reader] = process.argv.slice(2);
if (reader === undefined) await fill(Number(where));
else await read(reader);

async function open(location: string): Promise<Opened> {
  if (storage === 'sqlite') {
    const db = openSqlite(location);
    db.exec('pragma journal_mode = wal; pragma synchronous = normal');
    return { own: ours(new SqliteEventAdapter(db)), peers: [], close: async () => db.close() };
  }
  const pool = new pg.Pool({ connectionString: location, max: 4 });
  const emmett = await emmettOnPostgres(location, pool);
  return {
    own: ours(new PostgreSQLEventAdapter(pool)),
    peers: emmett ? [emmett] : [],
    close: async () => {
      await emmett?.close?.();
      await pool.end();
    },
  };
}

async function fill(events: number) {
  const measure = async (location: string) => {
    const { own, peers, close } = await open(location);
    for (const { append } of [own, ...peers]) {
      for (let version = 0; version < events; version += 1000) await append(stream, version, 1000);
    }
    await close();
    const readers = ['read', 'aggregateStream', ...peers.map(({ name }) => name)];
    const once = (name: string): unknown =>
      JSON.parse(
        execFileSync(process.execPath, [...process.execArgv, import.meta.filename, storage, location, name], {
          encoding: 'utf8',
        }),
      );
    return Object.fromEntries(readers.map((name) => [name, once(name)]));
  };
  let measured: unknown;
  if (storage === 'postgres') measured = await inOwnDatabase(postgresUrl!, measure);
  else {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    try {
      measured = await measure(join(folder, 'events.db'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  process.stdout.write(JSON.stringify(measured));
}

/** From a short read on, so that code and connection are there already, to the highest that was seen. */
async function read(name: string) {
  const { own, peers, close } = await open(where);
  const { store } = own;
  for await (const _ of store.read(stream, { limit: 100 }));
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(watch, 5);
  const start = performance.now();
  if (name === 'read') {
    let events = 0;
    for await (const _ of store.read(stream)) if (++events % 1000 === 0) watch();
  } else if (name === 'aggregateStream') await own.fold(stream);
  else await peers.find((peer) => peer.name === name)!.fold!(stream);
  const seconds = (performance.now() - start) / 1000;
  watch();
  clearInterval(timer);
  await close();
  process.stdout.write(JSON.stringify({ mb: (most - before) / megabyte, seconds }));
}
