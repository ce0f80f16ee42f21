import type { Random } from '../../core/backoff.ts';
import { checkInteger } from '../../core/check-integer.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { InvalidArgumentError } from '../../core/errors.ts';
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
import { AppendGroups } from './append-groups.ts';
import { connectionLost } from './hear-notifications.ts';
import { callersWork, OpenTransaction, runInTransaction } from './open-transaction.ts';
import { streamKey } from './pg-append-locks.ts';
import { call, expectedNumber } from './pg-append-statement.ts';
import { layoutStatements, migrateLayout } from './pg-ddl.ts';
import { pgError, tableError } from './pg-error.ts';
import { PgEventAppender } from './pg-event-appender.ts';
import { eventDdl } from './pg-event-ddl.ts';
import { importEvents, importStreams } from './pg-event-imports.ts';
import { PgEventReader } from './pg-event-reader.ts';
import { PgEventState } from './pg-event-state.ts';
import { hear, type PgHearing } from './pg-hearing.ts';
import { type EventHorizon, PgHorizonPublisher } from './pg-horizon-publisher.ts';
import { channelOf, PgNotifier } from './pg-notifier.ts';
import {
  checkClient,
  isPool,
  type NamedQuery,
  type PgDatabase,
  type PgQueryable,
  query,
  rowsOn,
  withTransaction,
} from './pg-queryable.ts';
import { appendInTransaction } from './pg-transaction-append.ts';

/** The events' part of the layout of a schema. */
const part = 'events';

/** Where the events are kept in the database, and how they get there. */
export interface PostgreSQLEventAdapterOptions {
  /** Made on first use if it is not there. Default `migration`. */
  readonly schema?: string;
  /**
   * Hears of new events; best a function that connects, for then a lost connection is followed by another. Default:
   * nothing does, and subscriptions look for events of other processes again and again; so they do, too, while there is
   * no connection.
   */
  readonly listener?: PgHearing;
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
  /**
   * Told when others could not be notified, the horizon not be written down, or the `listener` lost its connection.
   * Default: an uncaught exception.
   */
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
  readonly #reader: PgEventReader;
  readonly #appender: PgEventAppender;
  readonly #groups: AppendGroups;
  readonly #state: PgEventState;
  readonly #publisher: PgHorizonPublisher | undefined;

