import { type PgDatabase, withTransaction } from './pg-queryable.ts';

/** One lock for the definitions of every adapter, whatever the schema: they may share one. The bytes of "zyflow". */
const lockKey = '134661828013943';

/**
 * Creates the schema, where it is missing, and what `ddl` defines in it, in one transaction.
 *
 * Under a lock that all adapters share: `CREATE … IF NOT EXISTS` alone fails when two run it at once.
 *
 * @param schema - A quoted identifier.
 * @param ddl - Statements that may run again, without parameters.
 */
export async function applyDdl(db: PgDatabase, schema: string, ddl: readonly string[]): Promise<void> {
  await withTransaction(db, async (connection) => {
    await connection.query(`select pg_advisory_xact_lock(${lockKey})`);
    // Asked first, since CREATE SCHEMA wants a privilege on the database even where the schema is there.
    const { rows } = await connection.query('select to_regnamespace($1) is null as missing', [schema]);
    if ((rows[0] as { missing: boolean }).missing) await connection.query(`create schema ${schema}`);
    for (const statement of ddl) await connection.query(statement);
  });
}
