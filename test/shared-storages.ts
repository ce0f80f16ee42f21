import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { postgresUrl, uniqueName } from './servers.ts';
import { openSqlite, type TestDatabase } from './sqlite-driver.ts';

/** An SQLite file in WAL mode that several processes share while the tests of a suite run, and this one's connection. */
export function sharedFile(name: string): { readonly file: string; readonly db: () => TestDatabase } {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const file = join(folder, `${name}.db`);
  let db: TestDatabase;
  beforeAll(() => {
    db = openSqlite(file);
    db.exec('pragma journal_mode = wal');
  });
  afterAll(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });
  return { file, db: () => db };
}

/** The name of a PostgreSQL schema that several processes share while the tests of a suite run, and this one's pool. */
export function sharedSchema(name: string, max = 2): { readonly schema: string; readonly pool: () => pg.Pool } {
  const schema = uniqueName(name);
  let pool: pg.Pool;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max });
  });
  afterAll(async () => {
    await pool.query(`drop schema if exists ${schema} cascade`);
    await pool.end();
  });
  return { schema, pool: () => pool };
}
