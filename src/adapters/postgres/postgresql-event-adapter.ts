import type { Random } from '../../core/backoff.ts';
import { CallersError } from '../../core/callers-error.ts';
import { checkInteger } from '../../core/check-integer.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { AppendInDoubtError, InvalidArgumentError, isMigrationError } from '../../core/errors.ts';
import type { ExpectedVersion } from '../../core/expected-version.ts';
import { type OnError, throwLater } from '../../core/on-error.ts';
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
import { AppendGroups, type AppendSettled } from './append-groups.ts';
import { callersWork, OpenTransaction } from './open-transaction.ts';
import { call, expectedNumber, importStatement } from './pg-append-statement.ts';
import { layoutStatements, migrateLayout } from './pg-ddl.ts';
import { pgError } from './pg-error.ts';
import { idsOf, PgEventAppender } from './pg-event-appender.ts';
import { eventDdl } from './pg-event-ddl.ts';
import { channelOf, listenTo, type PgListener, PgNotifier } from './pg-event-listener.ts';
import { type Int8, readEventPage } from './pg-event-rows.ts';
import { PgEventState } from './pg-event-state.ts';
import { failureOf } from './pg-failure.ts';
import { type EventHorizon, PgHorizonPublisher } from './pg-horizon-publisher.ts';
import { streamKey } from './pg-lock-keys.ts';
import { isPool, type PgDatabase, type PgQueryable, query, withTransaction } from './pg-queryable.ts';

/** The events' part of the layout of a schema. */
const part = 'events';

/**
 * A dump that is restored makes new objects, a cluster made anew has another identifier, and a standby that was promoted
 * writes on a timeline of its own. A standby is what its primary is, whose timeline it can't tell.
 */
const lifeQuery = `select case when not pg_is_in_recovery() then
  concat_ws('/', (select system_identifier from pg_control_system()), $1::regclass::oid,
            left(pg_walfile_name(pg_current_wal_lsn()), 8)) end as life`;

/** No name is empty: each comes after this. */
const beforeAllNames = '';

/** Where the events are kept in the database, and how they get there. */
export interface PostgreSQLEventAdapterOptions {
  /** Made on first use if it is not there. Default `migration`. */
  readonly schema?: string;
  /**
   * Hears of new events: a connected pg.Client that is used for nothing else, not through PgBouncer in transaction mode,
   * or PGlite. Default: none, and subscriptions look for events of other processes again and again; so they do, too, when
   * its connection is lost. Listen to its `error`, as of any pg.Client.
   */
  readonly listener?: PgListener;
  /** Whether other processes are told of new events, for their `listener`. Default false. */
  readonly notify?: boolean;
  /**
   * Whether this process writes down how far the order of events is decided, so that they can be read on standbys: soon
   * after each append of its own, and within a second after those of others, until {@link PostgreSQLEventAdapter.close}.
   * Default false.
   */
  readonly publishHorizon?: boolean;
  /** Groups of appends on their way at a time, each on a connection of the pool. Default 2; 1 on a single connection. */
  readonly appendsInFlight?: number;
  /** Appends that may wait for their group; more are refused. Default 10,000. */
  readonly maxWaitingAppends?: number;
  /** Tries of an append while the server can't be reached, or gives it up for another one: some 4 s. Default 10. */
  readonly maxAttempts?: number;
  readonly clock?: Clock;
  /** Chance for the jitter of retries. */
  readonly random?: Random;
  /** Told when others could not be notified, or the horizon not be written down. Default: an uncaught exception. */
  readonly onError?: OnError;
}

/**
 * Events in a PostgreSQL database of yours, through pg.Pool, pg.Client or PGlite.
 *
 * An append is one round trip; appends that come while others are under way go together in one statement and one
 * commit. Reading the global order never waits for a writer, and an unrelated transaction that stays open does not hold
 * it back (ES5); a standby serves it where `publishHorizon` is set on the primary. Needs READ COMMITTED (PostgreSQL's
 * default) and no state of a session: PgBouncer in transaction mode will do.
 */
export class PostgreSQLEventAdapter implements EventAdapter {
  /** There with `options.listener`. */
  readonly listen?: (wake: () => void) => Promise<() => Promise<void>>;
  /** There with `options.notify`. */
  readonly notify?: () => void;
  readonly #db: PgDatabase;
  readonly #schema: string;
  readonly #options: PostgreSQLEventAdapterOptions;
  readonly #appender: PgEventAppender;
  readonly #groups: AppendGroups;
  readonly #state: PgEventState;
  readonly #publisher: PgHorizonPublisher | undefined;

