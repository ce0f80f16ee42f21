import type { Clock } from '../../core/clock.ts';
import { endOfPrefix, startOfPage } from '../../core/compare-text.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
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
import { callersWorkSync } from './callers-work-sync.ts';
import { SqliteCommitGroups } from './sqlite-commit-groups.ts';
import {
  checkDatabase,
  inTransaction,
  named,
  readCommitted,
  type SqliteDatabase,
  type SqliteWaiting,
  sqliteError,
  whileBusy,
  writeTransaction,
} from './sqlite-database.ts';
import { isNewestVersionLayout, versionLayout, versionLayoutStatements } from './sqlite-version-layout.ts';
import { SqliteVersionLog } from './sqlite-version-log.ts';
import { prepareVersionStatements, type VersionStatements } from './sqlite-version-statements.ts';

/** Where the versions are kept in the database, and how long to wait for it. */
export interface SqliteVersionStoreOptions {
  /** Begins the name of every table. Default `migration_`. */
  readonly tablePrefix?: string;
  /** How long to wait while another process writes, in ms. Default 5000. */
  readonly busyTimeoutMs?: number;
  readonly clock?: Clock;
}

/** Aggregates in one transaction of a vacuum: others may write in between. */
const vacuumed = 100;

/**
 * Versions in an SQLite database of yours, opened by better-sqlite3, libsql or node:sqlite.
 *
 * Several processes may use one file; set `PRAGMA journal_mode = WAL` so that reading does not wait for writing. What
 * an acknowledged commit survives is decided by `PRAGMA synchronous`: with `FULL` (the default) a power cut too, with
 * `NORMAL` in WAL mode the end of the process, but not always a power cut. Commits that are called at the same time go
 * together in one transaction. Reading waits for a transaction of yours that is open on this connection: what it has
 * written may still be rolled back.
 */
export class SqliteVersionStore implements VersionStore {
  readonly #db: SqliteDatabase;
  readonly #prefix: string;
  readonly #waiting: SqliteWaiting;
  readonly #groups: SqliteCommitGroups;
  #ready: { readonly statements: VersionStatements; readonly log: SqliteVersionLog } | undefined;

