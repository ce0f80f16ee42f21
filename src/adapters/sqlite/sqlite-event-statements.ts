import type { SqliteDatabase } from './sqlite-database.ts';

/** Every statement of the adapter, prepared once. A single number comes as column `n`. */
export function prepareEventStatements(db: SqliteDatabase, prefix: string) {
  const events = `"${prefix}events"`;
  const tags = `"${prefix}event_tags"`;
  const streams = `"${prefix}event_streams"`;
  const snapshots = `"${prefix}event_snapshots"`;
  const checkpoints = `"${prefix}event_checkpoints"`;
  const counters = `"${prefix}event_counters"`;
  const inRange = `SELECT * FROM ${events} WHERE stream = ? AND version >= ? AND version <= ? ORDER BY version`;
  const ofList = 'IN (SELECT value FROM json_each(?))';
  const taggedWith = `SELECT t.position AS n FROM ${tags} t
       WHERE t.tag = ? AND t.position > ?
         AND (SELECT count(*) FROM ${tags} o WHERE o.tag ${ofList} AND o.position = t.position) = ?`;
  return {
    byId: db.prepare(`SELECT * FROM ${events} WHERE id = ?`),
    version: db.prepare(`SELECT max(version) AS n FROM ${events} WHERE stream = ?`),
    stream: db.prepare(`SELECT version, first_version AS first, deleted FROM ${streams} WHERE stream = ?`),
    anyStream: db.prepare(`SELECT EXISTS (SELECT 1 FROM ${streams}) AS n`),
    insert: db.prepare(
      `INSERT INTO ${events} (position, stream, version, id, type, data, encoding, metadata, timestamp, tags)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertTag: db.prepare(`INSERT INTO ${tags} VALUES (?, ?)`),
    forward: db.prepare(`${inRange} LIMIT ?`),
    backward: db.prepare(`${inRange} DESC LIMIT ?`),
    all: db.prepare(`SELECT * FROM ${events} WHERE position > ? ORDER BY position LIMIT ?`),
    // The first tag; all tags as JSON and how many they are; the types as JSON.
    tagged: db.prepare(`${taggedWith} ORDER BY t.position LIMIT ?`),
    taggedOfTypes: db.prepare(
      `${taggedWith} AND (SELECT e.type FROM ${events} e WHERE e.position = t.position) ${ofList}
       ORDER BY t.position LIMIT ?`,
    ),
    ofAnyType: db.prepare(`SELECT position AS n FROM ${events} WHERE position > ? ORDER BY position LIMIT ?`),
    ofTypes: db.prepare(
      `SELECT position AS n FROM ${events} WHERE position > ? AND type ${ofList} ORDER BY position LIMIT ?`,
    ),
    atPositions: db.prepare(`SELECT * FROM ${events} WHERE position ${ofList} ORDER BY position`),
    lastPosition: db.prepare(`SELECT coalesce(max(position), 0) AS n FROM ${events}`),
    lastGiven: db.prepare(`SELECT coalesce(max(seq), 0) AS n FROM sqlite_sequence WHERE name = '${prefix}events'`),
    streamsAfter: db.prepare(
      `WITH RECURSIVE named (stream) AS (
         SELECT min(stream) FROM ${events} WHERE stream > ?
         UNION ALL
         SELECT (SELECT min(stream) FROM ${events} e WHERE e.stream > n.stream) FROM named n WHERE n.stream IS NOT NULL
         LIMIT ?
       )
       SELECT stream FROM named WHERE stream IS NOT NULL
       UNION SELECT stream FROM (SELECT stream FROM ${streams} WHERE stream > ? ORDER BY stream LIMIT ?)
       ORDER BY stream LIMIT ?`,
    ),
    removeTags: db.prepare(
      `DELETE FROM ${tags} WHERE (tag, position) IN (
         SELECT t.value, e.position FROM ${events} e, json_each(e.tags) t WHERE e.stream = ? AND e.version < ?)`,
    ),
    removeEvents: db.prepare(`DELETE FROM ${events} WHERE stream = ? AND version < ?`),
    removeSnapshots: db.prepare(`DELETE FROM ${snapshots} WHERE stream = ?`),
    saveStream: db.prepare(`INSERT OR REPLACE INTO ${streams} VALUES (?, ?, ?, ?)`),
    loadSnapshot: db.prepare(
      `SELECT schema_version AS schemaVersion, version, event_id AS eventId, data, encoding
       FROM ${snapshots} WHERE stream = ? AND name = ?`,
    ),
    saveSnapshot: db.prepare(`INSERT OR REPLACE INTO ${snapshots} VALUES (?, ?, ?, ?, ?, ?, ?)`),
    loadCheckpoint: db.prepare(`SELECT * FROM ${checkpoints} WHERE name = ?`),
    listCheckpoints: db.prepare(`SELECT * FROM ${checkpoints} WHERE substr(name, 1, length(?)) = ? ORDER BY name`),
    saveCheckpoint: db.prepare(
      `INSERT OR REPLACE INTO ${checkpoints} (name, position, state, revision) VALUES (?, ?, ?, ?)`,
    ),
    deleteCheckpoint: db.prepare(`DELETE FROM ${checkpoints} WHERE name = ?`),
    countRevision: db.prepare(`UPDATE ${counters} SET value = value + 1 WHERE name = 'revision'`),
    revision: db.prepare(`SELECT value AS n FROM ${counters} WHERE name = 'revision'`),
  };
}

export type EventStatements = ReturnType<typeof prepareEventStatements>;
