/**
 * The tables and functions of the versions, in order. May run again.
 *
 * Commits go one after the other: each locks the one row of `state_commits` until it is visible. So whoever reads
 * sequence s there sees every commit up to s, and what a commit has checked nobody changes before it is done. See
 * docs/decisions/0025-one-commit-at-a-time.md.
 *
 * @param schema - A quoted identifier.
 */
export function versionDdl(schema: string): string[] {
  return [
    `create table if not exists ${schema}.state_versions (
      aggregate_id text collate "C" not null,
      version bigint not null,
      sequence bigint not null,
      timestamp bigint not null,
      state text not null,
      primary key (aggregate_id, version)
    )`,

    // Updated by every commit: room on its page lets PostgreSQL clear old copies away without a vacuum.
    `create table if not exists ${schema}.state_commits (
      only_row boolean primary key check (only_row),
      sequence bigint not null,
      identity text not null
    ) with (fillfactor = 10)`,

    // A version goes if enough newer ones stay and a newer one is at or below the horizon.
    `create or replace function ${schema}.remove_versions_v1(ids text[], keep bigint, horizon bigint)
    returns bigint
    language sql as $$
      with removed as (
        delete from ${schema}.state_versions v
          using (
            select a.id,
              (select max(n.version) from ${schema}.state_versions n where n.aggregate_id = a.id) - keep as last,
              (select max(n.version) from ${schema}.state_versions n
                where n.aggregate_id = a.id and n.sequence <= horizon) as seen
            from unnest(ids) as a (id)
          ) old
          where v.aggregate_id = old.id and v.version <= old.last and v.version < old.seen
          returning 1
      ) select count(*) from removed
    $$`,

    // Gives the versions written, or, with no sequence, the checks that did not hold and the versions found.
    `create or replace function ${schema}.commit_versions_v1(
      ids text[], states text[], check_ids text[], check_versions bigint[], committed_at bigint, keep bigint, horizon bigint
    ) returns table (aggregate_id text, version bigint, sequence bigint)
    language plpgsql as $$
    #variable_conflict use_column
    declare
      next_sequence bigint;
    begin
      select c.sequence + 1 into strict next_sequence from ${schema}.state_commits c for update;
      return query
        select f.id, f.actual, null::bigint from (
          select k.id, k.expected, coalesce((
            select max(v.version) from ${schema}.state_versions v where v.aggregate_id = k.id
          ), 0) as actual
          from unnest(check_ids, check_versions) as k (id, expected)
        ) f where f.expected <> f.actual;
      if found then return; end if;
      update ${schema}.state_commits set sequence = next_sequence;
      return query
        insert into ${schema}.state_versions as s
          select w.id, 1 + coalesce((
            select max(v.version) from ${schema}.state_versions v where v.aggregate_id = w.id
          ), 0), next_sequence, committed_at, w.state
          from unnest(ids, states) as w (id, state)
          returning s.aggregate_id, s.version, s.sequence;
      if keep is not null then perform ${schema}.remove_versions_v1(ids, keep, horizon); end if;
    end $$`,
  ];
}
