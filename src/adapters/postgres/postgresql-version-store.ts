import { sleep } from '../../core/abort.ts';
import { backoffDelay, type Random } from '../../core/backoff.ts';
import { CallersError } from '../../core/callers-error.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { endOfPrefix, startOfPage } from '../../core/compare-text.ts';
import { CommitInDoubtError, InvalidArgumentError, isMigrationError } from '../../core/errors.ts';
import { createId } from '../../core/ids.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import { minPackedLength } from '../../core/version-packing.ts';
import { type VersionRow, versionsOfRows } from '../../core/version-rows.ts';
import type {
  ChangesPage,
  CommitOptions,
  CommitOutcome,
  CommitRequest,
  Committed,
  NotCommitted,
  PreparedVersions,
  Retention,
  ScanPage,
  StoredVersion,
  VersionSelector,
  VersionStore,
} from '../../state/version-store.ts';
import { callersWork, OpenTransaction } from './open-transaction.ts';
import { layoutStatements, migrateLayout } from './pg-ddl.ts';
import { pgError, tableError } from './pg-error.ts';
import type { Int8 } from './pg-event-rows.ts';
import { failureOf } from './pg-failure.ts';
import { PgGroups, type Settled, type Waiting } from './pg-groups.ts';
import { checkClient, isPool, type PgDatabase, type PgQueryable, query, withTransaction } from './pg-queryable.ts';
import { versionDdl } from './pg-version-ddl.ts';
import { committedOf, type OutcomeRow, refusalOf, requestValues, retentionValues } from './pg-version-outcome.ts';
import { PgVersionPacker } from './pg-version-packer.ts';
import { versionQueries } from './pg-version-queries.ts';

/** The versions' part of the layout of a schema. */
const part = 'versions';

/** Tries of a change that the server gave up for the sake of another transaction, or that never reached it. */
const maxAttempts = 10;

/** Aggregates in one statement of a vacuum. */
const vacuumed = 100;

/** Where the versions are kept in the database. */
export interface PostgreSQLVersionStoreOptions {
  /** Made on first use if it is not there. Default `migration`. */
  readonly schema?: string;
  readonly clock?: Clock;
  /** Chance for the jitter of retries. */
  readonly random?: Random;
}

/**
 * Versions in a PostgreSQL database of yours, through pg.Pool, pg.Client or PGlite.
 *
 * A commit is one round trip, whatever it writes. Commits of one schema go one after the other; those that come while
 * others are on their way go together in one statement and one wait for the disk. Reading never waits. Use the primary: a
 * standby may not have yet what a snapshot sees.
 */
