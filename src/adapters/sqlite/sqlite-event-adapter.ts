import type { Clock } from '../../core/clock.ts';
import type { ExpectedVersion } from '../../core/expected-version.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import type {
  AdapterAppendOptions,
  AllPage,
  AppendOutcome,
  Checkpoint,
  DeleteOutcome,
  EventAdapter,
  EventBatch,
  SaveCheckpointOptions,
  StoredCheckpoint,
  StoredEvent,
  StoredSnapshot,
  StreamInfo,
  StreamPage,
  StreamsPage,
} from '../../events/event-adapter.ts';
import { callersWorkSync } from './callers-work-sync.ts';
import { SqliteCommitGroups } from './sqlite-commit-groups.ts';
import {
  checkDatabase,
  inTransaction,
  named,
  number,
  readCommitted,
  type SqliteDatabase,
  type SqliteWaiting,
  sqliteError,
  whileBusy,
  writeTransaction,
} from './sqlite-database.ts';
import { eventLayoutStatements, eventLayoutVersion, isNewestEventLayout } from './sqlite-event-layout.ts';
import { SqliteEventLog, toStored } from './sqlite-event-log.ts';
import { type EventStatements, prepareEventStatements } from './sqlite-event-statements.ts';

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
 * `NORMAL` in WAL mode the end of the process, but not always a power cut. Appends that are called at the same time go
 * together in one transaction. Work within a transaction gets the database, and must be synchronous.
 */
export class SqliteEventAdapter implements EventAdapter {
  readonly #db: SqliteDatabase;
  readonly #prefix: string;
  readonly #waiting: SqliteWaiting;
  readonly #groups: SqliteCommitGroups;
  #prepared: { readonly statements: EventStatements; readonly log: SqliteEventLog } | undefined;

  /** @throws {@link InvalidArgumentError} for what is no open database, and a prefix that is not a plain identifier. */
  constructor(db: SqliteDatabase, options: SqliteEventAdapterOptions = {}) {
    const { tablePrefix = 'migration_', ...waiting } = options;
    quoteIdentifier(tablePrefix, 'options.tablePrefix');
    this.#db = checkDatabase(db);
    this.#prefix = tablePrefix;
    this.#waiting = waiting;
    this.#groups = new SqliteCommitGroups((work) => this.#write('append events', work));
  }

  init(): Promise<void> {
    return this.migrate();
  }

  /**
   * Brings the tables to the layout of this version, in one transaction.
   *
   * @throws {@link StorageError} if the layout is newer than this version of the library.
   */
  async migrate(): Promise<void> {
    const isNewest = () => isNewestEventLayout(this.#prefix, eventLayoutVersion(this.#db, this.#prefix));
    await named('create the event tables', async () => {
      if (await whileBusy(isNewest, this.#waiting)) return;
      await writeTransaction(
        this.#db,
        () => this.#db.exec(eventLayoutStatements(this.#prefix, eventLayoutVersion(this.#db, this.#prefix))),
        this.#waiting,
      );
    });
  }

  /**
   * The SQL that {@link migrate} runs, for those who run their own migrations; once it has run, `migrate` does nothing.
   *
   * @param from - The version of the layout that is there already. Default 0: nothing is.
   */
  ddl(from = 0): string {
    return eventLayoutStatements(this.#prefix, from);
  }

  append(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): Promise<AppendOutcome> {
    if (!options.within) return this.#groups.run(() => this.#appendWithin(batches, options));
    return this.#write('append events', () => this.#appendWithin(batches, options));
  }

  /**
   * Appends at once, for callers that can't wait: inside a transaction that you have open on this database, with which it
   * is stored or not; else in one of its own. Call `init()` before.
   *
   * @throws {@link StorageError} if another process holds the file for longer than the driver's own timeout.
   */
  appendSync(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): AppendOutcome {
    try {
      return inTransaction(this.#db, () => this.#appendWithin(batches, options));
    } catch (error) {
      throw sqliteError('append events', error);
    }
  }

  isOn(client: unknown): boolean {
    return client === this.#db;
  }

  readStream({ stream, from, to, limit, direction }: StreamPage): Promise<readonly StoredEvent[]> {
    return this.#read('read a stream', ({ forward, backward }) =>
      (direction === 'forward' ? forward : backward).all(stream, from, to, limit).map(toStored),
    );
  }

  readAll({ after, limit, query }: AllPage): Promise<readonly StoredEvent[]> {
    // One writer at a time takes the next positions and commits them: there is never an undecided one below.
    return this.#read('read all events', () => this.#log.readAll(after, limit, query));
  }

  streamVersion(stream: string): Promise<number> {
    return this.#read('read the version of a stream', () => this.#log.infoOf(stream).version);
  }

  listStreams({ after = '', limit }: StreamsPage): Promise<readonly StreamInfo[]> {
    return this.#read('list streams', ({ streamsAfter }) =>
      streamsAfter
        .all(after, limit, after, limit, limit)
        .map((row) => this.#log.infoOf((row as { stream: string }).stream)),
    );
  }

  lastPosition(): Promise<number> {
    return this.#read('read the last position', ({ lastPosition }) => number(lastPosition.get()));
  }

  truncateStream(stream: string, beforeVersion: number): Promise<void> {
    return this.#write('truncate a stream', () => this.#log.truncate(stream, beforeVersion));
  }

  deleteStream(stream: string, expectedVersion: ExpectedVersion): Promise<DeleteOutcome> {
    return this.#write('delete a stream', () => this.#log.delete(stream, expectedVersion));
  }

  importEvents(events: readonly StoredEvent[]): Promise<void> {
    return this.#write('import events', () => this.#log.import(events));
  }

  importStreams(streams: readonly StreamInfo[]): Promise<void> {
    return this.#write('import streams', () => {
      for (const stream of streams) this.#log.importStream(stream);
    });
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
    return this.#write('save a snapshot', () => {
      this.#ready.statements.saveSnapshot.run(stream, name, schemaVersion, version, eventId, data, encoding);
    });
  }

