import type {
  Checkpoint,
  SaveCheckpointOptions,
  StoredCheckpoint,
  StoredSnapshot,
} from '../../events/event-adapter.ts';
import type { Int8 } from './pg-event-rows.ts';
import type { NamedQuery } from './pg-queryable.ts';

const checkpointColumns = 'name, position, state, revision';

/** What is kept beside the events: snapshots and checkpoints. */
export class PgEventState {
  readonly #schema: string;
  readonly #rows: NamedQuery;

  /** @param schema - A quoted identifier. */
  constructor(schema: string, rows: NamedQuery) {
    this.#schema = schema;
    this.#rows = rows;
  }

  async loadSnapshot(stream: string, name: string): Promise<StoredSnapshot | undefined> {
    const [row] = await this.#rows<StoredSnapshot>(
      'load a snapshot',
      `select schema_version as "schemaVersion", version, event_id as "eventId", data, encoding
       from ${this.#schema}.event_snapshots where stream = $1 and name = $2`,
      [stream, name],
    );
    if (!row) return undefined;
    return { ...row, stream, name, schemaVersion: Number(row.schemaVersion), version: Number(row.version) };
  }

  async saveSnapshot(snapshot: StoredSnapshot): Promise<void> {
    const { stream, name, schemaVersion, version, eventId, data, encoding } = snapshot;
    await this.#rows(
      'save a snapshot',
      `insert into ${this.#schema}.event_snapshots values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (stream, name) do update set schema_version = excluded.schema_version, version = excluded.version,
         event_id = excluded.event_id, data = excluded.data, encoding = excluded.encoding`,
      [stream, name, schemaVersion, version, eventId, data, encoding],
    );
  }

  async loadCheckpoint(name: string): Promise<StoredCheckpoint | undefined> {
    const [row] = await this.#rows<CheckpointRow>(
      'load a checkpoint',
      `select ${checkpointColumns} from ${this.#schema}.event_checkpoints where name = $1`,
      [name],
    );
    return row && toCheckpoint(row);
  }

  async saveCheckpoint(
    name: string,
    { position, state }: Checkpoint,
    { expectedRevision }: Pick<SaveCheckpointOptions, 'expectedRevision'>,
  ): Promise<number | undefined> {
    const table = `${this.#schema}.event_checkpoints`;
    // Drawn once the row is locked: each save of a name is at a greater revision than the one before it.
    const revision = `nextval('${this.#schema}.event_checkpoints_revision')`;
    const insert = `insert into ${table} values ($1, $2, $3, ${revision}) on conflict (name)`;
    const set = `set position = $2, state = $3, revision = ${revision}`;
    const text =
      expectedRevision === undefined
        ? `${insert} do update ${set}`
        : expectedRevision === 0
          ? `${insert} do nothing`
          : `update ${table} ${set} where name = $1 and revision = $4`;
    const values = [name, position, state, ...(expectedRevision ? [expectedRevision] : [])];
    const [row] = await this.#rows<{ revision: Int8 }>('save a checkpoint', `${text} returning revision`, values);
    return row && Number(row.revision);
  }

  async listCheckpoints(prefix: string): Promise<readonly StoredCheckpoint[]> {
    const rows = await this.#rows<CheckpointRow>(
      'list checkpoints',
      `select ${checkpointColumns} from ${this.#schema}.event_checkpoints where starts_with(name, $1) order by name`,
      [prefix],
    );
    return rows.map(toCheckpoint);
  }

  async deleteCheckpoint(name: string): Promise<void> {
    await this.#rows('delete a checkpoint', `delete from ${this.#schema}.event_checkpoints where name = $1`, [name]);
  }
}

interface CheckpointRow {
  readonly name: string;
  readonly state: string;
  readonly position: Int8;
  readonly revision: Int8;
}

const toCheckpoint = ({ name, state, position, revision }: CheckpointRow): StoredCheckpoint => ({
  name,
  position: Number(position),
  state,
  revision: Number(revision),
});
