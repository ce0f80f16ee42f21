// A process that prepares and decides transactions, one after the other, until it is killed. Says on stdout what it has done.
// Arguments: what (sqlite or postgres), where (file or schema).
import { writeSync } from 'node:fs';
import pg from 'pg';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { postgresUrl } from '../servers.ts';
import { openSqlite } from '../sqlite-driver.ts';

const [what, where] = process.argv.slice(2) as [string, string];
const store =
  what === 'postgres'
    ? new PostgreSQLVersionStore(new pg.Pool({ connectionString: postgresUrl, max: 1 }), { schema: where })
    : new SqliteVersionStore(openSqlite(where));

const say = (line: string) => writeSync(1, `${line}\n`);
await store.init();
for (let n = 1; ; n++) {
  const writes = ['a', 'b'].map((id) => ({ aggregateId: `${id}${n}`, state: n }));
  const outcome = await store.prepare(`t${n}`, { writes, checks: [{ prefix: `c${n}`, sequence: 0 }], timestamp: n });
  say(`${outcome.status} ${n}`);
  // Every third one is left behind, as by a coordinator that is gone.
  if (n % 3 !== 0) say(`committed ${(await store.decide(`t${n}`, 'commit', n)) && n}`);
}
