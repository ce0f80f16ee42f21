/** So many of the newest versions are looked at one by one: what is looked for is mostly among them. */
const newestFirst = 16;

/**
 * The newest version of an aggregate for which something holds, as an expression: null if it holds for none. It must hold for
 * all versions up to some, as it does of sequences and times, which grow with the versions: so what is older than the newest few
 * is found by halving, and of a long history a few versions are looked at, and not all that are newer.
 *
 * @param versions - The table.
 * @param id - Which aggregate, as an expression.
 * @param holds - What holds of the row of this name.
 */
export function lastVersionWhere(versions: string, id: string, holds: (row: string) => string): string {
  const from = `FROM ${versions} n WHERE n.aggregate_id = ${id}`;
  const beforeFirst = `(SELECT n.version - 1 ${from} ORDER BY n.version LIMIT 1)`;
  return `(SELECT CASE WHEN ${holds('newest')} THEN newest.version ELSE coalesce(
    (SELECT n.version ${from} AND n.version > newest.version - ${newestFirst} AND ${holds('n')}
      ORDER BY n.version DESC LIMIT 1),
    (WITH RECURSIVE search (low, high, absent) AS (
        SELECT first.absent, max(newest.version - ${newestFirst}, first.absent), first.absent
        FROM (SELECT ${beforeFirst} AS absent) first
        UNION ALL
        SELECT CASE WHEN ${holds('n')} THEN n.version ELSE s.low END, CASE WHEN ${holds('n')} THEN s.high ELSE n.version - 1 END, s.absent
        FROM search s CROSS JOIN ${versions} n
        WHERE s.low < s.high AND n.aggregate_id = ${id} AND n.version = (s.low + s.high + 1) / 2
      ) SELECT nullif(low, absent) FROM search WHERE low = high)) END
    FROM ${versions} newest WHERE newest.aggregate_id = ${id} ORDER BY newest.version DESC LIMIT 1)`;
}
