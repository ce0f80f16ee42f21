import { StorageError } from '../../core/errors.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/** The layout of the versions, step by step: statements that bring a database from the one before. */
function layout(prefix: string): readonly string[] {
  const [versions, commits] = [`"${prefix}state_versions"`, `"${prefix}state_commits"`];
  return [
    `CREATE TABLE IF NOT EXISTS ${versions} (
      aggregate_id TEXT NOT NULL,
      version INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      timestamp INTEGER NOT NULL,
      state TEXT NOT NULL,
      PRIMARY KEY (aggregate_id, version)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS ${commits} (
      only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
      sequence INTEGER NOT NULL,
      identity TEXT NOT NULL
    ) STRICT;
    INSERT OR IGNORE INTO ${commits} VALUES (1, 0, lower(hex(randomblob(16))));`,

    `ALTER TABLE ${versions} ADD COLUMN form TEXT NOT NULL DEFAULT 'full';
    ALTER TABLE ${versions} ADD COLUMN checksum TEXT;
    CREATE INDEX "${prefix}state_versions_sequence" ON ${versions} (sequence, aggregate_id);
    ALTER TABLE ${commits} ADD COLUMN timestamp INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE ${commits} ADD COLUMN layout INTEGER NOT NULL DEFAULT 2;
    UPDATE ${commits} SET timestamp = coalesce((SELECT max(timestamp) FROM ${versions}), 0);
    CREATE TABLE "${prefix}state_prepared" (
      position INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      timestamp INTEGER NOT NULL,
      request TEXT NOT NULL
    ) STRICT;
    CREATE TABLE "${prefix}state_locks" (
      kind TEXT NOT NULL CHECK (kind IN ('write', 'check', 'prefix')),
      name TEXT NOT NULL,
      prepared_by TEXT NOT NULL,
      PRIMARY KEY (kind, name, prepared_by)
    ) STRICT, WITHOUT ROWID;`,
  ];
}

/** The statements that bring a database from a version of the layout (0: nothing is there) to the newest. */
export function versionLayoutStatements(prefix: string, from: number): string {
  return layout(prefix).slice(from).join('\n');
}

/**
 * The version of the layout that is there; 0 if none is.
 *
 * @throws {@link StorageError} if it is newer than this version of the library.
 */
export function versionLayout(db: SqliteDatabase, prefix: string): number {
  const commits = `${prefix}state_commits`;
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)').all(commits) as { name: string }[];
  if (columns.length === 0) return 0;
  if (!columns.some(({ name }) => name === 'layout')) return 1;
  const row = db.prepare(`SELECT layout FROM "${commits}"`).get();
  const found = Number((row as { layout: number | bigint }).layout);
  const newest = layout(prefix).length;
  if (found <= newest) return found;
  throw new StorageError(
    `use the versions of prefix "${prefix}"`,
    `they have layout ${found}, and this version of the library knows up to ${newest}: update it`,
  );
}

/** Whether the layout is the newest. */
export const isNewestVersionLayout = (prefix: string, version: number) => version === layout(prefix).length;
