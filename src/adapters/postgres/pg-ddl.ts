import { StorageError } from '../../core/errors.ts';
import { type PgDatabase, type PgQueryable, type PgResult, query, withTransaction } from './pg-queryable.ts';

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
    await createSchema(connection, schema);
    for (const statement of ddl) await connection.query(statement);
  });
}

async function createSchema(connection: PgQueryable, schema: string): Promise<void> {
  // Asked first, since CREATE SCHEMA wants a privilege on the database even where the schema is there.
  const text = 'select exists (select from pg_namespace where nspname = $1) as present';
  const { rows } = await connection.query(text, [nameOf(schema)]);
  if (!(rows[0] as { present: boolean }).present) await connection.query(`create schema ${schema}`);
}

/** A quoted identifier as the catalog has it. */
const nameOf = (identifier: string) => identifier.slice(1, -1);

type Run = (text: string, values?: unknown[]) => Promise<PgResult>;

/** One step of a layout: what brings it from the version before to this one. */
export interface DdlStep {
  readonly version: number;
  readonly statements: readonly string[];
}

/** The version of a part's layout in a schema; 0 where there is none. */
async function layoutVersion(run: Run, schema: string, part: string): Promise<number> {
  // Asked of the catalog itself: to_regclass may answer from a cache of before the lock.
  const known = await run(
    `select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $1 and c.relname = 'layout_versions') as present`,
    [nameOf(schema)],
  );
  if (!(known.rows[0] as { present: boolean }).present) return 0;
  const { rows } = await run(`select version from ${schema}.layout_versions where part = $1`, [part]);
  return (rows[0] as { version: number } | undefined)?.version ?? 0;
}

/** The statements that bring a part of a schema from one version of its layout to the newest. */
export function layoutStatements(schema: string, part: string, steps: readonly DdlStep[], from: number): string[] {
  const missing = steps.filter(({ version }) => version > from);
  if (missing.length === 0) return [];
  return [
    `create table if not exists ${schema}.layout_versions (part text primary key, version int not null)`,
    ...missing.flatMap(({ statements }) => statements),
    `insert into ${schema}.layout_versions values ('${part}', ${missing.at(-1)!.version})
      on conflict (part) do update set version = excluded.version`,
  ];
}

/**
 * Brings a part of a schema to the newest version of its layout, in one transaction, whoever else tries the same.
 *
 * @throws {@link StorageError} if the schema has a newer version than this library knows.
 */
export async function migrateLayout(
  db: PgDatabase,
  schema: string,
  part: string,
  steps: readonly DdlStep[],
): Promise<void> {
  const newest = steps.at(-1)!.version;
  const current = async (run: Run) => {
    const found = await layoutVersion(run, schema, part);
    if (found > newest) {
      throw new StorageError(
        `use the ${part} of schema ${schema}`,
        `they have layout ${found}, and this version of the library knows up to ${newest}: update it`,
      );
    }
    return found;
  };
  // Where all is there already, a role that may define nothing is enough.
  if ((await current((text, values) => query(db, text, values))) === newest) return;
  await withTransaction(db, async (connection) => {
    await connection.query(`select pg_advisory_xact_lock(${lockKey})`);
    const found = await current((text, values) => connection.query(text, values));
    if (found === newest) return;
    await createSchema(connection, schema);
    for (const statement of layoutStatements(schema, part, steps, found)) await connection.query(statement);
  });
}
