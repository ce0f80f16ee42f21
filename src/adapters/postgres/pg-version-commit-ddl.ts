/**
 * What a commit or a prepared transaction is given, in this order. Of a check of an id either the version or the sequence is
 * null.
 */
const checks = `check_ids text[], check_versions bigint[], check_sequences bigint[], prefixes text[],
      prefix_sequences bigint[]`;
const request = `ids text[], states text[], checksums text[], ${checks}, happened bigint, retention bigint[]`;

/**
 * `committed`: the sequence, the time and the versions in the order of the writes. `failed`: the number of the check
 * (those of prefixes after those of ids), an id and its version. `locked`: the id and who holds it.
 */
const outcome =
  'table (status text, sequence bigint, at bigint, versions bigint[], n bigint, id text, prepared_by text)';

/** What an outcome has where nothing else is said. */
const none = { status: 'null::text', sequence: 'null::bigint', at: 'null::bigint', versions: 'null::bigint[]' };
const rest = { n: 'null::bigint', id: 'null::text', by: 'null::text' };

function row(fields: Partial<Record<keyof typeof none | keyof typeof rest, string>>): string {
  return Object.values({ ...none, ...rest, ...fields }).join(', ');
}

/**
 * The functions that commit, prepare and decide: each is one statement, and so one round trip.
 *
 * All of them lock the row of `state_commits` first, and change it when they change anything: a transaction with a
 * snapshot of its own (REPEATABLE READ) that began before is refused by the server, and does not overlook it.
 */
export function commitFunctions(schema: string): string[] {
  const versions = `${schema}.state_versions`;
  const commits = `${schema}.state_commits`;
  const locks = `${schema}.state_locks`;
  const newest = (id: string) => `select v.version, v.sequence, v.form from ${versions} v where v.aggregate_id = ${id}
              order by v.version desc limit 1`;
  const isHeld = (id: string) =>
    `l.kind <> 'prefix' and l.name = ${id} or l.kind = 'prefix' and starts_with(${id}, l.name)`;
  return [
    // Why the request can't take effect; no row if it can.
    `create function ${schema}.refuse_versions_v2(ids text[], ${checks}) returns ${outcome}
    language plpgsql volatile as $$
    begin
      if cardinality(check_ids) > 0 then
        return query
          select ${row({ status: `'failed'`, versions: 'array[coalesce(v.version, 0)]', n: 'c.n', id: 'c.id' })}
          from unnest(check_ids, check_versions, check_sequences) with ordinality as c (id, expected, known, n)
            left join lateral (${newest('c.id')}) v on true
          where v.sequence > c.known
             or c.expected <> coalesce(v.version, 0) and (c.expected > 0 or v.form <> 'deleted');
      end if;
      if cardinality(prefixes) > 0 then
        return query
          select ${row({ status: `'failed'`, versions: 'array[v.version]', n: 'cardinality(check_ids) + c.n', id: 'v.aggregate_id' })}
          from unnest(prefixes, prefix_sequences) with ordinality as c (prefix, known, n)
            cross join lateral (
              select v.aggregate_id, v.version from ${versions} v
              where v.sequence > c.known and starts_with(v.aggregate_id, c.prefix)
              order by v.sequence desc limit 1) v;
      end if;
      if not found and exists (select from ${locks}) then
        return query
          select ${row({ status: `'locked'`, id: 'w.id', by: 'l.prepared_by' })}
          from unnest(ids) as w (id) join ${locks} l on ${isHeld('w.id')} limit 1;
      end if;
    end $$`,

    // Writes what nothing speaks against, under the lock.
    `create function ${schema}.write_versions_v2(ids text[], states text[], checksums text[], happened bigint,
      retention bigint[]) returns ${outcome}
    language plpgsql volatile as $$
    #variable_conflict use_column
    declare
      committed ${commits};
      written bigint[];
    begin
      update ${commits} c set sequence = c.sequence + 1, timestamp = greatest(c.timestamp, happened)
        returning c.* into strict committed;
      with w as (
        insert into ${versions} as s (aggregate_id, version, sequence, timestamp, state, form, checksum)
          select i.id, 1 + coalesce((select max(v.version) from ${versions} v where v.aggregate_id = i.id), 0),
                 committed.sequence, committed.timestamp, coalesce(i.state, ''),
                 case when i.state is null then 'deleted' else 'full' end, i.checksum
          from unnest(ids, states, checksums) as i (id, state, checksum)
          returning s.aggregate_id, s.version
      )
      select array_agg(w.version order by i.n) into written
        from unnest(ids) with ordinality as i (id, n) join w on w.aggregate_id = i.id;
      if retention is not null then perform ${schema}.remove_versions_v2(ids, retention); end if;
      return query select ${row({
        status: `'committed'`,
        sequence: 'committed.sequence',
        at: 'committed.timestamp',
        versions: `coalesce(written, '{}')`,
      })};
    end $$`,

    `create function ${schema}.commit_versions_v2(${request}) returns ${outcome}
    language plpgsql volatile as $$
    begin
      perform from ${commits} for update;
      return query select * from ${schema}.refuse_versions_v2(ids, check_ids, check_versions,
        check_sequences, prefixes, prefix_sequences);
      if found then return; end if;
      return query select * from ${schema}.write_versions_v2(ids, states, checksums, happened, retention);
    end $$`,

    // A prepared transaction must not check either what another one will write: whoever reads in between would see the
    // later one before the earlier one.
    `create function ${schema}.prepare_versions_v2(transaction_id text, ${request}) returns ${outcome}
    language plpgsql volatile as $$
    begin
      update ${commits} c set sequence = c.sequence;
      if not exists (select from ${schema}.state_prepared p where p.id = transaction_id) then
        return query select * from ${schema}.refuse_versions_v2(ids, check_ids, check_versions,
        check_sequences, prefixes, prefix_sequences);
        if found then return; end if;
        return query
          select ${row({ status: `'locked'`, id: 'l.name', by: 'l.prepared_by' })} from ${locks} l
          where l.kind = 'write' and (l.name = any(check_ids)
            or exists (select from unnest(prefixes) as c (prefix) where starts_with(l.name, c.prefix))) limit 1;
        if found then return; end if;
        insert into ${schema}.state_prepared (id, timestamp, ids, states, checksums, retention)
          values (transaction_id, happened, ids, states, checksums, retention);
        insert into ${locks}
          select w.id, 'write', transaction_id from unnest(ids) as w (id)
          union all select c.id, 'check', transaction_id from unnest(check_ids) as c (id)
          union all select c.prefix, 'prefix', transaction_id from unnest(prefixes) as c (prefix);
      end if;
      return query select ${row({ status: `'prepared'` })};
    end $$`,

    `create function ${schema}.decide_versions_v2(transaction_id text, is_commit boolean, happened bigint)
    returns ${outcome}
    language plpgsql volatile as $$
    declare
      found_one ${schema}.state_prepared;
    begin
      update ${commits} c set sequence = c.sequence;
      delete from ${schema}.state_prepared p where p.id = transaction_id returning p.* into found_one;
      delete from ${locks} l where l.prepared_by = transaction_id;
      if found_one.id is not null and is_commit then
        return query select * from ${schema}.write_versions_v2(found_one.ids, found_one.states, found_one.checksums,
          happened, found_one.retention);
      end if;
    end $$`,
  ];
}
