import type { SqliteDatabase } from './sqlite-database.ts';

/** The tables, where they are not there yet. `prefix` is a checked identifier. */
export function eventTables(prefix: string): string {
  return `
    CREATE TABLE IF NOT EXISTS "${prefix}events" (
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
    ) STRICT, WITHOUT ROWID;`;
}

/** Every statement of the adapter, prepared once. A single number comes as column `n`. */
export function prepareEventStatements(db: SqliteDatabase, prefix: string) {
  const events = `"${prefix}events"`;
  const snapshots = `"${prefix}event_snapshots"`;
  const checkpoints = `"${prefix}event_checkpoints"`;
  const inRange = `SELECT * FROM ${events} WHERE stream = ? AND version >= ? AND version <= ? ORDER BY version`;
  return {
    byId: db.prepare(`SELECT * FROM ${events} WHERE id = ?`),
    version: db.prepare(`SELECT coalesce(max(version), 0) AS n FROM ${events} WHERE stream = ?`),
    insert: db.prepare(
      `INSERT INTO ${events} (stream, version, id, type, data, encoding, metadata, timestamp)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING position AS n`,
    ),
    forward: db.prepare(`${inRange} LIMIT ?`),
    backward: db.prepare(`${inRange} DESC LIMIT ?`),
    all: db.prepare(`SELECT * FROM ${events} WHERE position > ? ORDER BY position LIMIT ?`),
    lastPosition: db.prepare(`SELECT coalesce(max(position), 0) AS n FROM ${events}`),
    loadSnapshot: db.prepare(
      `SELECT schema_version AS schemaVersion, version, event_id AS eventId, data, encoding
       FROM ${snapshots} WHERE stream = ? AND name = ?`,
    ),
    saveSnapshot: db.prepare(`INSERT OR REPLACE INTO ${snapshots} VALUES (?, ?, ?, ?, ?, ?, ?)`),
    loadCheckpoint: db.prepare(`SELECT position AS n FROM ${checkpoints} WHERE name = ?`),
    saveCheckpoint: db.prepare(`INSERT OR REPLACE INTO ${checkpoints} VALUES (?, ?)`),
  };
}
