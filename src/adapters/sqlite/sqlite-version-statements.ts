import type { SqliteDatabase } from './sqlite-database.ts';

/** The tables, where they are not there yet. `prefix` is a checked identifier. */
export function versionTables(prefix: string): string {
  return `
    CREATE TABLE IF NOT EXISTS "${prefix}state_versions" (
      aggregate_id TEXT NOT NULL,
      version INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      timestamp INTEGER NOT NULL,
      state TEXT NOT NULL,
      PRIMARY KEY (aggregate_id, version)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS "${prefix}state_commits" (
      only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
      sequence INTEGER NOT NULL,
      identity TEXT NOT NULL
    ) STRICT;`;
}

/** Every statement of the store, prepared once. A single number comes as column `n`. */
export function prepareVersionStatements(db: SqliteDatabase, prefix: string) {
  const versions = `"${prefix}state_versions"`;
  const commits = `"${prefix}state_commits"`;
  const ofAggregate = `SELECT aggregate_id AS id, version, sequence, timestamp, state FROM ${versions} WHERE aggregate_id = ?`;
  return {
    begin: db.prepare(`INSERT OR IGNORE INTO ${commits} VALUES (1, 0, ?)`),
    identity: db.prepare(`SELECT identity AS id FROM ${commits}`),
    lastSequence: db.prepare(`SELECT sequence AS n FROM ${commits}`),
    nextSequence: db.prepare(`UPDATE ${commits} SET sequence = sequence + 1 RETURNING sequence AS n`),
    latest: db.prepare(`SELECT coalesce(max(version), 0) AS n FROM ${versions} WHERE aggregate_id = ?`),
    insert: db.prepare(`INSERT INTO ${versions} VALUES (?, ?, ?, ?, ?)`),
    newest: db.prepare(`${ofAggregate} ORDER BY version DESC LIMIT 1`),
    byVersion: db.prepare(`${ofAggregate} AND version = ?`),
    asOf: db.prepare(`${ofAggregate} AND sequence <= ? ORDER BY version DESC LIMIT 1`),
    history: db.prepare(`${ofAggregate} AND version >= ? ORDER BY version LIMIT ?`),
    aggregates: db.prepare(`SELECT DISTINCT aggregate_id AS id FROM ${versions}`),
    /** Of one aggregate, given three times, with keepVersions and horizon. A null (nothing to remove yet) removes nothing. */
    removeOld: db.prepare(
      `DELETE FROM ${versions} WHERE aggregate_id = ?
         AND version <= (SELECT max(version) FROM ${versions} WHERE aggregate_id = ?) - ?
         AND version < (SELECT max(version) FROM ${versions} WHERE aggregate_id = ? AND sequence <= ?)
       RETURNING version AS n`,
    ),
  };
}
