/**
 * The functions that find a version by its sequence or its time, and those that rely on them (layout 3).
 *
 * @param schema - A quoted identifier.
 */
export function searchFunctions(schema: string): string[] {
  const versions = `${schema}.state_versions`;
  const holds = '(known is null or n.sequence <= known) and (latest is null or n.timestamp <= latest)';
  return [
    // The newest version of an aggregate that is of no later commit, and of no later time; null for any, and for none. Both grow
    // with the versions, so it doubles its steps back from the newest until one is early enough, and halves what is between:
    // of a long history it looks at a few, and not at all that are newer.
    `create function ${schema}.find_version_v3(id text, known bigint, latest bigint) returns bigint
    language plpgsql stable as $$
    declare
      low bigint;
      high bigint;
      middle bigint;
      removed bigint;
      step bigint := 1;
      is_early boolean;
    begin
      select n.version, ${holds} into high, is_early from ${versions} n
        where n.aggregate_id = id order by n.version desc limit 1;
      if is_early or high is null then return high; end if;
      loop
        low := high - step;
        select ${holds} into is_early from ${versions} n where n.aggregate_id = id and n.version = low;
        if not found then
          select min(n.version) - 1 into removed from ${versions} n where n.aggregate_id = id;
          low := removed;
          exit;
        end if;
        exit when is_early;
        high := low;
        step := step * 2;
      end loop;
      while high - low > 1 loop
        middle := (low + high) / 2;
        select ${holds} into is_early from ${versions} n where n.aggregate_id = id and n.version = middle;
        if is_early then low := middle; else high := middle; end if;
      end loop;
      return nullif(low, removed);
    end $$`,

    // Removes of each aggregate what the retention lets go, oldest first. It is an array of the horizon, the time since
    // which nothing goes, the number of versions, the bytes, and the time since which all stays; null for any of these.
    // OFFSET 0 keeps the planner from looking for the same version again for each row.
    `create or replace function ${schema}.remove_versions_v2(ids text[], retention bigint[]) returns bigint
    language sql volatile as $$
      with removed as (
        delete from ${versions} v
          using (
            select a.id, ${schema}.find_version_v3(a.id, retention[1], retention[2] - 1) as seen,
              greatest(
                a.newest - retention[3] + 1,
                case when retention[4] is not null then coalesce((
                  select min(k.version) from (
                    select n.version, sum(octet_length(n.state)) over (order by n.version desc) as bytes
                    from ${versions} n where n.aggregate_id = a.id) k
                  where k.bytes <= retention[4]), a.newest) end,
                case when retention[5] is not null then ${schema}.find_version_v3(a.id, null, retention[5] - 1) end
              ) as first_kept
            from (
              select i.id, (select max(n.version) from ${versions} n where n.aggregate_id = i.id) as newest
              from unnest(ids) as i (id)) a
            offset 0
          ) old
          where v.aggregate_id = old.id and v.version < old.seen and v.version < old.first_kept
          returning 1
      ) select count(*) from removed
    $$`,
  ];
}
