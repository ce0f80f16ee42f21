/** The statements that read versions: each sees one moment, also to tell what was never there from what was removed. */
export function versionQueries(schema: string) {
  const versions = `${schema}.state_versions`;

  // Of each wanted aggregate the versions from `first` to `last` and what the deltas among them are made out of; one row
  // with no version where the version wanted is gone. OFFSET 0 keeps the planner from reading the whole table instead, and
  // from looking for the same version again wherever it is named.
  const rowsOf = (wanted: string) => `with ${wanted}
    select w.id, r.version, r.sequence, r.timestamp, r.form, r.state, r.checksum, w.last
    from wanted w left join lateral (
      select * from ${versions} r where r.aggregate_id = w.id and r.version between w.first and (
        select n.version from ${versions} n where n.aggregate_id = w.id and n.version >= w.last and n.form <> 'delta'
        order by n.version limit 1)
      offset 0) r on true
    order by w.id, r.version`;

  const asOf = (found: string) =>
    rowsOf(`seen as (
        select ${schema}.${found} as version offset 0
      ), wanted as (
        select $1::text as id, version as first, version as last from seen
        where version is not null
          or (select version from ${versions} where aggregate_id = $1 order by version limit 1) > 1
      )`);

  const isWithin = `aggregate_id >= $2 and aggregate_id < $3`;
  return {
    /** The newest is never a delta. */
    newest: `select aggregate_id as id, version, sequence, timestamp, form, state, checksum, version as last
      from ${versions} where aggregate_id = $1 order by version desc limit 1`,
    byVersion: rowsOf(
      `wanted as (select aggregate_id as id, version as first, version as last
        from ${versions} where aggregate_id = $1 and version = $2)`,
    ),
    asOf: asOf('find_version_v3($1, $2, null)'),
    atTime: asOf('find_version_v3($1, null, $2)'),
    history: rowsOf(
      `page as (select version from ${versions} where aggregate_id = $1 and version >= $2 order by version limit $3),
      wanted as (select $1::text as id, min(version) as first, max(version) as last from page having count(*) > 0)`,
    ),
    /** As of sequence $1, from id $2 on up to id $3, so many as $4: goes from id to id by the index. */
    scan: rowsOf(
      `recursive ids as (
        (select aggregate_id as id from ${versions} where ${isWithin} order by aggregate_id limit 1)
        union all
        select (select n.aggregate_id from ${versions} n where n.aggregate_id > i.id and n.aggregate_id < $3
          order by n.aggregate_id limit 1)
        from ids i where i.id is not null
      ), wanted as (
        select i.id, v.version as first, v.version as last
        from ids i left join lateral (
          select n.version, n.form from ${versions} n
          where n.aggregate_id = i.id and n.version = (
            select case when l.sequence <= $1 then l.version else ${schema}.find_version_v3(i.id, $1, null) end
            from ${versions} l where l.aggregate_id = i.id order by l.version desc limit 1)
          offset 0) v on true
        where i.id is not null and case when v.version is null
          then (select n.version from ${versions} n where n.aggregate_id = i.id order by n.version limit 1) > 1
          else v.form <> 'deleted' end
        limit $4
      )`,
    ),
    /** After sequence $1, from id $2 on up to id $3: some $4 versions, of whole commits. */
    changes: rowsOf(
      `page as (
        select sequence from ${versions} where sequence > $1 and ${isWithin} order by sequence limit $4::bigint + 1
      ), until as (
        select case when count(*) <= $4 or min(sequence) = max(sequence) then max(sequence) else max(sequence) - 1 end as last
        from page
      ), wanted as (
        select aggregate_id as id, min(version) as first, max(version) as last from ${versions}
        where sequence > $1 and sequence <= (select last from until) and ${isWithin} group by aggregate_id
      )`,
    ),
  };
}
