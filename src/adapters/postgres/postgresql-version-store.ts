import { sleep } from '../../core/abort.ts';
import { backoffDelay, type Random } from '../../core/backoff.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { storageError } from '../../core/errors.ts';
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
import { applyDdl } from './pg-ddl.ts';
import type { Int8 } from './pg-event-rows.ts';
import { type PgDatabase, query } from './pg-queryable.ts';
import { versionDdl } from './pg-version-ddl.ts';

/** Tries of a commit that the server gave up for the sake of another transaction. */
const maxAttempts = 10;

const commitInDoubt = 'if the connection broke, it may have taken effect: read the versions before you commit again';

type VersionRow = Record<'id' | 'state', string> & Record<'version' | 'sequence' | 'timestamp', Int8>;

const columns = 'aggregate_id as id, version, sequence, timestamp, state';

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
 * A commit is one round trip. Commits of one schema go one after the other; reading never waits. Use the primary: a
 * standby may not have yet what a snapshot sees.
 */
export class PostgreSQLVersionStore implements VersionStore {
  readonly #db: PgDatabase;
  readonly #schema: string;
  readonly #clock: Clock;
  readonly #random: Random;

  /** @throws {@link InvalidArgumentError} for a schema that is not a plain identifier. */
  constructor(db: PgDatabase, options: PostgreSQLVersionStoreOptions = {}) {
    const { schema = 'migration', clock = systemClock, random = Math.random } = options;
    this.#db = db;
    this.#schema = quoteIdentifier(schema, 'options.schema');
    this.#clock = clock;
    this.#random = random;
  }

  async init(): Promise<void> {
    // Where all is there already, a role that may define nothing is enough.
    const [found] = await this.#rows<{ present: boolean }>(
      'look for the version tables',
      `select to_regproc($1 || '.commit_versions_v1') is not null as present`,
      [this.#schema],
    );
    if (found?.present) return;
    try {
      const begin = `insert into ${this.#schema}.state_commits values (true, 0, '${createId()}') on conflict do nothing`;
      await applyDdl(this.#db, this.#schema, [...versionDdl(this.#schema), begin]);
    } catch (error) {
      const advice = 'give this role the right to, or run it once as one that may';
      throw storageError('create the version tables', advice, error);
    }
  }

  async commit({ writes, checks, timestamp, retention }: CommitRequest): Promise<CommitOutcome> {
    const rows = await this.#change<{ aggregate_id: string; version: Int8; sequence: Int8 | null }>(
      'commit versions',
      `select * from ${this.#schema}.commit_versions_v1($1, $2, $3, $4, $5, $6, $7)`,
      [
        writes.map(({ aggregateId }) => aggregateId),
        writes.map(({ state }) => JSON.stringify(state)),
        checks.map(({ aggregateId }) => aggregateId),
        checks.map(({ version }) => version),
        timestamp,
        retention?.keepVersions ?? null,
        retention?.horizon ?? null,
      ],
    );
    const found = new Map(rows.map((row) => [row.aggregate_id, Number(row.version)]));
    const sequence = rows[0]?.sequence ?? null;
    if (sequence !== null) {
      const versions = writes.map(({ aggregateId }) => found.get(aggregateId)!);
      return { status: 'committed', sequence: Number(sequence), versions };
    }
    const failed = checks.filter(({ aggregateId }) => found.has(aggregateId));
    return {
      status: 'conflict',
      failed: failed.map((check) => ({ ...check, actualVersion: found.get(check.aggregateId)! })),
    };
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

  async read(
    aggregateId: string,
    at?: { readonly version: number } | { readonly sequence: number },
  ): Promise<StoredVersion | undefined> {
    const [column, value] = at ? Object.entries(at)[0]! : ['sequence', Number.MAX_SAFE_INTEGER];
    const [row] = await this.#rows<VersionRow>(
      'read a version',
      `select ${columns} from ${this.#schema}.state_versions
       where aggregate_id = $1 and ${column === 'version' ? 'version =' : 'sequence <='} $2 order by version desc limit 1`,
      [aggregateId, value],
    );
    return row && toStored(row);
  }

  async history(
    aggregateId: string,
    { fromVersion, limit }: { readonly fromVersion: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    const rows = await this.#rows<VersionRow>(
      'read a history',
      `select ${columns} from ${this.#schema}.state_versions
       where aggregate_id = $1 and version >= $2 order by version limit $3`,
      [aggregateId, fromVersion, limit],
    );
    return rows.map(toStored);
  }

  async removeVersions({ keepVersions, horizon }: Retention): Promise<number> {
    const [row] = await this.#change<{ n: Int8 }>(
      'remove old versions',
      `select ${this.#schema}.remove_versions_v1(
         array(select distinct aggregate_id from ${this.#schema}.state_versions), $1, $2) as n`,
      [keepVersions, horizon],
    );
    return Number(row!.n);
  }

  async identity(): Promise<string> {
    const text = `select identity from ${this.#schema}.state_commits`;
    const [row] = await this.#rows<{ identity: string }>('read the identity of the store', text);
    return row!.identity;
  }

  /** Runs a statement again that the server rolled back for the sake of another. */
  async #change<R>(operation: string, text: string, values: unknown[]): Promise<readonly R[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await query(this.#db, text, values)).rows as readonly R[];
      } catch (error) {
        if (!isTransient(error) || attempt >= maxAttempts) throw storageError(operation, commitInDoubt, error);
      }
      await sleep(backoffDelay(attempt, { initialMs: 5, maxMs: 500 }, this.#random), { clock: this.#clock });
    }
  }

  async #rows<R>(operation: string, text: string, values: unknown[] = []): Promise<readonly R[]> {
    try {
      return (await query(this.#db, text, values)).rows as readonly R[];
    } catch (error) {
      throw storageError(operation, 'try again', error);
    }
  }
}

function toStored({ id, version, sequence, timestamp, state }: VersionRow): StoredVersion {
  return {
    aggregateId: id,
    version: Number(version),
    sequence: Number(sequence),
    timestamp: Number(timestamp),
    state: fromJsonText(state, `read version ${version} of "${id}"`),
  };
}

/** Serialization failure and deadlock: the server has rolled back, and asks to try again. */
function isTransient(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === '40001' || code === '40P01';
}
