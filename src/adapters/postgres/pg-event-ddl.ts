/**
 * The tables and functions of the events, in order. May run again.
 *
 * The global order is made safe (ES5) by a horizon of appenders. An appender reads the sequence's last value, its floor
 * f, and takes a shared advisory lock on f modulo 2^31 before it draws positions: all of them are above f. It holds the
 * lock until its transaction ends. A reader asks, in this order: (1) the sequence's last value L; (2) the lowest floor m
 * that is still locked; (3) the rows up to the lesser of L and m. A position up to L was drawn before (1), so its lock
 * was there before (1); if it is gone at (2), the outcome is visible at (3); if it is still there, the position is
 * above m. Each step must see the world anew, hence READ COMMITTED and a volatile function. Transactions of others,
 * however long they stay open, hold nobody up. See docs/decisions/0010-horizon-of-appenders.md.
 *
 * @param schema - A quoted identifier.
 */
export function eventDdl(schema: string): string[] {
  const sequence = `'${schema}.events_position'::regclass`;
  return [
    `create sequence if not exists ${schema}.events_position as bigint cache 1 no cycle`,

    `create table if not exists ${schema}.events (
      position bigint primary key,
      stream text collate "C" not null,
      version bigint not null,
      id text collate "C" not null,
      type text not null,
      data text not null,
      encoding text not null,
      metadata text not null,
      timestamp bigint not null,
      constraint events_stream_version unique (stream, version),
      constraint events_id unique (id)
    )`,

    `create table if not exists ${schema}.event_streams (
      stream text collate "C" primary key,
      version bigint not null
    )`,

    `create table if not exists ${schema}.event_snapshots (
      stream text collate "C" not null,
      name text collate "C" not null,
      schema_version bigint not null,
      version bigint not null,
      event_id text not null,
      data text not null,
      encoding text not null,
      primary key (stream, name)
    )`,

    `create table if not exists ${schema}.event_checkpoints (
      name text collate "C" primary key,
      position bigint not null
    )`,

    // Expected versions: -1 any, -2 the stream exists, else the number. The streams are locked in the order of lock_order,
    // the same for all appenders, so that two of them can't wait for each other. A conflict gives the index of the batch
    // and the actual version; one that is found after another stream was written is raised, to undo that.
    `create or replace function ${schema}.append_events_v1(
      streams text[], expected bigint[], counts int[], lock_order int[],
      ids text[], types text[], payloads text[], encodings text[], metadatas text[], timestamps bigint[]
    ) returns table (conflict int, version bigint, "position" bigint)
    language plpgsql as $$
    #variable_conflict use_column
    declare
      batch int;
      locked int := 0;
      actual bigint;
      versions bigint[];
      first int := 1;
      last int;
    begin
      foreach batch in array lock_order loop
        loop
          actual := null;
          if expected[batch] <> 0 then
            update ${schema}.event_streams s set version = s.version + counts[batch]
              where s.stream = streams[batch] and (expected[batch] < 0 or s.version = expected[batch])
              returning s.version into actual;
            exit when found;
          end if;
          if expected[batch] in (0, -1) then
            insert into ${schema}.event_streams as s values (streams[batch], counts[batch])
              on conflict do nothing returning s.version into actual;
            exit when found;
          end if;
          select s.version into actual from ${schema}.event_streams s where s.stream = streams[batch];
          actual := coalesce(actual, 0);
          if expected[batch] >= 0 and actual <> expected[batch] or expected[batch] = -2 and actual = 0 then
            if locked > 0 then
              raise exception 'version conflict' using errcode = 'ZY409', detail = batch || ':' || actual;
            end if;
            return query select batch, actual, 0::bigint;
            return;
          end if;
        end loop;
        versions[batch] := actual;
        locked := locked + 1;
      end loop;

      perform pg_advisory_xact_lock_shared(
        (case when ${sequence}::oid::bigint < 2147483648 then ${sequence}::oid::bigint
              else ${sequence}::oid::bigint - 4294967296 end)::int,
        (coalesce(pg_sequence_last_value(${sequence}), 0) % 2147483648)::int
      );
      for batch in 1 .. cardinality(streams) loop
        last := first + counts[batch] - 1;
        insert into ${schema}.events
          select nextval(${sequence}), streams[batch], versions[batch] - counts[batch] + e.n,
                 e.id, e.type, e.payload, e.encoding, e.metadata, e.happened
          from unnest(ids[first:last], types[first:last], payloads[first:last], encodings[first:last],
                      metadatas[first:last], timestamps[first:last])
            with ordinality as e (id, type, payload, encoding, metadata, happened, n);
        return query select null::int, versions[batch], currval(${sequence});
        first := last + 1;
      end loop;
    end $$`,

    `create or replace function ${schema}.read_events_v1(after_position bigint, max_count bigint)
    returns setof ${schema}.events
    language plpgsql volatile as $$
    declare
      horizon bigint;
    begin
      if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
        raise exception 'events are read in READ COMMITTED only, not in %', current_setting('transaction_isolation')
          using hint = 'set default_transaction_isolation to ''read committed'' for this connection';
      end if;
      if pg_is_in_recovery() then
        raise exception 'the order of events is only known to the primary, and this is a standby'
          using hint = 'read all events and subscribe on the primary';
      end if;
      horizon := coalesce(pg_sequence_last_value(${sequence}), 0);
      if horizon <= after_position then return; end if;
      -- The difference to the horizon tells which floor a lock's 31 bits stand for.
      select least(horizon, horizon + min((l.objid::bigint - horizon % 2147483648 + 3221225472) % 2147483648 - 1073741824))
        into horizon
        from pg_locks l
        where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = ${sequence}::oid
          and l.database = (select d.oid from pg_database d where d.datname = current_database());
      return query
        select * from ${schema}.events e
        where e.position > after_position and e.position <= horizon order by e.position limit max_count;
    end $$`,
  ];
}
