import { sleep } from '../../core/abort.ts';
import { backoffDelay, type Random } from '../../core/backoff.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { storageError } from '../../core/errors.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import type {
  AllPage,
  AppendOutcome,
  EventAdapter,
  EventBatch,
  StoredEvent,
  StoredSnapshot,
  StreamPage,
} from '../../events/event-adapter.ts';
import { applyDdl } from './pg-ddl.ts';
import { eventDdl } from './pg-event-ddl.ts';
import {
  type AppendRow,
  appendOutcome,
  appendValues,
  conflictOutcome,
  type EventRow,
  eventColumns,
  type Int8,
  toStored,
} from './pg-event-rows.ts';
import { type PgDatabase, query } from './pg-queryable.ts';

/** Tries of an append that the server gave up for the sake of another transaction. */
const maxAttempts = 10;

const appendAgain = 'append the same events again: those that are stored already are not stored twice';

/** Where the events are kept in the database. */
export interface PostgreSQLEventAdapterOptions {
  /** Made on first use if it is not there. Default `migration`. */
  readonly schema?: string;
  readonly clock?: Clock;
  /** Chance for the jitter of retries. */
  readonly random?: Random;
}

/**
 * Events in a PostgreSQL database of yours, through pg.Pool, pg.Client or PGlite.
 *
 * An append is one round trip and one commit. Reading the global order never waits for a writer, and an unrelated
 * transaction that stays open does not hold it back (ES5). Needs READ COMMITTED (PostgreSQL's default) and the primary.
 */
export class PostgreSQLEventAdapter implements EventAdapter {
  readonly #db: PgDatabase;
  readonly #schema: string;
  readonly #clock: Clock;
  readonly #random: Random;

  /** @throws {@link InvalidArgumentError} for a schema that is not a plain identifier. */
  constructor(db: PgDatabase, options: PostgreSQLEventAdapterOptions = {}) {
    const { schema = 'migration', clock = systemClock, random = Math.random } = options;
    this.#db = db;
    this.#schema = quoteIdentifier(schema, 'options.schema');
    this.#clock = clock;
    this.#random = random;
  }

  async init(): Promise<void> {
    // Where all is there already, a role that may define nothing is enough.
    const [found] = await this.#rows<{ present: boolean }>(
      'look for the event tables',
      `select to_regproc($1 || '.append_events_v1') is not null and to_regproc($1 || '.read_events_v1') is not null as present`,
      [this.#schema],
    );
    if (found?.present) return;
    try {
      await applyDdl(this.#db, this.#schema, eventDdl(this.#schema));
    } catch (error) {
      throw storageError(
        'create the event tables',
        'give this role the right to, or run it once as one that may',
        error,
      );
    }
  }

  async append(batches: readonly EventBatch[]): Promise<AppendOutcome> {
    const values = appendValues(batches);
    for (let attempt = 1; ; attempt++) {
      try {
        const outcome = appendOutcome(batches, await this.#append(values));
        return outcome.status === 'conflict' ? ((await this.#existing(batches)) ?? outcome) : outcome;
      } catch (error) {
        const outcome = await this.#afterFailure(error, batches);
        if (outcome) return outcome;
        if (!isTransient(error) || attempt >= maxAttempts) throw storageError('append events', appendAgain, error);
      }
      await sleep(backoffDelay(attempt, { initialMs: 5, maxMs: 500 }, this.#random), { clock: this.#clock });
    }
  }

  async readStream({ stream, from, to, limit, direction }: StreamPage): Promise<readonly StoredEvent[]> {
    const rows = await this.#rows<EventRow>(
      'read a stream',
      `select ${eventColumns} from ${this.#schema}.events where stream = $1 and version >= $2 and version <= $3
       order by version ${direction === 'forward' ? 'asc' : 'desc'} limit $4`,
      [stream, from, to, limit],
    );
    return rows.map(toStored);
  }

  async readAll({ after, limit }: AllPage): Promise<readonly StoredEvent[]> {
    const rows = await this.#rows<EventRow>(
      'read all events',
      `select ${eventColumns} from ${this.#schema}.read_events_v1($1, $2)`,
      [after, limit],
    );
    return rows.map(toStored);
  }

  async streamVersion(stream: string): Promise<number> {
    const text = `select version as n from ${this.#schema}.event_streams where stream = $1`;
    return (await this.#number('read the version of a stream', text, [stream])) ?? 0;
  }

  async lastPosition(): Promise<number> {
    const text = `select coalesce(max(position), 0) as n from ${this.#schema}.events`;
    return (await this.#number('read the last position', text, [])) ?? 0;
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

  loadCheckpoint(name: string): Promise<number | undefined> {
    const text = `select position as n from ${this.#schema}.event_checkpoints where name = $1`;
    return this.#number('load a checkpoint', text, [name]);
  }

  async saveCheckpoint(name: string, position: number): Promise<void> {
    await this.#rows(
      'save a checkpoint',
      `insert into ${this.#schema}.event_checkpoints values ($1, $2)
       on conflict (name) do update set position = excluded.position`,
      [name, position],
    );
  }

  /** It has opened nothing. Your pool or client stays as it is. */
  async close(): Promise<void> {}

  async #append(values: unknown[]): Promise<readonly AppendRow[]> {
    const text = `select * from ${this.#schema}.append_events_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;
    return (await query(this.#db, text, values)).rows as readonly AppendRow[];
  }

  /** What the failure of an append means, where it is one of those to be expected. */
  async #afterFailure(error: unknown, batches: readonly EventBatch[]): Promise<AppendOutcome | undefined> {
    const { code, constraint, detail } = error as { code?: unknown; constraint?: unknown; detail?: unknown };
    if (code === '23505' && constraint === 'events_id') return this.#existing(batches);
    if (code !== 'ZY409' || typeof detail !== 'string') return undefined;
    const [batch, actualVersion] = detail.split(':').map(Number);
    return (await this.#existing(batches)) ?? conflictOutcome(batches, batch!, actualVersion!);
  }

  async #existing(batches: readonly EventBatch[]): Promise<AppendOutcome | undefined> {
    const rows = await this.#rows<EventRow>(
      'look for events by their ids',
      `select ${eventColumns} from ${this.#schema}.events where id = any($1)`,
      [batches.flatMap(({ events }) => events.map(({ id }) => id))],
    );
    return rows.length > 0 ? { status: 'existing', events: rows.map(toStored) } : undefined;
  }

  async #number(operation: string, text: string, values: unknown[]): Promise<number | undefined> {
    const [row] = await this.#rows<{ n: Int8 }>(operation, text, values);
    return row && Number(row.n);
  }

  async #rows<R>(operation: string, text: string, values: unknown[]): Promise<readonly R[]> {
    try {
      return (await query(this.#db, text, values)).rows as readonly R[];
    } catch (error) {
      throw storageError(operation, 'try again', error);
    }
  }
}

/** Serialization failure and deadlock: the server has rolled back, and asks to try again. */
function isTransient(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === '40001' || code === '40P01';
}
