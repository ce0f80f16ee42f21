import { InvalidArgumentError, MigrationError, storageError } from '../../core/errors.ts';
import type { TwoPhaseParticipant } from '../../state/distributed/participant.ts';
import { isTransactional, type PgPool, type PgQueryable, query, withPreparedTransaction } from './pg-queryable.ts';

/** The server takes no prepared transactions: set `max_prepared_transactions` above 0 and start it again. Nothing was written. */
export class PreparedTransactionsDisabledError extends MigrationError {
  override readonly name = 'PreparedTransactionsDisabledError';
  readonly code = 'PREPARED_TRANSACTIONS_DISABLED';

  constructor(options?: ErrorOptions) {
    super(
      'the PostgreSQL server takes no prepared transactions: set max_prepared_transactions to at least max_connections and restart it, or take part by a saga step',
      options,
    );
  }
}

/** Options of a {@link postgresParticipant}. */
export interface PostgresParticipantOptions {
  /** Begins the names of its prepared transactions: 1 to 32 letters, digits and underscores. Default `zyflow`. */
  readonly prefix?: string;
}

const undefinedObject = '42704';
const duplicateObject = '42710';
const notInPrerequisiteState = '55000';

/**
 * A PostgreSQL database of yours as a participant, by `PREPARE TRANSACTION`: the work is your statements on the client that
 * it is given, in a transaction that begins before and is prepared afterwards. What it has locked stays locked until it is
 * decided, also through a restart of the server.
 *
 * `prepare` rejects with {@link PreparedTransactionsDisabledError} where the server has `max_prepared_transactions = 0`, its
 * default. The role that commits must be the one that prepared, or a superuser, in the same database.
 *
 * @param db - A pg.Pool or a pg.Client. A failure of the connection settles nothing: `recover()` does.
 * @throws {@link InvalidArgumentError} for PGlite, which can't prepare, and for a prefix of the wrong kind.
 */
export function postgresParticipant(
  db: PgPool | PgQueryable,
  { prefix = 'zyflow' }: PostgresParticipantOptions = {},
): TwoPhaseParticipant<(client: PgQueryable) => Promise<unknown>> {
  if (typeof db?.query !== 'function' || isTransactional(db)) {
    throw new InvalidArgumentError('db', 'a pg.Pool or pg.Client', db);
  }
  if (typeof prefix !== 'string' || !/^\w{1,32}$/.test(prefix)) {
    throw new InvalidArgumentError('options.prefix', '1 to 32 letters, digits and underscores', prefix);
  }
  const begin = `${prefix}:`;
  /** These statements take no parameters. */
  const literal = (transactionId: string) => {
    if (/^[\w-]{1,100}$/.test(transactionId)) return `'${begin}${transactionId}'`;
    throw new InvalidArgumentError('transactionId', '1 to 100 letters, digits, dashes and underscores', transactionId);
  };
  const settle = async (verb: 'COMMIT' | 'ROLLBACK', transactionId: string) => {
    try {
      await query(db, `${verb} PREPARED ${literal(transactionId)}`);
    } catch (error) {
      // It was before, or there never was one.
      if (codeOf(error) === undefinedObject) return;
      throw storageError(`${verb.toLowerCase()} a prepared transaction`, 'it is tried again', error);
    }
  };
  return {
    async prepare(transactionId, work, signal) {
      const id = literal(transactionId);
      let isWorkDone = false;
      try {
        await withPreparedTransaction(db, id, async (client) => {
          await work(client);
          signal.throwIfAborted();
          isWorkDone = true;
        });
      } catch (error) {
        // It was before, and stays as it was.
        if (isWorkDone && codeOf(error) === duplicateObject) return;
        if (isWorkDone && codeOf(error) === notInPrerequisiteState) {
          throw new PreparedTransactionsDisabledError({ cause: error });
        }
        throw error;
      }
    },
    commit: (transactionId) => settle('COMMIT', transactionId),
    rollback: (transactionId) => settle('ROLLBACK', transactionId),
    async prepared() {
      const { rows } = await query(
        db,
        `select substr(gid, $2) as id from pg_prepared_xacts
         where database = current_database() and left(gid, $2 - 1) = $1 order by prepared`,
        [begin, begin.length + 1],
      );
      return (rows as readonly { id: string }[]).map(({ id }) => id);
    },
  };
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
