import { StorageError } from '../../core/errors.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/**
 * The layout of the events, version by version: statements that bring a database from the one before.
 *
 * @param prefix - A checked identifier, which begins the name of every table.
 */
function layout(prefix: string): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS "${prefix}events" (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      stream TEXT NOT NULL,
      version INTEGER NOT NULL,
      id TEXT NOT NULL UNIQUE,
      type TEXT NOT NULL,
      data TEXT NOT NULL,
      encoding TEXT NOT NULL,
      metadata TEXT NOT NULL,
      timestamp INTEGER NOT NULL,
      UNIQUE (stream, version)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS "${prefix}event_snapshots" (
      stream TEXT NOT NULL,
      name TEXT NOT NULL,
      schema_version INTEGER NOT NULL,
      version INTEGER NOT NULL,
      event_id TEXT NOT NULL,
      data TEXT NOT NULL,
      encoding TEXT NOT NULL,
      PRIMARY KEY (stream, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS "${prefix}event_checkpoints" (
      name TEXT PRIMARY KEY,
      position INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;`,

    `ALTER TABLE "${prefix}events" ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
    CREATE TABLE "${prefix}event_tags" (
      tag TEXT NOT NULL,
      position INTEGER NOT NULL,
      PRIMARY KEY (tag, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE "${prefix}event_streams" (
      stream TEXT PRIMARY KEY,
      version INTEGER NOT NULL,
      first_version INTEGER NOT NULL,
      deleted INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE "${prefix}event_checkpoints" ADD COLUMN state TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE "${prefix}event_checkpoints" ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;`,
  ];
}

/** What is counted in a database besides its events. */
const counters = (prefix: string) => `CREATE TABLE IF NOT EXISTS "${prefix}event_counters" (
      name TEXT PRIMARY KEY,
      value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT OR IGNORE INTO "${prefix}event_counters" VALUES ('layout', 0), ('revision', 1);`;

/** The statements that bring a database from a version of the layout (0: nothing is there) to the newest. */
export function eventLayoutStatements(prefix: string, from: number): string {
  const steps = layout(prefix);
  if (from >= steps.length) return '';
  const reached = `UPDATE "${prefix}event_counters" SET value = ${steps.length} WHERE name = 'layout';`;
  return [counters(prefix), ...steps.slice(from), reached].join('\n');
}

/**
 * The version of the layout that is there; 0 if none is, or if it was made before layouts had versions.
 *
 * @throws {@link StorageError} if it is newer than this version of the library.
 */
export function eventLayoutVersion(db: SqliteDatabase, prefix: string): number {
  const table = db
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")
    .get(`${prefix}event_counters`);
  if (!table) return 0;
  const row = db.prepare(`SELECT value FROM "${prefix}event_counters" WHERE name = 'layout'`).get();
  const found = Number((row as { value: number | bigint }).value);
  const newest = layout(prefix).length;
  if (found <= newest) return found;
  throw new StorageError(
    `use the events of prefix "${prefix}"`,
    `they have layout ${found}, and this version of the library knows up to ${newest}: update it`,
  );
}

/** Whether the layout is the newest. */
export const isNewestEventLayout = (prefix: string, version: number) => version === layout(prefix).length;
