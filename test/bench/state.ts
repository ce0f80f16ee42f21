import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite, sqliteDriver } from '../sqlite-driver.ts';
import { type BenchOptions, type BenchTable, compare } from './compare.ts';

/** Some 300 bytes as JSON. */
const state = { title: 'Write the parser', done: false, tags: ['parser', 'core'], note: 'n'.repeat(200) };

export async function run(options: BenchOptions): Promise<readonly BenchTable[]> {
  const results = [...(await memory(options)), ...(await sqlite(options))];
  return postgresUrl ? [...results, ...(await postgres(postgresUrl, options))] : results;
}

/** Reads two aggregates and writes both, serializable. */
async function transact(mvcc: MVCCController, one: string, two: string) {
  const transaction = mvcc.begin();
  await transaction.read(one);
  await transaction.read(two);
  await transaction.write(one, state);
  await transaction.write(two, state);
  await transaction.commit();
}

async function memory(options: BenchOptions) {
  const count = 20_000;
  const mvcc = new MVCCController({ retention: { versions: 10 } });
  const map = new Map<string, JsonValue[]>();
  return [
    await compare(options, 'memory: one version a write, 1,000 aggregates', 'writes/s', {
      'structuredClone into a Map': () => {
        for (let n = 0; n < count; n++) {
          const id = `a${n % 1000}`;
          const versions = map.get(id) ?? [];
          map.set(id, versions);
          if (versions.push(structuredClone(state)) > 10) versions.shift();
        }
        return count;
      },
      writeVersion: async () => {
        for (let n = 0; n < count; n++) await mvcc.writeVersion(`a${n % 1000}`, state);
        return count;
      },
      'serializable transaction of two': async () => {
        for (let n = 0; n < count; n += 2) await transact(mvcc, `a${n % 1000}`, `a${(n + 1) % 1000}`);
        return count;
      },
    }),
    await compare(options, 'memory: reading the newest version', 'reads/s', {
      'Map.get behind an async function': async () => {
        const get = async (id: string) => map.get(id)?.at(-1);
        for (let n = 0; n < count; n++) await get(`a${n % 1000}`);
        return count;
      },
      readVersion: async () => {
        for (let n = 0; n < count; n++) await mvcc.readVersion(`a${n % 1000}`);
        return count;
      },
    }),
  ];
}

async function sqlite(options: BenchOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const db = openSqlite(join(folder, 'state.db'));
  db.exec(`pragma journal_mode = wal; pragma synchronous = normal;
    create table plain (id text, version integer, state text, timestamp integer, primary key (id, version))`);
  const insert = db.prepare('insert into plain values (?, ?, ?, ?)');
  const mvcc = new MVCCController({ store: new SqliteVersionStore(db) });
  const count = 2000;
  let version = 0;
  try {
    return [
      await compare(options, `SQLite (${sqliteDriver}, WAL, synchronous=NORMAL): one version a write`, 'writes/s', {
        'plain INSERT': () => {
          for (let n = 0; n < count; n++) insert.run(`a${n % 100}`, ++version, JSON.stringify(state), Date.now());
          return count;
        },
        writeVersion: async () => {
          for (let n = 0; n < count; n++) await mvcc.writeVersion(`a${n % 100}`, state);
          return count;
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
  const schema = uniqueName('bench_state');
  const mvcc = new MVCCController({ store: new PostgreSQLVersionStore(pool, { schema }) });
  await mvcc.latestVersion('none');
  await pool.query(`create table ${schema}.plain (id text, version bigint, state text, primary key (id, version))`);
  const { server_version: server } = (await pool.query('show server_version')).rows[0];
  let version = 0;
  const insert = (client: number) =>
    pool.query(`insert into ${schema}.plain values ($1, $2, $3)`, [`a${client}`, ++version, JSON.stringify(state)]);
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
      [1, 300],
      [8, 80],
      [32, 20],
    ] as const) {
      results.push(
        await compare(options, `PostgreSQL ${server}: one version a write, ${clients} at once`, 'writes/s', {
          'plain INSERT': writers(clients, count, insert),
          writeVersion: writers(clients, count, (client) => mvcc.writeVersion(`a${client}`, state)),
        }),
      );
    }
  } finally {
    await pool.query(`drop schema ${schema} cascade`);
    await pool.end();
  }
  return results;
}