  /** @throws {@link InvalidArgumentError} for a schema that is not a plain identifier. */
  constructor(db: PgDatabase, options: PostgreSQLEventAdapterOptions = {}) {
    const { schema = 'migration', clock = systemClock, random = Math.random, onError = throwLater } = options;
    const {
      listener,
      notify = false,
      appendsInFlight = isPool(db) ? 2 : 1,
      maxWaitingAppends = 10_000,
      maxAttempts = 10,
    } = options;
    this.#db = db;
    this.#schema = quoteIdentifier(schema, 'options.schema');
    this.#options = options;
    this.#appender = this.#appenderOn((text, values) => query(db, text, values), { maxAttempts, clock, random });
    this.#groups = new AppendGroups((appends) => this.#appender.store(appends), {
      maxInFlight: checkInteger(appendsInFlight, 1, 'options.appendsInFlight'),
      maxAppends: 64,
      maxEvents: 1000,
      maxWaiting: checkInteger(maxWaitingAppends, 1, 'options.maxWaitingAppends'),
    });
    this.#state = new PgEventState(this.#schema, (operation, text, values) => this.#rows(operation, text, values));
    const send = () => query(db, 'select pg_notify($1, $2)', [channelOf(this.#schema), '']);
    const notifier = new PgNotifier(send, onError);
    if (notify) this.notify = () => notifier.notify();
    this.#publisher = options.publishHorizon
      ? new PgHorizonPublisher({ publish: () => this.#publishHorizon(), clock, onError })
      : undefined;
    if (listener) this.listen = (wake) => listenTo(listener, channelOf(this.#schema), wake);
  }

  async init(): Promise<void> {
    // In a transaction of the caller's nothing is created, begun or committed.
    if (this.#db instanceof OpenTransaction) return;
    await this.migrate();
    this.#publisher?.publish();
  }

  /**
   * Creates what is missing in the schema, and brings it to the layout of this version, in one transaction under a lock.
   * A role that finds all of it there needs no right to create anything, and nothing is written.
   *
   * @throws {@link StorageError} if the role may not, or if the layout is newer than this version of the library.
   * @throws {@link ReadOnlyStorageError} on a standby that has an older layout, or none: run it on the primary.
   */
  async migrate(): Promise<void> {
    try {
      await migrateLayout(this.#db, this.#schema, part, eventDdl(this.#schema));
    } catch (error) {
      const advice = 'give this role the right to, or run ddl() once as one that may';
      throw pgError('create the event tables', advice, error);
    }
  }

  /**
   * The SQL that {@link migrate} runs, for those who run their own migrations; once it has run, `migrate` does nothing.
   *
   * @param from - The version of the layout that is there already. Default 0: nothing is.
   */
  ddl(from = 0): string {
    const statements = layoutStatements(this.#schema, part, eventDdl(this.#schema), from);
    return [`create schema if not exists ${this.#schema}`, ...statements]
      .map((statement) => `${statement};\n`)
      .join('\n');
  }

  async append(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): Promise<AppendOutcome> {
    const { condition, checkpoints, within } = options;
    const outcome =
      within || checkpoints || this.#db instanceof OpenTransaction
        ? await this.#appendInTransaction(batches, options)
        : condition
          ? outcomeOf(await this.#appender.store([batches], condition))
          : await this.#groups.append(batches);
    if (outcome.status === 'appended') {
      this.notify?.();
      this.#publisher?.publish();
    }
    return outcome;
  }

  async readStream({ stream, from, to, limit, direction }: StreamPage): Promise<readonly StoredEvent[]> {
    const order = direction === 'forward' ? 'asc' : 'desc';
    const rows = `(select * from ${this.#schema}.events where stream = $1 and version >= $2 and version <= $3
      order by version ${order} limit $4)`;
    return this.#page('read a stream', rows, [stream, from, to, limit]);
  }

  async readAll({ after, limit, query }: AllPage): Promise<readonly StoredEvent[]> {
    const values = [after, limit, query ? JSON.stringify(query) : null];
    return this.#page('read all events', `${this.#schema}.read_events_v1($1, $2, $3)`, values);
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

  /**
   * How far {@link readAll} reads here, beside the last event that is stored here. Behind it lies, on the primary, what is
   * not decided yet; on a standby also what is not written down yet. One that stays behind while nothing is held open says
   * that nobody with `publishHorizon` runs.
   *
   * @throws {@link HorizonUnknownError} on a standby, where it was never written down.
   */
  async horizon(): Promise<EventHorizon> {
    const lastPosition = await this.lastPosition();
    const [row] = await this.#rows<{ n: Int8 }>(
      'read the horizon',
      `select ${this.#schema}.event_horizon_v1() as n`,
      [],
    );
    return { position: Number(row!.n), lastPosition };
  }

  async truncateStream(stream: string, beforeVersion: number): Promise<void> {
    await this.#remove('truncate a stream', stream, beforeVersion, null);
  }

  async deleteStream(stream: string, expectedVersion: ExpectedVersion): Promise<DeleteOutcome> {
    const expected = expectedNumber(expectedVersion);
    const actualVersion = await this.#remove('delete a stream', stream, Number.MAX_SAFE_INTEGER, expected);
    return actualVersion === null ? { status: 'deleted' } : { status: 'conflict', actualVersion };
  }

  async importEvents(events: readonly StoredEvent[]): Promise<void> {
    if (events.length === 0) return;
    const behind = events.find(({ position }, index) => index > 0 && position <= events[index - 1]!.position);
    const refuse = (what: unknown, cause?: unknown) =>
      new InvalidArgumentError('events', 'events behind what is stored, each once, without gaps', what, { cause });
    if (behind) throw refuse(behind.id);
    try {
      const { text, values } = importStatement(this.#schema, events);
      const { rows } = await query(this.#db, text, values);
      if ((rows[0] as { answer: string }).answer === 'behind') throw refuse(events[0]!.id);
    } catch (error) {
      const { code, detail, message } = error as { code?: string; detail?: string; message?: string };
      if (code === '23505' || code === 'ZY400') throw refuse(detail ?? message, error);
      throw pgError('import events', 'nothing was written; try again', error);
    }
  }

  async importStreams(streams: readonly StreamInfo[]): Promise<void> {
    await this.#transaction('import streams', async (connection) => {
      for (const { stream, version, firstVersion, deleted } of streams) {
        const all = [streamKey(stream), stream, version, firstVersion, deleted];
        const { text, values } = call(this.#schema, 'import_event_stream_v1', all);
        await connection.query(text, values);
      }
    });
  }

  loadSnapshot(stream: string, name: string): Promise<StoredSnapshot | undefined> {
    return this.#state.loadSnapshot(stream, name);
  }

  saveSnapshot(snapshot: StoredSnapshot): Promise<void> {
    return this.#state.saveSnapshot(snapshot);
  }

  loadCheckpoint(name: string): Promise<StoredCheckpoint | undefined> {
    return this.#state.loadCheckpoint(name);
  }

  async saveCheckpoint(
    name: string,
    checkpoint: Checkpoint,
    options: SaveCheckpointOptions = {},
  ): Promise<number | undefined> {
    const { within } = options;
    if (!within) return this.#state.saveCheckpoint(name, checkpoint, options);
    return this.#transaction('save a checkpoint', async (connection) => {
      const state = this.#stateOn(connection);
      // First, so that a reader of the same name waits here instead of doing the work too.
      const revision = await state.saveCheckpoint(name, checkpoint, options);
      if (revision !== undefined) await callersWork(connection, within);
      return revision;
    });
  }

  listCheckpoints(prefix: string): Promise<readonly StoredCheckpoint[]> {
    return this.#state.listCheckpoints(prefix);
  }

  deleteCheckpoint(name: string): Promise<void> {
    return this.#state.deleteCheckpoint(name);
  }

  async life(): Promise<string | undefined> {
    const rows = await this.#rows<{ life: string | null }>('tell one life of the database from another', lifeQuery, [
      `${this.#schema}.events`,
    ]);
    return rows[0]!.life ?? undefined;
  }

  /**
   * The same events, worked on inside a transaction that you have open on this client: what is appended is stored if and
   * when you commit. A failure fails your transaction. Appends hold the locks of their streams until it ends, and notify
   * nobody: call {@link notify} once it is committed.
   */
  withTransaction(client: PgQueryable): EventAdapter {
    if (typeof client?.query !== 'function' || isPool(client)) {
      throw new InvalidArgumentError('client', 'a client on which your transaction is open, not a pool', client);
    }
    const { schema, clock, random, onError } = this.#options;
    return new PostgreSQLEventAdapter(new OpenTransaction(client), {
      ...(schema !== undefined && { schema }),
      ...(clock && { clock }),
      ...(random && { random }),
      ...(onError && { onError }),
    });
  }

  /** Ends what `publishHorizon` began, once what was appended is written down. Your pool or client stays as it is. */
  async close(): Promise<void> {
    await this.#publisher?.close();
  }

  async #appendInTransaction(
    batches: readonly EventBatch[],
    { condition, checkpoints = [], within }: AdapterAppendOptions,
  ): Promise<AppendOutcome> {
    const ids = idsOf([batches]);
    try {
      return await this.#transaction('append events', async (connection) => {
        const find = (wanted: readonly string[]) => this.#findByIds(wanted, connection);
        const known = await find(ids);
        if (known.length > 0) return { status: 'existing', events: known };
        const appender = this.#appenderOn((text, values) => connection.query(text, values), {}, find);
        const [outcome] = await appender.try([batches], condition);
        if (outcome!.status !== 'appended') return outcome!;
        const state = this.#stateOn(connection);
        for (const { name, ...checkpoint } of checkpoints) await state.saveCheckpoint(name, checkpoint, {});
        if (within) {
          const stored = await find(ids);
          await callersWork(connection, (client) => within(stored, client));
        }
        return outcome!;
      });
    } catch (error) {
      // With a transaction of the caller's that has failed nothing is stored, whatever the reason.
      if (!isMigrationError(error, 'STORAGE_FAILED') || this.#db instanceof OpenTransaction) throw error;
      const failure = failureOf(error.cause);
      if (failure === 'lost') throw new AppendInDoubtError({ eventIds: ids }, { cause: error.cause });
      const stored = failure === 'duplicate_id' ? await this.#findByIds(ids) : [];
      if (stored.length === 0) throw error;
      return { status: 'existing', events: stored };
    }
  }

  #stateOn(connection: PgQueryable): PgEventState {
    return new PgEventState(this.#schema, async <R>(_: string, text: string, values: unknown[]) => {
      return (await connection.query(text, values)).rows as readonly R[];
    });
  }

  #appenderOn(
    run: PgQueryable['query'],
    { maxAttempts = 1, clock = systemClock, random = Math.random }: PostgreSQLEventAdapterOptions,
    findByIds = (ids: readonly string[]) => this.#findByIds(ids),
  ): PgEventAppender {
    return new PgEventAppender({
      schema: this.#schema,
      run,
      findByIds,
      maxAttempts: checkInteger(maxAttempts, 1, 'options.maxAttempts'),
      clock,
      random,
    });
  }

  #findByIds(ids: readonly string[], connection?: PgQueryable): Promise<readonly StoredEvent[]> {
    const rows = `(select * from ${this.#schema}.events where id = any($1) order by position)`;
    return this.#page('look for events by their ids', rows, [ids], connection);
  }

  async #publishHorizon(): Promise<boolean> {
    const text = `select ${this.#schema}.publish_event_horizon_v1() as more`;
    const [row] = await this.#rows<{ more: boolean }>('write down the horizon for standbys', text, []);
    return row!.more;
  }

  /** @param from - What stands behind FROM: gives rows of the events table, in the order wanted. */
  #page(
    operation: string,
    from: string,
    values: readonly unknown[],
    connection?: PgQueryable,
  ): Promise<readonly StoredEvent[]> {
    const run = connection
      ? async (text: string, all: unknown[]) => (await connection.query(text, all)).rows
      : (text: string, all: unknown[]) => this.#rows(operation, text, all);
    return readEventPage(run, from, values);
  }

  /** The actual version where it is not as expected, else null. */
  async #remove(operation: string, stream: string, before: number, expected: number | null): Promise<number | null> {
    const { text, values } = call(this.#schema, 'remove_events_v1', [streamKey(stream), stream, before, expected]);
    const [row] = await this.#rows<{ answer: string | null }>(operation, text, values);
    return row!.answer === null ? null : Number(row!.answer);
  }

  async #transaction<T>(operation: string, work: (connection: PgQueryable) => Promise<T>): Promise<T> {
    const isOpen = this.#db instanceof OpenTransaction;
    try {
      return await (isOpen ? work(this.#db) : withTransaction(this.#db, work));
    } catch (error) {
      if (error instanceof CallersError) throw error.cause;
      const advice = isOpen ? 'roll your transaction back and run all of it again' : 'nothing was written; try again';
      throw pgError(operation, advice, error);
    }
  }

  async #rows<R>(operation: string, text: string, values: unknown[]): Promise<readonly R[]> {
    try {
      return (await query(this.#db, text, values)).rows as readonly R[];
    } catch (error) {
      throw pgError(operation, 'try again', error);
    }
  }
}

function outcomeOf([settled]: readonly AppendSettled[]): AppendOutcome {
  if ('outcome' in settled!) return settled.outcome;
  throw settled!.error;
}
