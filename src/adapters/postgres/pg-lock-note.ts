/** Who locks what. */
export interface LockNote {
  readonly owner: string;
  readonly aggregateIds: readonly string[];
}

const start = '/* locks ';

/**
 * A comment in front of the statement that locks, for others to read in `pg_stat_activity` who locks what: without an
 * asterisk of its own, so that no name can end it.
 */
export function lockNote({ owner, aggregateIds }: LockNote): string {
  return `${start}${JSON.stringify({ owner, aggregateIds }).replaceAll('*', '\\u002a')} */ `;
}

/** What such a comment says; nothing where there is none, or the server keeps no statement of this length. */
export function readLockNote(statement: string): LockNote | undefined {
  const end = statement.indexOf(' */');
  if (!statement.startsWith(start) || end < 0) return undefined;
  return JSON.parse(statement.slice(start.length, end));
}
