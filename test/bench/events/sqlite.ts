import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEventAdapter } from '../../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { openSqlite, sqliteDriver, type TestDatabase } from '../../sqlite-driver.ts';
import { type BenchOptions, type BenchTable, compare } from '../compare.ts';
import { emmettOnSqlite } from '../peers/emmett.ts';
import { type Contender, data, type } from './contender.ts';
import { ours } from './ours.ts';
import { rehydration } from './rehydration.ts';
import { contest } from './writers.ts';

/** FULL is how Emmett opens a file: each commit is on the disk. NORMAL outlives the process, not a power cut. */
export async function sqlite(options: BenchOptions): Promise<readonly BenchTable[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const results: BenchTable[] = [];
  const emmett = await emmettOnSqlite(join(folder, 'emmett.db'));
  try {
    for (const synchronous of ['FULL', 'NORMAL']) {
      const db = openSqlite(join(folder, `${synchronous}.db`));
      db.exec(`pragma journal_mode = wal; pragma synchronous = ${synchronous}`);
      const own = ours(new SqliteEventAdapter(db));
      const contenders = [plain(db), own, ...(emmett && synchronous === 'FULL' ? [emmett] : [])];
      const where = `SQLite (${sqliteDriver}, WAL, synchronous=${synchronous})`;
      for (const eventsPerAppend of [1, 10]) {
        const title = `${where}: appends of ${eventsPerAppend} to one stream`;
        const load = { writers: 1, appends: 400, eventsPerAppend };
        results.push(await compare(options, title, 'events/s', contest(contenders, load)));
      }
      if (synchronous === 'FULL') {
        const limit = { name: 'SELECT and JSON.parse', fold: async (stream: string) => parsed(db, stream) };
        results.push(await rehydration(options, where, limit, own, emmett ? [emmett] : []));
      }
      db.close();
    }
    return results;
  } finally {
    await emmett?.close?.();
    rmSync(folder, { recursive: true });
  }
}

function parsed(db: TestDatabase, stream: string): number {
  const rows = db.prepare('select data from migration_events where stream = ? order by version').all(stream);
  for (const row of rows) JSON.parse((row as { data: string }).data);
  return rows.length;
}

/** The least that a store of events does: a row an event, and a transaction an append. */
function plain(db: TestDatabase): Contender {
  db.exec(`create table plain (position integer primary key, stream text, version integer, id text unique, type text,
    data text, timestamp integer, unique (stream, version))`);
  const insert = db.prepare('insert into plain (stream, version, id, type, data, timestamp) values (?, ?, ?, ?, ?, ?)');
  return {
    name: 'plain INSERT',
    append: async (stream, version, count) => {
      if (count > 1) db.exec('begin immediate');
      for (let n = 1; n <= count; n++) {
        insert.run(stream, version + n, randomUUID(), type, JSON.stringify(data), Date.now());
      }
      if (count > 1) db.exec('commit');
    },
  };
}