export class PostgreSQLVersionStore implements VersionStore {
  readonly #db: PgDatabase;
  readonly #schema: string;
  readonly #options: PostgreSQLVersionStoreOptions;
  readonly #queries: ReturnType<typeof versionQueries>;
  readonly #packer: PgVersionPacker;
  /** Commits would wait for each other anyway, one wait for the disk each. */
  readonly #groups = new PgGroups<CommitRequest, CommitOutcome>({
    send: (requests) => this.#settle(requests),
    fitting: fittingCommits,
    maxInFlight: 1,
  });

  /** @throws {@link InvalidArgumentError} for what is no client, and a schema that is not a plain identifier. */
  constructor(db: PgDatabase, options: PostgreSQLVersionStoreOptions = {}) {
    const { schema = 'migration' } = options;
    this.#db = checkClient(db);
    this.#schema = quoteIdentifier(schema, 'options.schema');
    this.#options = options;
    this.#queries = versionQueries(this.#schema);
    this.#packer = new PgVersionPacker(this.#schema, (text, values) => this.#change('pack old versions', text, values));
  }

  async init(): Promise<void> {
    // In a transaction of the caller's nothing is created, begun or committed.
    if (!this.#isInside) await this.migrate();
  }

  /**
   * Creates what is missing in the schema, and brings it to the layout of this version, in one transaction under a lock.
   * A role that finds all of it there needs no right to create anything, and nothing is written.
   *
   * @throws {@link StorageError} if the role may not, or if the layout is newer than this version of the library.
   */
  async migrate(): Promise<void> {
    try {
      await migrateLayout(this.#db, this.#schema, part, versionDdl(this.#schema));
    } catch (error) {
      throw tableError('version tables', error);
    }
  }

  /**
   * The SQL that {@link migrate} runs, for those who run their own migrations; once it has run, `migrate` does nothing.
   *
   * @param from - The version of the layout that is there already. Default 0: nothing is.
   */
  ddl(from = 0): string {
    const statements = layoutStatements(this.#schema, part, versionDdl(this.#schema), from);
    return [`create schema if not exists ${this.#schema}`, ...statements]
      .map((statement) => `${statement};\n`)
      .join('\n');
  }

  /** @throws {@link CommitInDoubtError} if the connection was lost before the server answered. */
  async commit(request: CommitRequest, { within }: CommitOptions = {}): Promise<CommitOutcome> {
    if (!this.#isInside && !within) return this.#groups.run(request);
    if (!this.#isInside) await this.#packer.packDue();
    return (await this.#commit([request], within))[0]!;
  }

  async prepare(id: string, request: CommitRequest): Promise<{ readonly status: 'prepared' } | NotCommitted> {
    // Once more after a lost connection: what is prepared already stays.
    const rows = await this.#call('prepare versions', 'prepare_versions_v2', [id, ...requestValues(request)]);
    return refusalOf(request, rows) ?? { status: 'prepared' };
  }

  async decide(id: string, decision: 'commit' | 'rollback', timestamp: number): Promise<Committed | undefined> {
    const values = [id, decision === 'commit', timestamp];
    const [row] = await this.#call(`${decision} what was prepared`, 'decide_versions_v2', values);
    return row && committedOf(row);
  }

  async prepared(): Promise<readonly PreparedVersions[]> {
    const rows = await this.#rows<{ id: string; timestamp: Int8 }>(
      'list what is prepared',
      `select id, timestamp from ${this.#schema}.state_prepared order by position`,
    );
    return rows.map(({ id, timestamp }) => ({ id, timestamp: Number(timestamp) }));
  }

  async lastSequence(): Promise<number> {
    const text = `select sequence as n from ${this.#schema}.state_commits`;
    const [row] = await this.#rows<{ n: Int8 }>('read the last sequence', text);
    return Number(row!.n);
  }

  async latestVersion(aggregateId: string): Promise<number> {
    const text = `select coalesce(max(version), 0) as n from ${this.#schema}.state_versions where aggregate_id = $1`;
    const [row] = await this.#rows<{ n: Int8 }>('read the latest version', text, [aggregateId]);
    return Number(row!.n);
  }

  async read(aggregateId: string, at?: VersionSelector): Promise<StoredVersion | undefined> {
    const { newest, byVersion, asOf, atTime } = this.#queries;
    const select = (text: string, ...values: unknown[]) =>
      this.#versions('read a version', text, [aggregateId, ...values]);
    const [found] = !at
      ? await select(newest)
      : 'version' in at
        ? await select(byVersion, at.version)
        : 'sequence' in at
          ? await select(asOf, at.sequence)
          : await select(atTime, at.time);
    return found;
  }

  scan({ prefix, sequence, after, limit }: ScanPage): Promise<readonly StoredVersion[]> {
    const values = [sequence, startOfPage(prefix, after), endOfPrefix(prefix), limit];
    return this.#versions('scan versions', this.#queries.scan, values);
  }

  history(
    aggregateId: string,
    { fromVersion, limit }: { readonly fromVersion: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    return this.#versions('read a history', this.#queries.history, [aggregateId, fromVersion, limit]);
  }

  async changes({ after, prefix, limit }: ChangesPage): Promise<readonly StoredVersion[]> {
    const values = [after, prefix, endOfPrefix(prefix), limit];
    const rows = await this.#rows<VersionRow>('read changes', this.#queries.changes, values);
    return versionsOfRows(rows, 'given').sort((a, b) => a.sequence - b.sequence);
  }

  async vacuum(retention: Retention): Promise<number> {
    let total = 0;
    for (let after = ''; ; ) {
      const page = await this.#change<{ ids: string[]; unpacked: string[]; n: Int8 }>(
        'remove old versions',
        `with recursive ids as (
          (select aggregate_id as id from ${this.#schema}.state_versions where aggregate_id > $1
            order by aggregate_id limit 1)
          union all
          select (select n.aggregate_id from ${this.#schema}.state_versions n where n.aggregate_id > i.id
            order by n.aggregate_id limit 1)
          from ids i where i.id is not null
        ), page as (
          select array(select id from ids where id is not null limit ${vacuumed}) as ids
        ) select ids, ${this.#schema}.remove_versions_v2(ids, $2) as n, array(
            select distinct v.aggregate_id from ${this.#schema}.state_versions v
            where v.aggregate_id = any(ids) and v.form = 'full' and octet_length(v.state) >= ${minPackedLength}
          ) as unpacked
        from page`,
        [after, retentionValues(retention)],
      );
      const { ids, unpacked, n } = page[0]!;
      total += Number(n);
      for (const id of this.#isInside ? [] : unpacked) await this.#packer.pack(id, 0);
      if (ids.length < vacuumed) return total;
      after = ids.at(-1)!;
    }
  }

  async identity(): Promise<string> {
    const text = `select identity from ${this.#schema}.state_commits`;
    const [row] = await this.#rows<{ identity: string }>('read the identity of the store', text);
    // What is not committed may be undone, and its numbers given again: no cache may take it for what others see.
    return this.#isInside ? `${row!.identity}:${createId()}` : row!.identity;
  }

  /**
   * The same versions, worked on inside a transaction that you have open on this client: what is committed takes effect
   * if and when you commit. A failure fails your transaction. From its first commit on, other commits wait for its end. Its
   * identity is another one each time: what it shows may be undone.
   */
  withTransaction(client: PgQueryable): VersionStore {
    if (typeof client?.query !== 'function' || isPool(client)) {
      throw new InvalidArgumentError('client', 'a client on which your transaction is open, not a pool', client);
    }
    return new PostgreSQLVersionStore(new OpenTransaction(client), this.#options);
  }

  get #isInside(): boolean {
    return this.#db instanceof OpenTransaction;
  }

  /** Commits one after the other in one statement, each with an outcome of its own. */
  async #settle(requests: readonly CommitRequest[]): Promise<readonly Settled<CommitOutcome>[]> {
    try {
      await this.#packer.packDue();
      return (await this.#commit(requests)).map((outcome) => ({ outcome }));
    } catch (error) {
      if (isMigrationError(error, 'COMMIT_IN_DOUBT')) {
        return requests.map((request) => ({ error: inDoubt([request], error.cause) }));
      }
      // What is no failure of the statement may come after it: sent again, it would take effect twice.
      if (requests.length === 1 || !isMigrationError(error)) return requests.map(() => ({ error }));
      // One of them makes the statement fail: the others must not suffer for it.
      const settled: Settled<CommitOutcome>[] = [];
      for (const request of requests) settled.push(...(await this.#settle([request])));
      return settled;
    }
  }

  /** @param within - Besides one request alone. */
  async #commit(requests: readonly CommitRequest[], within?: CommitOptions['within']): Promise<CommitOutcome[]> {
    const all = requests.map(requestValues);
    const calls = all.map((values, index) => this.#calling('commit_versions_v2', values.length, index));
    const rows = await this.#change<OutcomeRow & { readonly part: number }>(
      'commit versions',
      calls.join(' union all '),
      all.flat(),
      (cause) => inDoubt(requests, cause),
      within &&
        (async (found, connection) => {
          if (refusalOf(requests[0]!, found)) return;
          await callersWork(connection, (client) => within(committedOf(found[0]!), client));
        }),
    );
    return requests.map((request, index) => {
      const own = rows.filter(({ part }) => part === index);
      const refusal = refusalOf(request, own);
      if (refusal) return refusal;
      const states = all[index]![1] as readonly (string | null)[];
      if (!this.#isInside) {
        for (const [n, { aggregateId }] of request.writes.entries()) this.#packer.wrote(aggregateId, states[n]!);
      }
      return committedOf(own[0]!);
    });
  }

  /** Calls a function that prepares or decides. */
  #call(operation: string, name: string, values: unknown[]) {
    return this.#change<OutcomeRow>(operation, this.#calling(name, values.length, 0), values);
  }

  /** The call of a function with so many parameters, behind those of the calls before it. */
  #calling(name: string, count: number, index: number): string {
    const parameters = Array.from({ length: count }, (_, n) => `$${index * count + n + 1}`).join(', ');
    return `select ${index} as part, o.* from ${this.#schema}.${name}(${parameters}) o`;
  }

  /**
   * Runs a statement, again where the server rolled it back for the sake of another or was not reached; after a lost
   * connection too, if that can be done twice.
   *
   * @param whenLost - What a lost connection is thrown as, where it can't.
   * @param within - Done in the same transaction.
   */
  async #change<R>(
    operation: string,
    text: string,
    values: unknown[],
    whenLost?: (cause: unknown) => Error,
    within?: (rows: readonly R[], connection: PgQueryable) => Promise<void>,
  ): Promise<readonly R[]> {
    const run = async (connection: PgQueryable) => {
      const rows = (await connection.query(text, values)).rows as readonly R[];
      await within?.(rows, connection);
      return rows;
    };
    const { clock = systemClock, random = Math.random } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        if (!within) return (await query(this.#db, text, values)).rows as readonly R[];
        return await (this.#isInside ? run(this.#db) : withTransaction(this.#db, run));
      } catch (error) {
        if (error instanceof CallersError && !(this.#mayPass(error.cause) && attempt < maxAttempts)) throw error.cause;
        if (isMigrationError(error)) throw error;
        if (this.#isInside) throw pgError(operation, 'roll your transaction back and run all of it again', error);
        const failure = error instanceof CallersError ? 'given_up' : failureOf(error);
        if (failure === 'lost' && whenLost) throw whenLost(error);
        if (failure === 'refused' || attempt >= maxAttempts) throw pgError(operation, 'try again', error);
      }
      await sleep(backoffDelay(attempt, { initialMs: 5, maxMs: 500 }, random), { clock });
    }
  }

  /** Whether the server gave up the caller's work for the sake of another, and all of it can be done again. */
  #mayPass(error: unknown): boolean {
    return !this.#isInside && isMigrationError(error, 'STORAGE_FAILED') && failureOf(error.cause) === 'given_up';
  }

  async #versions(operation: string, text: string, values: unknown[]): Promise<StoredVersion[]> {
    return versionsOfRows(await this.#rows<VersionRow>(operation, text, values));
  }

  async #rows<R>(operation: string, text: string, values: unknown[] = []): Promise<readonly R[]> {
    try {
      return (await query(this.#db, text, values)).rows as readonly R[];
    } catch (error) {
      throw pgError(operation, 'try again', error);
    }
  }
}

/** Commits in a group at most, and writes, unless the first commit has more. */
const maxCommits = 64;
const maxWrites = 1000;

function fittingCommits(waiting: readonly Waiting<CommitRequest>[]): number {
  let count = 0;
  let writes = 0;
  for (const { work: request } of waiting) {
    writes += request.writes.length;
    if (count > 0 && (count >= maxCommits || writes > maxWrites)) break;
    count++;
  }
  return count;
}

function inDoubt(requests: readonly CommitRequest[], cause: unknown): CommitInDoubtError {
  const writes = requests.flatMap(({ writes: written, checks }) =>
    written.map(({ aggregateId }) => {
      const check = checks.find((each) => 'version' in each && each.aggregateId === aggregateId);
      // Version 0 may be that of what was deleted, which has another number.
      return { aggregateId, version: check && 'version' in check && check.version > 0 ? check.version + 1 : undefined };
    }),
  );
  return new CommitInDoubtError({ writes }, { cause });
}
