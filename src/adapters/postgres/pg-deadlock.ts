import { DeadlockError } from '../../core/lock-errors.ts';
import { lockKey, lockKeyOf } from './pg-lock-key.ts';
import { type LockNote, readLockNote } from './pg-lock-note.ts';
import type { PgQueryable } from './pg-queryable.ts';

const deadlockDetected = '40P01';

/** One who waits, as the server says it in whatever language: process, [database, halves of the key, 1], process. */
const waitLine = /(\d+)[^\d[]*\[\d+,(\d+),(\d+),1\]\D*\d+/g;

/** Whose statement met the deadlock, and the names of the aggregates that he knows by their keys. */
export interface DeadlockVictim {
  readonly owner: string;
  readonly pid: number;
  readonly namespace: string;
  readonly names: ReadonlyMap<string, string>;
}

/** The deadlock that the server has noticed, by the names of owners and aggregates; nothing if the error is another one. */
export async function deadlockError(
  error: unknown,
  connection: PgQueryable,
  victim: DeadlockVictim,
): Promise<DeadlockError | undefined> {
  const { code, detail } = error as { code?: unknown; detail?: unknown };
  if (code !== deadlockDetected) return undefined;
  const waits = [...String(detail).matchAll(waitLine)].map(([, pid, high, low]) => ({
    pid: Number(pid),
    key: lockKeyOf(high!, low!),
  }));
  const notes = await notesOf(
    connection,
    waits.map(({ pid }) => pid),
  );
  const cycle = waits.map(({ pid, key }) => {
    const note = notes.get(pid);
    const owner = pid === victim.pid ? victim.owner : (note?.owner ?? `process ${pid}`);
    const noted = note?.aggregateIds.find((id) => lockKey(victim.namespace, id) === key);
    return { owner, aggregateId: victim.names.get(key) ?? noted ?? `lock ${key}` };
  });
  return new DeadlockError(cycle, { cause: error });
}

/** What the statements of these processes lock, as far as this role may know. */
async function notesOf(connection: PgQueryable, pids: readonly number[]): Promise<Map<number, LockNote | undefined>> {
  try {
    // The server shows a transaction what it has shown it before, unless told.
    await connection.query('select pg_stat_clear_snapshot()');
    const text = 'select pid, query from pg_stat_activity where pid = any($1)';
    const rows = (await connection.query(text, [pids])).rows as { pid: number; query: string }[];
    return new Map(rows.map(({ pid, query }) => [pid, readLockNote(query)]));
  } catch {
    // The names are a help; the deadlock is what counts.
    return new Map();
  }
}
