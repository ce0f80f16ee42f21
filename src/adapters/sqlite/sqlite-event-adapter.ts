import type { Clock } from '../../core/clock.ts';
import { storageError } from '../../core/errors.ts';
import { meetsExpectedVersion } from '../../core/expected-version.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import type {
  AllPage,
  AppendedBatch,
  AppendOutcome,
  EventAdapter,
  EventBatch,
  StoredEvent,
  StoredSnapshot,
  StreamPage,
} from '../../events/event-adapter.ts';
import { type SqliteDatabase, type SqliteWaiting, whileBusy, writeTransaction } from './sqlite-database.ts';
import { eventTables, prepareEventStatements } from './sqlite-event-statements.ts';

/** Where the events are kept in the database, and how long to wait for it. */
export interface SqliteEventAdapterOptions {
  /** Begins the name of every table. Default `migration_`. */
  readonly tablePrefix?: string;
  /** How long to wait while another process writes, in ms. Default 5000. */
  readonly busyTimeoutMs?: number;
  readonly clock?: Clock;
}

/**
 * Events in an SQLite database of yours, opened by better-sqlite3, libsql or node:sqlite.
 *
 * Several processes may use one file; set `PRAGMA journal_mode = WAL` so that reading does not wait for writing. What
 * an acknowledged append survives is decided by `PRAGMA synchronous`: with `FULL` (the default) a power cut too, with
 * `NORMAL` in WAL mode the end of the process, but not always a power cut.
 */
export class SqliteEventAdapter implements EventAdapter {
  readonly #db: SqliteDatabase;
  readonly #prefix: string;
  readonly #waiting: SqliteWaiting;
  #prepared: ReturnType<typeof prepareEventStatements> | undefined;

  /** @throws {@link InvalidArgumentError} for a prefix that is not a plain identifier. */
  constructor(db: SqliteDatabase, options: SqliteEventAdapterOptions = {}) {
    const { tablePrefix = 'migration_', ...waiting } = options;
    quoteIdentifier(tablePrefix, 'options.tablePrefix');
    this.#db = db;
    this.#prefix = tablePrefix;
    this.#waiting = waiting;
  }

  init(): Promise<void> {
    return named('create the event tables', async () => {
      await writeTransaction(this.#db, () => this.#db.exec(eventTables(this.#prefix)), this.#waiting);
    });
  }

  append(batches: readonly EventBatch[]): Promise<AppendOutcome> {
    return named('append events', () => writeTransaction(this.#db, () => this.#append(batches), this.#waiting));
  }

  readStream({ stream, from, to, limit, direction }: StreamPage): Promise<readonly StoredEvent[]> {
    return this.#read('read a stream', ({ forward, backward }) =>
      (direction === 'forward' ? forward : backward).all(stream, from, to, limit).map(toStored),
    );
  }

  readAll({ after, limit }: AllPage): Promise<readonly StoredEvent[]> {
    // One writer at a time takes the next positions and commits them: there is never an undecided one below.
    return this.#read('read all events', ({ all }) => all.all(after, limit).map(toStored));
  }

  streamVersion(stream: string): Promise<number> {
    return this.#read('read the version of a stream', () => this.#versionOf(stream));
  }

  lastPosition(): Promise<number> {
    return this.#read('read the last position', ({ lastPosition }) => number(lastPosition.get()));
  }

  loadSnapshot(stream: string, name: string): Promise<StoredSnapshot | undefined> {
    return this.#read('load a snapshot', ({ loadSnapshot }) => {
      const row = loadSnapshot.get(stream, name) as StoredSnapshot | undefined;
      if (!row) return undefined;
      const { schemaVersion, version, eventId, data, encoding } = row;
      return { stream, name, schemaVersion: Number(schemaVersion), version: Number(version), eventId, data, encoding };
    });
  }

  saveSnapshot(snapshot: StoredSnapshot): Promise<void> {
    const { stream, name, schemaVersion, version, eventId, data, encoding } = snapshot;
    return this.#read('save a snapshot', ({ saveSnapshot }) => {
      saveSnapshot.run(stream, name, schemaVersion, version, eventId, data, encoding);
    });
  }

  loadCheckpoint(name: string): Promise<number | undefined> {
    return this.#read('load a checkpoint', ({ loadCheckpoint }) => {
      const row = loadCheckpoint.get(name);
      return row ? number(row) : undefined;
    });
  }

  saveCheckpoint(name: string, position: number): Promise<void> {
    return this.#read('save a checkpoint', ({ saveCheckpoint }) => {
      saveCheckpoint.run(name, position);
    });
  }

  /** Forgets its prepared statements. The database stays open. */
  async close(): Promise<void> {
    this.#prepared = undefined;
  }

  get #statements() {
    this.#prepared ??= prepareEventStatements(this.#db, this.#prefix);
    return this.#prepared;
  }

  #append(batches: readonly EventBatch[]): AppendOutcome {
    const existing = this.#stored(batches);
    if (existing.length > 0) return { status: 'existing', events: existing };
    const versions: number[] = [];
    for (const { stream, expectedVersion } of batches) {
      const actualVersion = this.#versionOf(stream);
      if (!meetsExpectedVersion(actualVersion, expectedVersion)) return { status: 'conflict', stream, actualVersion };
      versions.push(actualVersion);
    }
    return { status: 'appended', batches: batches.map((batch, index) => this.#insert(batch, versions[index]!)) };
  }

  #stored(batches: readonly EventBatch[]): StoredEvent[] {
    const { byId } = this.#statements;
    return batches.flatMap(({ events }) => events.flatMap(({ id }) => byId.all(id).map(toStored)));
  }

  #insert({ stream, events }: EventBatch, after: number): AppendedBatch {
    const { insert } = this.#statements;
    let version = after;
    let position = 0;
    for (const { id, type, data, encoding, metadata, timestamp } of events) {
      version++;
      position = number(insert.get(stream, version, id, type, data, encoding, metadata, timestamp));
    }
    return { version, position };
  }

  #versionOf(stream: string): number {
    return number(this.#statements.version.get(stream));
  }

  #read<T>(operation: string, work: (statements: ReturnType<typeof prepareEventStatements>) => T): Promise<T> {
    return named(operation, () => whileBusy(() => work(this.#statements), this.#waiting));
  }
}

async function named<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(operation, 'try again: what is stored already is not stored twice', error);
  }
}

/** A driver may have been told to give integers as bigint. */
function number(row: unknown): number {
  return Number((row as { n: number | bigint }).n);
}

function toStored(row: unknown): StoredEvent {
  const event = row as StoredEvent;
  return {
    id: event.id,
    stream: event.stream,
    version: Number(event.version),
    position: Number(event.position),
    type: event.type,
    data: event.data,
    encoding: event.encoding,
    metadata: event.metadata,
    timestamp: Number(event.timestamp),
  };
}