  /** @throws {@link InvalidArgumentError} for what is no open database, and a prefix that is not a plain identifier. */
  constructor(db: SqliteDatabase, options: SqliteVersionStoreOptions = {}) {
    const { tablePrefix = 'migration_', ...waiting } = options;
    quoteIdentifier(tablePrefix, 'options.tablePrefix');
    this.#db = checkDatabase(db);
    this.#prefix = tablePrefix;
    this.#waiting = waiting;
    this.#groups = new SqliteCommitGroups((work) => writeTransaction(db, work, waiting));
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
    const layout = () => versionLayout(this.#db, this.#prefix);
    await named('create the version tables', async () => {
      if (await whileBusy(() => isNewestVersionLayout(this.#prefix, layout()), this.#waiting)) return;
      const bring = () => this.#db.exec(versionLayoutStatements(this.#prefix, layout()));
      await writeTransaction(this.#db, bring, this.#waiting);
    });
  }

  /**
   * The SQL that {@link migrate} runs, for those who run their own migrations; once it has run, `migrate` does nothing.
   *
   * @param from - The version of the layout that is there already. Default 0: nothing is.
   */
  ddl(from = 0): string {
    return versionLayoutStatements(this.#prefix, from);
  }

  commit(request: CommitRequest, options?: CommitOptions): Promise<CommitOutcome> {
    return this.#write('commit versions', (log) => this.#commit(log, request, options));
  }

  /**
   * Commits at once, for callers that can't wait: inside a transaction that you have open on this database, with which it
   * takes effect or not; else in one of its own. Call `init()` before.
   *
   * @throws {@link StorageError} if another process holds the file for longer than the driver's own timeout.
   */
  commitSync(request: CommitRequest, options?: CommitOptions): CommitOutcome {
    try {
      return inTransaction(this.#db, () => this.#commit(this.#log, request, options));
    } catch (error) {
      throw sqliteError('commit versions', error);
    }
  }

  prepare(id: string, request: CommitRequest): Promise<{ readonly status: 'prepared' } | NotCommitted> {
    return this.#write('prepare versions', (log) => log.prepare(id, request));
  }

  decide(id: string, decision: 'commit' | 'rollback', timestamp: number): Promise<Committed | undefined> {
    return this.#write(`${decision} what was prepared`, (log) => log.decide(id, decision, timestamp));
  }

  prepared(): Promise<readonly PreparedVersions[]> {
    return this.#read('list what is prepared', ({ prepared }) =>
      (prepared.all() as PreparedVersions[]).map(({ id, timestamp }) => ({ id, timestamp: Number(timestamp) })),
    );
  }

  lastSequence(): Promise<number> {
    return this.#read('read the last sequence', ({ lastCommit }) =>
      Number((lastCommit.get() as { sequence: number | bigint }).sequence),
    );
  }

  latestVersion(aggregateId: string): Promise<number> {
    return this.#read('read the latest version', ({ latest }) =>
      Number((latest.get(aggregateId) as { version: number | bigint } | undefined)?.version ?? 0),
    );
  }

  async read(aggregateId: string, at?: VersionSelector): Promise<StoredVersion | undefined> {
    const [found] = await this.#rows('read a version', ({ newest, byVersion, asOf, atTime }) => {
      if (at && 'version' in at) return byVersion.all(aggregateId, at.version);
      const rows = newest.all(aggregateId) as VersionRow[];
      // Mostly it is the newest that is seen.
      if (!at || rows.every((row) => isSeen(row, at))) return rows;
      return 'sequence' in at ? asOf.all(aggregateId, at.sequence) : atTime.all(aggregateId, at.time);
    });
    return found;
  }

  scan({ prefix, sequence, after, limit }: ScanPage): Promise<readonly StoredVersion[]> {
    return this.#rows('scan versions', ({ scan }) =>
      scan.all(startOfPage(prefix, after), endOfPrefix(prefix), sequence, limit),
    );
  }

  history(
    aggregateId: string,
    { fromVersion, limit }: { readonly fromVersion: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    return this.#rows('read a history', ({ history }) => history.all(aggregateId, fromVersion, limit));
  }

  async changes({ after, prefix, limit }: ChangesPage): Promise<readonly StoredVersion[]> {
    const versions = await this.#read('read changes', ({ changes }) =>
      versionsOfRows(changes.all(after, prefix, endOfPrefix(prefix), limit) as VersionRow[], 'given'),
    );
    return versions.sort((a, b) => a.sequence - b.sequence);
  }

  async vacuum(retention: Retention): Promise<number> {
    let total = 0;
    for (let after = ''; ; ) {
      const page = await this.#write('vacuum', (log) => {
        const ids = this.#statements.aggregatesAfter.all(after, vacuumed) as { id: string }[];
        return { ids, removed: ids.reduce((removed, { id }) => removed + log.vacuum(id, retention), 0) };
      });
      total += page.removed;
      if (page.ids.length < vacuumed) return total;
      after = page.ids.at(-1)!.id;
    }
  }

  identity(): Promise<string> {
    return this.#read('read the identity of the store', ({ identity }) => (identity.get() as { id: string }).id);
  }

  #commit(log: SqliteVersionLog, request: CommitRequest, { within }: CommitOptions = {}): CommitOutcome {
    const outcome = log.commit(request);
    if (within && outcome.status === 'committed') callersWorkSync(() => within(outcome, this.#db));
    return outcome;
  }

  get #prepared() {
    if (!this.#ready) {
      const statements = prepareVersionStatements(this.#db, this.#prefix);
      this.#ready = { statements, log: new SqliteVersionLog(statements) };
    }
    return this.#ready;
  }

  get #statements(): VersionStatements {
    return this.#prepared.statements;
  }

  get #log(): SqliteVersionLog {
    return this.#prepared.log;
  }

  #rows(operation: string, work: (statements: VersionStatements) => unknown[]): Promise<StoredVersion[]> {
    return this.#read(operation, (statements) => versionsOfRows(work(statements) as VersionRow[]));
  }

  #read<T>(operation: string, work: (statements: VersionStatements) => T): Promise<T> {
    return named(operation, () => readCommitted(this.#db, () => work(this.#statements), this.#waiting));
  }

  #write<T>(operation: string, work: (log: SqliteVersionLog) => T): Promise<T> {
    return named(operation, () => this.#groups.run(() => work(this.#log)));
  }
}

function isSeen({ sequence, timestamp }: VersionRow, at: { readonly sequence: number } | { readonly time: number }) {
  return 'sequence' in at ? Number(sequence) <= at.sequence : Number(timestamp) <= at.time;
}
