import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pg from 'pg';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { checksum } from '../../src/core/checksum.ts';
import { ConcurrencyConflictError } from '../../src/core/errors.ts';
import { frozenJson, type JsonValue } from '../../src/core/json-value.ts';
import type { IsolationLevel } from '../../src/state/isolation-level.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { TransactionManager, type TransactionOperation } from '../../src/state/transaction-manager.ts';
import { postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite, sqliteDriver } from '../sqlite-driver.ts';
import { type BenchOptions, type BenchTable, compare, round2 } from './compare.ts';

/** Some 1,000 bytes as JSON. */
const kilobyte = {
  title: 'Write the parser',
  done: false,
  tags: ['parser', 'core'],
  steps: Array.from({ length: 8 }, (_, n) => ({ n, text: 'x'.repeat(60), done: n % 2 === 0 })),
  note: 'n'.repeat(190),
};

/** Some 300 bytes as JSON. */
const state = { title: 'Write the parser', done: false, tags: ['parser', 'core'], note: 'n'.repeat(200) };

export async function run(options: BenchOptions): Promise<readonly BenchTable[]> {
  const results = [...(await memory(options)), await kilobytes(options), ...(await contention()), await million()];
  results.push(...(await sqlite(options)));
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

async function writeAll(mvcc: MVCCController, isolationLevel: IsolationLevel, ids: readonly string[]) {
  const transaction = mvcc.begin({ isolationLevel });
  await Promise.all(ids.map((id) => transaction.write(id, state)));
  await transaction.commit();
}

async function memory(options: BenchOptions) {
  const count = 20_000;
  const mvcc = new MVCCController({ retention: { versions: 10 } });
  const map = new Map<string, JsonValue[]>();
  // Read by ids that are there already: to put one together takes as long as to find it.
  const ids = Array.from({ length: 1000 }, (_, n) => `a${n}`);
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
        for (let n = 0; n < count; n++) await get(ids[n % 1000]!);
        return count;
      },
      readVersion: async () => {
        for (let n = 0; n < count; n++) await mvcc.readVersion(ids[n % 1000]!);
        return count;
      },
    }),
  ];
}

async function kilobytes(options: BenchOptions) {
  const count = 20_000;
  const [written, computed] = (['written', 'computed'] as const).map(
    (checksums) => new MVCCController({ checksums, retention: { versions: 10 } }),
  ) as [MVCCController, MVCCController];
  const write = (mvcc: MVCCController) => async () => {
    for (let n = 0; n < count; n++) await mvcc.writeVersion(`a${n % 1000}`, kilobyte);
    return count;
  };
  return compare(options, `memory: a state of ${JSON.stringify(kilobyte).length} bytes`, 'writes/s', {
    'frozenJson, the copy alone': () => {
      for (let n = 0; n < count; n++) frozenJson(kilobyte, 'state');
      return count;
    },
    "writeVersion, checksums: 'computed'": write(computed),
    "writeVersion, checksums: 'written'": write(written),
    'the checksum alone': () => {
      for (let n = 0; n < count; n++) checksum(kilobyte);
      return count;
    },
  });
}

/** 8 writers that increment one counter as often as they can: how even is their share? */
async function contention(): Promise<BenchTable[]> {
  const [writers, total] = [8, 10_000];
  const rows = [];
  for (const [contender, increment] of Object.entries(incrementers())) {
    const won = Array.from({ length: writers }, () => 0);
    let sum = 0;
    const start = performance.now();
    const write = async (_: unknown, writer: number) => {
      for (; sum < total; sum++) {
        await increment();
        won[writer]!++;
      }
    };
    await Promise.all(won.map(write));
    const rate = Math.round((sum / (performance.now() - start)) * 1000);
    const done = won.reduce((all, each) => all + each, 0);
    rows.push({ contender, 'commits/s': rate, 'slowest, of the mean': round2((Math.min(...won) / done) * writers) });
  }
  return [{ title: `memory: ${writers} writers on one key`, rows }];
}

function incrementers(): Record<string, () => Promise<unknown>> {
  const mvcc = new MVCCController<number>({ checksums: 'computed', retention: { versions: 10 } });
  const retry = { maxAttempts: 1000 };
  const states = new StateManager<number>({ mvcc, retry });
  const manager = new TransactionManager({ mvcc });
  const operation: TransactionOperation<void, number> = {
    async execute(transaction) {
      await transaction.write('three', ((await transaction.read('three'))?.state ?? 0) + 1);
    },
  };
  return {
    'writeVersion, again until it wins': async () => {
      for (;;) {
        const before = await mvcc.readVersion('zero');
        try {
          return await mvcc.writeVersion('zero', (before?.state ?? 0) + 1, before?.version ?? 0);
        } catch (error) {
          if (!(error instanceof ConcurrencyConflictError)) throw error;
        }
      }
    },
    'StateManager.update': () => states.update('one', (count = 0) => count + 1),
    'StateManager.transaction, serializable': () =>
      states.transaction(async (transaction) => {
        const before = await transaction.read('two');
        await transaction.write('two', (before?.state ?? 0) + 1);
      }),
    'TransactionManager, serializable': () => manager.executeInTransaction([operation], 'serializable', { retry }),
  };
}

/** What stays in memory of a million updates. */
async function million(): Promise<BenchTable> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = () => {
    collect();
    return Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  };
  const mvcc = new MVCCController({ checksums: 'computed', retention: { versions: 10 } });
  const rows = [];
  for (let n = 1; n <= 1_000_000; n++) {
    await mvcc.writeVersion(`a${n % 100}`, { ...state, n });
    if (n === 10_000 || n === 100_000 || n === 1_000_000) rows.push({ updates: n, 'heap, MB': heap() });
  }
  return { title: 'memory: updates of 100 aggregates of which 10 versions stay', rows };
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
  const ids = Array.from({ length: 10 }, (_, n) => `ten${n}`);
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
    results.push(
      await compare(options, `PostgreSQL ${server}: 10 aggregates in one commit`, 'commits/s', {
        'plain INSERT of 10 rows': writers(1, 200, () => {
          const states = ids.map(() => JSON.stringify(state));
          return pool.query(
            `insert into ${schema}.plain select i, $1, s from unnest($2::text[], $3::text[]) as t (i, s)`,
            [++version, ids, states],
          );
        }),
        read_committed: writers(1, 200, () => writeAll(mvcc, 'read_committed', ids)),
        serializable: writers(1, 200, () => writeAll(mvcc, 'serializable', ids)),
      }),
    );
  } finally {
    await pool.query(`drop schema ${schema} cascade`);
    await pool.end();
  }
  return results;
}
