// A process that edits both sides of a pair and keeps them in step, until it is killed or has made its edits. To stdout goes a
// line of what (`begin` or `done`), sign (`+` or `-`), side, id and field before and after each edit.
// Arguments: what (sqlite or postgres), where (file or schema), the name of the process, how many edits, and as JSON the
// fields that it is to remove before it syncs, as [side, id, field].
import { writeSync } from 'node:fs';
import pg from 'pg';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import { postgresUrl } from '../servers.ts';
import { openSqlite } from '../sqlite-driver.ts';
import { pairIds, syncedPair } from './synced-pair.ts';

const [what, where, name, edits, first] = process.argv.slice(2) as [string, string, string, string, string];
type Field = ['spec' | 'runtime', string, string];
const pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
const store =
  what === 'sqlite' ? new SqliteVersionStore(openSqlite(where)) : new PostgreSQLVersionStore(pool, { schema: where });
const { mvcc, states, ...sides } = syncedPair(store);
const coordinator = new SyncCoordinator({
  spec: sides.spec.replica,
  runtime: sides.runtime.replica,
  journal: mvcc,
  onError: () => {}, // a sync that lost to another process's is tried again
});

async function edit([side, id, field]: Field, isThere: boolean): Promise<void> {
  const line = `${isThere ? '+' : '-'} ${side} ${id} ${field}\n`;
  writeSync(1, `begin ${line}`);
  await sides[side].edit(id, field, isThere);
  writeSync(1, `done ${line}`);
}

for (const field of JSON.parse(first) as Field[]) await edit(field, false);
await coordinator.start();
for (let n = 0; n < Number(edits); n++) {
  const id = pairIds[n % pairIds.length]!;
  const [a, b]: Field[] = [
    ['spec', id, `${name}-a${n}`],
    ['runtime', id, `${name}-b${n}`],
  ];
  await edit(a!, true);
  await edit(b!, true);
  if (n % 2) await edit(n % 4 === 1 ? a! : b!, false);
}
await coordinator.close();
await states.close();
await mvcc.close();
await pool.end();
