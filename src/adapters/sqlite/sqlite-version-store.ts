import type { Clock } from '../../core/clock.ts';
import { createId } from '../../core/ids.ts';
import { fromJsonText } from '../../core/json-text.ts';
import { quoteIdentifier } from '../../core/sql-identifier.ts';
import type {
  CommitOutcome,
  CommitRequest,
  Retention,
  StoredVersion,
  VersionStore,
} from '../../state/version-store.ts';
import {
  named,
  number,
  type SqliteDatabase,
  type SqliteWaiting,
  whileBusy,
  writeTransaction,
} from './sqlite-database.ts';
import { prepareVersionStatements, versionTables } from './sqlite-version-statements.ts';

/** Where the versions are kept in the database, and how long to wait for it. */
export interface SqliteVersionStoreOptions {
  /** Begins the name of every table. Default `migration_`. */
  readonly tablePrefix?: string;
  /** How long to wait while another process writes, in ms. Default 5000. */
  readonly busyTimeoutMs?: number;
  readonly clock?: Clock;
}

type Statements = ReturnType<typeof prepareVersionStatements>;

/**
 * Versions in an SQLite database of yours, opened by better-sqlite3, libsql or node:sqlite.
 *
 * Several processes may use one file; set `PRAGMA journal_mode = WAL` so that reading does not wait for writing. What
 * an acknowledged commit survives is decided by `PRAGMA synchronous`: with `FULL` (the default) a power cut too, with
 * `NORMAL` in WAL mode the end of the process, but not always a power cut.
 */
export class SqliteVersionStore implements VersionStore {
  readonly #db: SqliteDatabase;
  readonly #prefix: string;
  readonly #waiting: SqliteWaiting;
  #prepared: Statements | undefined;

  /** @throws {@link InvalidArgumentError} for a prefix that is not a plain identifier. */
  constructor(db: SqliteDatabase, options: SqliteVersionStoreOptions = {}) {
    const { tablePrefix = 'migration_', ...waiting } = options;
    quoteIdentifier(tablePrefix, 'options.tablePrefix');
    this.#db = db;
    this.#prefix = tablePrefix;
    this.#waiting = waiting;
  }

  init(): Promise<void> {
    return named('create the version tables', () =>
      writeTransaction(
        this.#db,
        () => {
          this.#db.exec(versionTables(this.#prefix));
          this.#statements.begin.run(createId());
        },
        this.#waiting,
      ),
    );
  }

  commit(request: CommitRequest): Promise<CommitOutcome> {
    return this.#write('commit versions', (statements) => commit(statements, request));
  }

  lastSequence(): Promise<number> {
    return this.#read('read the last sequence', ({ lastSequence }) => number(lastSequence.get()));
  }

  latestVersion(aggregateId: string): Promise<number> {
    return this.#read('read the latest version', ({ latest }) => number(latest.get(aggregateId)));
  }

  read(
    aggregateId: string,
    at?: { readonly version: number } | { readonly sequence: number },
  ): Promise<StoredVersion | undefined> {
    return this.#read('read a version', ({ newest, byVersion, asOf }) => {
      if (!at) return toStored(newest.get(aggregateId));
      return toStored('version' in at ? byVersion.get(aggregateId, at.version) : asOf.get(aggregateId, at.sequence));
    });
  }

  history(
    aggregateId: string,
    { fromVersion, limit }: { readonly fromVersion: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    return this.#read('read a history', ({ history }) =>
      history.all(aggregateId, fromVersion, limit).map((row) => toStored(row)!),
    );
  }

  removeVersions({ keepVersions, horizon }: Retention): Promise<number> {
    return this.#write('remove old versions', ({ aggregates, removeOld }) => {
      let removed = 0;
      for (const row of aggregates.all()) {
        const { id } = row as { id: string };
        removed += removeOld.all(id, id, keepVersions, id, horizon).length;
      }
      return removed;
    });
  }

  identity(): Promise<string> {
    return this.#read('read the identity of the store', ({ identity }) => (identity.get() as { id: string }).id);
  }

  get #statements(): Statements {
    this.#prepared ??= prepareVersionStatements(this.#db, this.#prefix);
    return this.#prepared;
  }

  #read<T>(operation: string, work: (statements: Statements) => T): Promise<T> {
    return named(operation, () => whileBusy(() => work(this.#statements), this.#waiting));
  }

  #write<T>(operation: string, work: (statements: Statements) => T): Promise<T> {
    return named(operation, () => writeTransaction(this.#db, () => work(this.#statements), this.#waiting));
  }
}

function commit(statements: Statements, { writes, checks, timestamp, retention }: CommitRequest): CommitOutcome {
  const { latest, nextSequence, insert, removeOld } = statements;
  const failed = checks
    .map(({ aggregateId, version }) => ({ aggregateId, version, actualVersion: number(latest.get(aggregateId)) }))
    .filter(({ version, actualVersion }) => version !== actualVersion);
  if (failed.length > 0) return { status: 'conflict', failed };
  const sequence = number(nextSequence.get());
  const versions = writes.map(({ aggregateId, state }) => {
    const version = number(latest.get(aggregateId)) + 1;
    insert.run(aggregateId, version, sequence, timestamp, JSON.stringify(state));
    if (retention) {
      removeOld.all(aggregateId, aggregateId, retention.keepVersions, aggregateId, retention.horizon);
    }
    return version;
  });
  return { status: 'committed', sequence, versions };
}

function toStored(row: unknown): StoredVersion | undefined {
  if (!row) return undefined;
  const { id, version, sequence, timestamp, state } = row as Record<'id' | 'state', string> &
    Record<'version' | 'sequence' | 'timestamp', number | bigint>;
  return {
    aggregateId: id,
    version: Number(version),
    sequence: Number(sequence),
    timestamp: Number(timestamp),
    state: fromJsonText(state, `read version ${version} of "${id}"`),
  };
}
