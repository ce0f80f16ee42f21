import { createHash } from 'node:crypto';
import { sleep } from '../../core/abort.ts';
import { StorageError } from '../../core/errors.ts';
import { throwLater } from '../../core/on-error.ts';
import { SharedListening } from '../../core/shared-listening.ts';
import { named, readCommitted, type SqliteDatabase, type SqliteWaiting } from './sqlite-database.ts';

/** What is watched. Names are quoted. */
export interface WatchedTableOptions {
  readonly table: string;
  readonly id: string;
  readonly columns: readonly string[];
  readonly pollIntervalMs: number;
  readonly waiting: SqliteWaiting;
}

interface Listener {
  readonly listener: (id: string) => void;
  readonly onEnd: (error: unknown) => void;
}

type Row = Readonly<Record<string, unknown>>;

const pageSize = 500;

/**
 * Tells which rows of a table have changed. Whether anybody wrote is asked of SQLite: `PRAGMA data_version` for other
 * connections, `total_changes()` for this one. Only then the rows are read, and compared with those of before by hash.
 */
export class WatchedTable {
  readonly #db: SqliteDatabase;
  readonly #options: WatchedTableOptions;
  /** The rows as they were last found, while somebody listens. */
  #known = new Map<string, string>();
  /** Ids that others have found otherwise meanwhile: they are told, whatever is found next. */
  readonly #noted = new Set<string>();
  #listening: SharedListening<Listener> | undefined;
  #isWatched = false;

  constructor(db: SqliteDatabase, options: WatchedTableOptions) {
    this.#db = db;
    this.#options = options;
  }

  /** Says what was found in a row, or written to it. */
  note(id: string, row: Row | undefined): void {
    if (this.#isWatched && this.#known.get(id) !== (row && this.#hashOf(row))) this.#noted.add(id);
  }

  watch(listener: (id: string) => void, onEnd: (error: unknown) => void = throwLater): Promise<() => Promise<void>> {
    this.#listening ??= this.#listen();
    return this.#listening.join({ listener, onEnd });
  }

  /** All rows, a page at a time: `id`, and the columns as `c0`, `c1`, ... */
  async *rows(
    columns: readonly string[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ readonly id: string; readonly row: Row }, void> {
    const { table, id, waiting } = this.#options;
    const names = [`${id} AS id`, ...columns.map((column, at) => `${column} AS c${at}`)].join(', ');
    const page = (from: string) => `SELECT ${names} FROM ${table} WHERE ${id} ${from} ORDER BY ${id} LIMIT ${pageSize}`;
    for (let after: unknown; ; ) {
      const from = after;
      const rows = await named('list the rows to be synced', () =>
        readCommitted(
          this.#db,
          () =>
            (from === undefined
              ? this.#db.prepare(page('IS NOT NULL')).all()
              : this.#db.prepare(page('> ?')).all(from)) as Row[],
          { ...waiting, signal },
        ),
      );
      for (const row of rows) {
        if (row.id instanceof Uint8Array)
          throw new StorageError('list the rows to be synced', 'an id is a blob: correct it');
        yield { id: String(row.id), row };
      }
      if (rows.length < pageSize) return;
      after = rows.at(-1)!.id;
    }
  }

  #listen(): SharedListening<Listener> {
    const listening: SharedListening<Listener> = new SharedListening(async () => {
      const end = new AbortController();
      const stamp = await this.#stamp(end.signal);
      this.#known = await this.#look(end.signal);
      this.#isWatched = true;
      const done = this.#follow(listening, stamp, end.signal).catch((error: unknown) => {
        if (end.signal.aborted) return;
        // Whoever watches anew begins anew.
        this.#listening = undefined;
        this.#forget();
        listening.each(({ onEnd }) => onEnd(error));
      });
      return async () => {
        end.abort();
        await done;
        if (this.#listening === listening) this.#forget();
      };
    });
    return listening;
  }

  #forget(): void {
    this.#isWatched = false;
    this.#known.clear();
    this.#noted.clear();
  }

  async #follow(listening: SharedListening<Listener>, first: string, signal: AbortSignal): Promise<never> {
    const { pollIntervalMs, waiting } = this.#options;
    for (let last = first; ; ) {
      await sleep(pollIntervalMs, { ...waiting, signal });
      const stamp = await this.#stamp(signal);
      if (stamp === last && this.#noted.size === 0) continue;
      const told = new Set(this.#noted);
      this.#noted.clear();
      const before = this.#known;
      // Read before it is compared: what is noted meanwhile is compared with what was known before, and told next time.
      const now = await this.#look(signal);
      for (const [id, hash] of now) if (before.get(id) !== hash) told.add(id);
      for (const id of before.keys()) if (!now.has(id)) told.add(id);
      this.#known = now;
      last = stamp;
      for (const id of told) listening.each(({ listener }) => listener(id));
    }
  }

  async #look(signal: AbortSignal): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for await (const { id, row } of this.rows(this.#options.columns, signal)) found.set(id, this.#hashOf(row));
    return found;
  }

  #stamp(signal: AbortSignal): Promise<string> {
    const ask = () => {
      const others = this.#db.prepare('PRAGMA data_version').get();
      return JSON.stringify([others, this.#db.prepare('SELECT total_changes() AS n').get()], withBigint);
    };
    return named('ask whether a table has changed', () =>
      readCommitted(this.#db, ask, { ...this.#options.waiting, signal }),
    );
  }

  #hashOf(row: Row): string {
    const values = this.#options.columns.map((_, at) => row[`c${at}`]);
    return createHash('sha256').update(JSON.stringify(values, withBigint)).digest('base64');
  }
}

/** JSON has none, and drivers give them where they are told to. */
const withBigint = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);
