import type { AllPage, StoredEvent, StreamInfo, StreamPage, StreamsPage } from '../../events/event-adapter.ts';
import { type Int8, readEventPage } from './pg-event-rows.ts';
import type { EventHorizon } from './pg-horizon-publisher.ts';
import type { NamedQuery } from './pg-queryable.ts';

/**
 * A dump that is restored makes new objects, a cluster made anew has another identifier, and a standby that was promoted
 * writes on a timeline of its own. A standby is what its primary is, whose timeline it can't tell.
 */
const lifeQuery = `select case when not pg_is_in_recovery() then
  concat_ws('/', (select system_identifier from pg_control_system()), $1::regclass::oid,
            left(pg_walfile_name(pg_current_wal_lsn()), 8)) end as life`;

/** No name is empty: each comes after this. */
const beforeAllNames = '';

/** What is asked of the events: they themselves, streams, positions. */
export class PgEventReader {
  readonly #schema: string;
  readonly #rows: NamedQuery;

  /** @param schema - A quoted identifier. */
  constructor(schema: string, rows: NamedQuery) {
    this.#schema = schema;
    this.#rows = rows;
  }

  async readStream({ stream, from, to, limit, direction }: StreamPage): Promise<readonly StoredEvent[]> {
    const values = [stream, from, to, limit, direction === 'backward'];
    return this.#page('read a stream', `${this.#schema}.read_stream_v1($1, $2, $3, $4, $5)`, values);
  }

  async readAll({ after, limit, query }: AllPage): Promise<readonly StoredEvent[]> {
    const values = [after, limit, query ? JSON.stringify(query) : null];
    return this.#page('read all events', `${this.#schema}.read_events_v1($1, $2, $3)`, values);
  }

  findByIds(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    const rows = `(select * from ${this.#schema}.events where id = any($1) order by position)`;
    return this.#page('look for events by their ids', rows, [ids]);
  }

  async streamVersion(stream: string): Promise<number> {
    const [row] = await this.#rows<{ n: Int8 }>(
      'read the version of a stream',
      `select greatest((select max(version) from ${this.#schema}.events where stream = $1),
                       (select version from ${this.#schema}.event_streams where stream = $1), 0) as n`,
      [stream],
    );
    return Number(row!.n);
  }

  async listStreams({ after = beforeAllNames, limit }: StreamsPage): Promise<readonly StreamInfo[]> {
    const rows = await this.#rows<Record<'stream', string> & Record<'version' | 'first', Int8> & { deleted: boolean }>(
      'list streams',
      `select stream, version, first_version as first, deleted from ${this.#schema}.list_event_streams_v1($1, $2)`,
      [after, limit],
    );
    return rows.map(({ stream, version, first, deleted }) => ({
      stream,
      version: Number(version),
      firstVersion: Number(first),
      deleted,
    }));
  }

  async lastPosition(): Promise<number> {
    const text = `select coalesce(max(position), 0) as n from ${this.#schema}.events`;
    const [row] = await this.#rows<{ n: Int8 }>('read the last position', text, []);
    return Number(row!.n);
  }

  async horizon(): Promise<EventHorizon> {
    const lastPosition = await this.lastPosition();
    const [row] = await this.#rows<{ n: Int8 }>(
      'read the horizon',
      `select ${this.#schema}.event_horizon_v1() as n`,
      [],
    );
    return { position: Number(row!.n), lastPosition };
  }

  async life(): Promise<string | undefined> {
    const rows = await this.#rows<{ life: string | null }>('tell one life of the database from another', lifeQuery, [
      `${this.#schema}.events`,
    ]);
    return rows[0]!.life ?? undefined;
  }

  /** @param from - What stands behind FROM: gives rows of the events table, in the order wanted. */
  #page(operation: string, from: string, values: readonly unknown[]): Promise<readonly StoredEvent[]> {
    return readEventPage((text, all) => this.#rows(operation, text, all), from, values);
  }
}
