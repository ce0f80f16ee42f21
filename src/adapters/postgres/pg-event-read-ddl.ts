/** A planner that does not know how long a stream is, or how often a tag stands, may sort all of it for each page. */
const inIndexOrder = ['enable_bitmapscan', 'enable_sort'];

/**
 * The function that gives a page of a stream, in the order of the index whatever the statistics say, and with a plan that is
 * made once a connection; and the same order for the events of a query.
 *
 * @param schema - A quoted identifier.
 */
export function readFunctions(schema: string): string[] {
  const page = (order: string) =>
    `return query select * from ${schema}.events e
        where e.stream = name and e.version >= first and e.version <= last order by e.version ${order} limit max_count;`;
  return [
    `create or replace function ${schema}.read_stream_v1(
      name text, first bigint, last bigint, max_count bigint, backward boolean
    ) returns setof ${schema}.events
    language plpgsql stable set plan_cache_mode = force_generic_plan ${inIndexOrder.map((each) => `set ${each} = off`).join(' ')}
    as $$
    begin
      if backward then
        ${page('desc')}
      else
        ${page('asc')}
      end if;
    end $$`,
    ...inIndexOrder.map(
      (each) => `alter function ${schema}.find_events_v1(jsonb, bigint, bigint, bigint) set ${each} = off`,
    ),
  ];
}
