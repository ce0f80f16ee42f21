import type { SqliteDatabase, SqliteStatement } from './sqlite-database.ts';
import { lastVersionWhere } from './sqlite-version-search.ts';

/** Every statement of the store, prepared once. A single number comes as column `n`. */
export function prepareVersionStatements(db: SqliteDatabase, prefix: string) {
  const versions = `"${prefix}state_versions"`;
  const commits = `"${prefix}state_commits"`;
  const prepared = `"${prefix}state_prepared"`;
  const locks = `"${prefix}state_locks"`;
  const ofAggregate = `FROM ${versions} WHERE aggregate_id = ?`;
  const ofWanted = `FROM ${versions} n WHERE n.aggregate_id = w.id AND n.version`;

  // Of each wanted aggregate the versions from `first` to `last` and what the deltas among them are made out of; one row
  // with no version where the version wanted is gone.
  const rowsOf = (wanted: string) =>
    numbered(
      db,
      `WITH ${wanted}
      SELECT w.id, r.version, r.sequence, r.timestamp, r.form, r.state, r.checksum, w.last
      FROM wanted w LEFT JOIN ${versions} r ON r.aggregate_id = w.id AND r.version BETWEEN w.first
        AND (SELECT n.version ${ofWanted} >= w.last AND n.form <> 'delta' ORDER BY n.version LIMIT 1)
      ORDER BY w.id, r.version`,
    );
  // One row if the aggregate has versions: the one wanted, or nothing where that is gone.
  const oneOf = (column: 'sequence' | 'timestamp') =>
    rowsOf(`seen (id, version) AS MATERIALIZED (
        SELECT ?1, ${lastVersionWhere(versions, '?1', (row) => `${row}.${column} <= ?2`)}
      ), wanted (id, first, last) AS (
        SELECT id, version, version FROM seen WHERE version IS NOT NULL OR
          (SELECT version FROM ${versions} WHERE aggregate_id = ?1 ORDER BY version LIMIT 1) > 1)`);
  return {
    identity: db.prepare(`SELECT identity AS id FROM ${commits}`),
    lastCommit: db.prepare(`SELECT sequence, timestamp FROM ${commits}`),
    setLastCommit: db.prepare(`UPDATE ${commits} SET sequence = ?, timestamp = ?`),
    latest: db.prepare(`SELECT version, sequence, form ${ofAggregate} ORDER BY version DESC LIMIT 1`),
    insert: db.prepare(
      `INSERT INTO ${versions} (aggregate_id, version, sequence, timestamp, state, form, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    /** The newest is never a delta. */
    newest: db.prepare(
      `SELECT aggregate_id AS id, version, sequence, timestamp, form, state, checksum, version AS last
       ${ofAggregate} ORDER BY version DESC LIMIT 1`,
    ),
    byVersion: rowsOf(
      `wanted (id, first, last) AS (
         SELECT aggregate_id, version, version FROM ${versions} WHERE aggregate_id = ?1 AND version = ?2
       )`,
    ),
    asOf: oneOf('sequence'),
    atTime: oneOf('timestamp'),
    history: rowsOf(
      `page (version) AS (SELECT version FROM ${versions} WHERE aggregate_id = ?1 AND version >= ?2 ORDER BY version LIMIT ?3),
       wanted (id, first, last) AS (SELECT ?1, min(version), max(version) FROM page HAVING count(*) > 0)`,
    ),
    /** From an id on, up to an end, as of a sequence: goes from id to id by the index. */
    scan: rowsOf(
      `RECURSIVE ids (id) AS (
         SELECT (SELECT min(aggregate_id) FROM ${versions} WHERE aggregate_id >= ?1 AND aggregate_id < ?2)
         UNION ALL
         SELECT (SELECT min(aggregate_id) FROM ${versions} WHERE aggregate_id > ids.id AND aggregate_id < ?2)
         FROM ids WHERE ids.id IS NOT NULL
       ), seen (id, version) AS (
         SELECT id, ${lastVersionWhere(versions, 'ids.id', (row) => `${row}.sequence <= ?3`)} FROM ids WHERE id IS NOT NULL
       ), wanted (id, first, last) AS (
         SELECT w.id, w.version, w.version FROM seen w WHERE CASE WHEN w.version IS NULL
           THEN (SELECT min(n.version) ${ofWanted} > 0) > 1
           ELSE (SELECT n.form ${ofWanted} = w.version) <> 'deleted' END
         LIMIT ?4
       )`,
    ),
    /** After a sequence, of ids from one on up to an end: whole commits. The `+` keeps to the index of the sequences. */
    changes: rowsOf(
      `page (sequence) AS (
         SELECT sequence FROM ${versions} WHERE sequence > ?1 AND +aggregate_id >= ?2 AND +aggregate_id < ?3
         ORDER BY sequence LIMIT ?4 + 1
       ), until (sequence) AS (
         SELECT CASE WHEN count(*) <= ?4 OR min(sequence) = max(sequence) THEN max(sequence) ELSE max(sequence) - 1 END
         FROM page
       ), wanted (id, first, last) AS (
         SELECT aggregate_id, min(version), max(version) FROM ${versions}
         WHERE sequence > ?1 AND sequence <= (SELECT sequence FROM until) AND +aggregate_id >= ?2 AND +aggregate_id < ?3
         GROUP BY aggregate_id
       )`,
    ),
    /** The newest version after a sequence, of ids from one on up to an end. */
    changed: db.prepare(
      `SELECT aggregate_id AS id, version FROM ${versions}
       WHERE sequence > ? AND +aggregate_id >= ? AND +aggregate_id < ? ORDER BY sequence DESC LIMIT 1`,
    ),
    aggregatesAfter: db.prepare(
      `SELECT DISTINCT aggregate_id AS id FROM ${versions} WHERE aggregate_id > ? ORDER BY aggregate_id LIMIT ?`,
    ),

    /** What was replaced before the version that these give may go. */
    mayGo: numbered(
      db,
      `SELECT ${lastVersionWhere(versions, '?1', (row) => `${row}.sequence <= ?2 AND ${row}.timestamp < ?3`)} AS n`,
    ),
    replacedBefore: numbered(db, `SELECT ${lastVersionWhere(versions, '?1', (row) => `${row}.timestamp < ?2`)} AS n`),
    sizes: db.prepare(`SELECT version, length(CAST(state AS BLOB)) AS n ${ofAggregate} ORDER BY version DESC`),
    removeBefore: db.prepare(`DELETE ${ofAggregate} AND version < ? RETURNING version AS n`),

    /** Long texts that may become deltas, with what is next to them. */
    longText: db.prepare(
      `SELECT state AS text ${ofAggregate} AND version = ? AND form = 'full' AND length(state) >= ?`,
    ),
    unpacked: db.prepare(
      `SELECT version AS n ${ofAggregate} AND form = 'full' AND length(state) >= ? ORDER BY version`,
    ),
    pack: db.prepare(`UPDATE ${versions} SET state = ?, form = 'delta' WHERE aggregate_id = ? AND version = ?`),

    isPrepared: db.prepare(`SELECT 1 AS n FROM ${prepared} WHERE id = ?`),
    prepared: db.prepare(`SELECT id, timestamp FROM ${prepared} ORDER BY position`),
    prepare: db.prepare(`INSERT INTO ${prepared} (id, timestamp, request) VALUES (?, ?, ?)`),
    decide: db.prepare(`DELETE FROM ${prepared} WHERE id = ? RETURNING request`),
    lock: db.prepare(`INSERT INTO ${locks} (kind, name, prepared_by) VALUES (?, ?, ?)`),
    unlock: db.prepare(`DELETE FROM ${locks} WHERE prepared_by = ?`),
    hasLocks: db.prepare(`SELECT EXISTS (SELECT 1 FROM ${locks}) AS n`),
    /** Who has written or checked this id. */
    lockOf: numbered(
      db,
      `SELECT prepared_by AS id FROM ${locks}
       WHERE name = ?1 AND kind <> 'prefix' OR kind = 'prefix' AND substr(?1, 1, length(name)) = name LIMIT 1`,
    ),
    /** Who has written an id from one on up to an end; the id too. */
    writeLockWithin: db.prepare(
      `SELECT name, prepared_by AS id FROM ${locks} WHERE kind = 'write' AND name >= ? AND name < ? LIMIT 1`,
    ),
  };
}

export type VersionStatements = ReturnType<typeof prepareVersionStatements>;

/** A statement with numbered parameters. Each place gets its value: better-sqlite3 takes such numbers for names. */
function numbered(db: SqliteDatabase, sql: string): SqliteStatement {
  const places: number[] = [];
  const text = sql.replaceAll(/\?(\d)/g, (_, digit: string) => {
    places.push(Number(digit) - 1);
    return '?';
  });
  const statement = db.prepare(text);
  const placed = (values: readonly unknown[]) => places.map((place) => values[place]);
  return {
    run: (...values) => statement.run(...placed(values)),
    get: (...values) => statement.get(...placed(values)),
    all: (...values) => statement.all(...placed(values)),
  };
}
