// A process that moves amounts between two accounts until it is killed, and says on stdout what was acknowledged.
// Arguments: what (sqlite or postgres), where (file or schema), the two accounts, how many transfers.
import pg from 'pg';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { postgresUrl } from '../servers.ts';
import { openSqlite } from '../sqlite-driver.ts';

const [what, where, from, to, count] = process.argv.slice(2) as [string, string, string, string, string];

function store() {
  if (what === 'postgres') {
    return new PostgreSQLVersionStore(new pg.Pool({ connectionString: postgresUrl, max: 2 }), { schema: where });
  }
  const db = openSqlite(where);
  db.exec('pragma journal_mode = wal');
  return new SqliteVersionStore(db);
}

const accounts = new StateManager<number>({ store: store(), retry: { maxAttempts: 1000, backoff: { maxMs: 10 } } });

for (let n = 0; n < Number(count); n++) {
  await accounts.transaction(async (transaction) => {
    const [debit, credit] = [await transaction.read(from), await transaction.read(to)];
    await transaction.write(from, debit!.state - 1);
    await transaction.write(to, credit!.state + 1);
  });
  process.stdout.write(`${n + 1}\n`);
}
process.exit(0);