  loadCheckpoint(name: string): Promise<StoredCheckpoint | undefined> {
    return this.#read('load a checkpoint', ({ loadCheckpoint }) => toCheckpoint(loadCheckpoint.get(name)));
  }

  saveCheckpoint(
    name: string,
    checkpoint: Checkpoint,
    { expectedRevision, within, checkpoints = [] }: SaveCheckpointOptions = {},
  ): Promise<number | undefined> {
    return this.#write('save a checkpoint', () => {
      const known = toCheckpoint(this.#ready.statements.loadCheckpoint.get(name))?.revision ?? 0;
      if (expectedRevision !== undefined && expectedRevision !== known) return undefined;
      if (within) callersWorkSync(() => within(this.#db));
      for (const each of checkpoints) this.#save(each.name, each);
      return this.#save(name, checkpoint);
    });
  }

  listCheckpoints(prefix: string): Promise<readonly StoredCheckpoint[]> {
    return this.#read('list checkpoints', ({ listCheckpoints }) =>
      listCheckpoints.all(prefix, prefix).map((row) => toCheckpoint(row)!),
    );
  }

  deleteCheckpoint(name: string): Promise<void> {
    return this.#write('delete a checkpoint', () => {
      this.#ready.statements.deleteCheckpoint.run(name);
    });
  }

  /** Forgets its prepared statements. The database stays open. */
  async close(): Promise<void> {
    this.#prepared = undefined;
  }

  get #ready() {
    if (!this.#prepared) {
      const statements = prepareEventStatements(this.#db, this.#prefix);
      this.#prepared = { statements, log: new SqliteEventLog(statements) };
    }
    return this.#prepared;
  }

  get #log(): SqliteEventLog {
    return this.#ready.log;
  }

  #appendWithin(
    batches: readonly EventBatch[],
    { condition, checkpoints, within }: AdapterAppendOptions,
  ): AppendOutcome {
    const outcome = this.#log.append(batches, condition);
    if (outcome.status !== 'appended') return outcome;
    for (const { name, ...checkpoint } of checkpoints?.(outcome.batches) ?? []) this.#save(name, checkpoint);
    if (within) callersWorkSync(() => within(this.#log.appended(batches), this.#db));
    return outcome;
  }

  #save(name: string, { position, state }: Checkpoint): number {
    const { saveCheckpoint, countRevision, revision } = this.#ready.statements;
    countRevision.run();
    const next = number(revision.get());
    saveCheckpoint.run(name, position, state, next);
    return next;
  }

  #write<T>(operation: string, work: () => T): Promise<T> {
    return named(operation, () => writeTransaction(this.#db, work, this.#waiting));
  }

  #read<T>(operation: string, work: (statements: EventStatements) => T): Promise<T> {
    return named(operation, () => readCommitted(this.#db, () => work(this.#ready.statements), this.#waiting));
  }
}

function toCheckpoint(row: unknown): StoredCheckpoint | undefined {
  if (!row) return undefined;
  const { name, position, state, revision } = row as StoredCheckpoint;
  return { name, position: Number(position), state, revision: Number(revision) };
}