  /** @throws {@link InvalidArgumentError} for what is no client, and a schema that is not a plain identifier. */
  constructor(db: PgDatabase, options: PostgreSQLEventAdapterOptions = {}) {
    this.#db = checkClient(db);
    const { schema = 'migration', clock = systemClock, random = Math.random, onError = throwLater } = options;
    const {
      listener,
      notify = false,
      appendsInFlight = isPool(db) ? 2 : 1,
      maxWaitingAppends = 10_000,
      maxAttempts = 10,
    } = options;
    this.#schema = quoteIdentifier(schema, 'options.schema');
    this.#options = options;
    const rows: NamedQuery = (operation, text, values) => this.#rows(operation, text, values);
    this.#reader = new PgEventReader(this.#schema, rows);
    this.#appender = new PgEventAppender({
      schema: this.#schema,
      run: (text, values) => query(db, text, values),
      findByIds: (ids) => this.#reader.findByIds(ids),
      maxAttempts: checkInteger(maxAttempts, 1, 'options.maxAttempts'),
      clock,
      random,
    });
    this.#groups = new AppendGroups((appends) => this.#appender.store(appends), {
      maxInFlight: checkInteger(appendsInFlight, 1, 'options.appendsInFlight'),
      maxAppends: 64,
      maxEvents: 1000,
      maxWaiting: checkInteger(maxWaitingAppends, 1, 'options.maxWaitingAppends'),
    });
    this.#state = new PgEventState(this.#schema, rows);
    const send = () => query(db, 'select pg_notify($1, $2)', [channelOf(this.#schema), '']);
    const notifier = new PgNotifier(send, onError);
    if (notify) this.notify = () => notifier.notify();
    this.#publisher = options.publishHorizon
      ? new PgHorizonPublisher({ publish: () => this.#publishHorizon(), clock, onError })
      : undefined;
    if (!listener) return;
    const channel = channelOf(this.#schema);
    this.listen = (wake) =>
      hear(listener, { channel, taker: () => () => wake(), reconnected: wake, onError, clock, random }, (cause) => {
        const advice = 'subscriptions go on without: make another store, or pass a function that connects';
        if (cause !== undefined) onError(connectionLost(advice, cause));
      });
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
      throw tableError('event tables', error);
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
          ? await this.#storeAlone(batches, () => this.#appender.try([batches], condition))
          : await this.#groups.append(batches);
    if (outcome.status === 'appended') {
      this.notify?.();
      this.#publisher?.publish();
    }
    return outcome;
  }

  readStream(page: StreamPage): Promise<readonly StoredEvent[]> {
    return this.#reader.readStream(page);
  }

  readAll(page: AllPage): Promise<readonly StoredEvent[]> {
    return this.#reader.readAll(page);
  }

  streamVersion(stream: string): Promise<number> {
    return this.#reader.streamVersion(stream);
  }

  listStreams(page: StreamsPage): Promise<readonly StreamInfo[]> {
    return this.#reader.listStreams(page);
  }

  lastPosition(): Promise<number> {
    return this.#reader.lastPosition();
  }

  /**
   * How far {@link readAll} reads here, beside the last event that is stored here. Behind it lies, on the primary, what is
   * not decided yet; on a standby also what is not written down yet. One that stays behind while nothing is held open says
   * that nobody with `publishHorizon` runs.
   *
   * @throws {@link HorizonUnknownError} on a standby, where it was never written down.
   */
  horizon(): Promise<EventHorizon> {
    return this.#reader.horizon();
  }

  async truncateStream(stream: string, beforeVersion: number): Promise<void> {
    await this.#remove('truncate a stream', stream, beforeVersion, null);
  }

  async deleteStream(stream: string, expectedVersion: ExpectedVersion): Promise<DeleteOutcome> {
    const expected = expectedNumber(expectedVersion);
    const actualVersion = await this.#remove('delete a stream', stream, Number.MAX_SAFE_INTEGER, expected);
    return actualVersion === null ? { status: 'deleted' } : { status: 'conflict', actualVersion };
  }

  importEvents(events: readonly StoredEvent[]): Promise<void> {
    return importEvents(this.#db, this.#schema, events);
  }

  importStreams(streams: readonly StreamInfo[]): Promise<void> {
    return importStreams(this.#db, this.#schema, streams);
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
    const { within, checkpoints = [] } = options;
    if (!within && checkpoints.length === 0) return this.#state.saveCheckpoint(name, checkpoint, options);
    return runInTransaction(this.#db, 'save a checkpoint', async (connection) => {
      const state = new PgEventState(this.#schema, rowsOn(connection));
      // First, so that a reader of the same name waits here instead of doing the work too.
      const revision = await state.saveCheckpoint(name, checkpoint, options);
      if (revision === undefined) return undefined;
      for (const each of checkpoints) await state.saveCheckpoint(each.name, each, {});
      if (within) await callersWork(connection, within);
      return revision;
    });
  }

  listCheckpoints(prefix: string): Promise<readonly StoredCheckpoint[]> {
    return this.#state.listCheckpoints(prefix);
  }

  deleteCheckpoint(name: string): Promise<void> {
    return this.#state.deleteCheckpoint(name);
  }

  life(): Promise<string | undefined> {
    return this.#reader.life();
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

  /** With a transaction of the caller's that has failed nothing is stored: only one of our own is tried again. */
  #appendInTransaction(batches: readonly EventBatch[], options: AdapterAppendOptions): Promise<AppendOutcome> {
    const append = (connection: PgQueryable) => appendInTransaction(connection, this.#schema, batches, options);
    if (this.#db instanceof OpenTransaction) return runInTransaction(this.#db, 'append events', append);
    return this.#storeAlone(batches, async () => [await withTransaction(this.#db, append)]);
  }

  async #storeAlone(batches: readonly EventBatch[], attempt: () => Promise<AppendOutcome[]>): Promise<AppendOutcome> {
    const [settled] = await this.#appender.store([batches], attempt);
    if ('outcome' in settled!) return settled.outcome;
    throw settled!.error;
  }

  async #publishHorizon(): Promise<boolean> {
    const text = `select ${this.#schema}.publish_event_horizon_v1() as more`;
    const [row] = await this.#rows<{ more: boolean }>('write down the horizon for standbys', text, []);
    return row!.more;
  }

  /** The actual version where it is not as expected, else null. */
  async #remove(operation: string, stream: string, before: number, expected: number | null): Promise<number | null> {
    const { text, values } = call(this.#schema, 'remove_events_v1', [streamKey(stream), stream, before, expected]);
    const [row] = await this.#rows<{ answer: string | null }>(operation, text, values);
    return row!.answer === null ? null : Number(row!.answer);
  }

  async #rows<R>(operation: string, text: string, values: unknown[]): Promise<readonly R[]> {
    try {
      return (await query(this.#db, text, values)).rows as readonly R[];
    } catch (error) {
      throw pgError(operation, 'try again', error);
    }
  }
}
