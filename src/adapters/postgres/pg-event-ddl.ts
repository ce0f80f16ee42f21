import type { DdlStep } from './pg-ddl.ts';
import { appendFunction } from './pg-event-append-ddl.ts';
import { horizonFunction, publishedHorizon, refuseOnStandby } from './pg-event-horizon-ddl.ts';
import { eventColumns, objectsOf } from './pg-event-objects.ts';
import { readFunctions } from './pg-event-read-ddl.ts';
import { refuseIsolation } from './pg-isolation.ts';
import { simpleAppendFunctions } from './pg-simple-append-ddl.ts';

/**
 * The layout of the events, step by step: a database that has the first n of them gets the others. The first is of the
 * time before layouts had versions, and may be there already.
 *
 * @param schema - A quoted identifier.
 */
export function eventDdl(schema: string): readonly DdlStep[] {
  return [
    { version: 1, statements: firstTables(schema) },
    { version: 2, statements: [...laterTables(schema), ...functions(schema)] },
    { version: 3, statements: [refuseIsolation(schema), ...publishedHorizon(schema)] },
    // Where layout 2 made their first versions they stay, for processes that run on meanwhile.
    { version: 4, statements: simpleAppendFunctions(schema) },
    { version: 5, statements: readFunctions(schema) },
  ];
}

function firstTables(schema: string): string[] {
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
  ];
}

function laterTables(schema: string): string[] {
  const textArrays = (count: number) => Array.from({ length: count }, () => 'text[]').join(', ');
  return [
    `drop function if exists ${schema}.append_events_v1(
      text[], bigint[], int[], int[], ${textArrays(5)}, bigint[])`,
    `drop function if exists ${schema}.read_events_v1(bigint, bigint)`,

    `alter table ${schema}.events add column tags text[] collate "C" not null default '{}'`,

    `create table ${schema}.event_tags (
      tag text collate "C" not null,
      position bigint not null,
      primary key (tag, position)
    )`,

    // Only of streams that can't be told from their events: truncated or deleted ones. There was one row a stream once.
    `drop table if exists ${schema}.event_streams`,
    `create table ${schema}.event_streams (
      stream text collate "C" primary key,
      version bigint not null,
      first_version bigint not null,
      deleted boolean not null
    )`,

    `create sequence ${schema}.event_checkpoints_revision as bigint minvalue 1 start 2 cache 1 no cycle`,
    `alter table ${schema}.event_checkpoints
      add column state text not null default '{}', add column revision bigint not null default 1`,
  ];
}

function functions(schema: string): string[] {
  const { sequence, otherLocks } = objectsOf(schema);
  return [
    // Positions of events that match a query: [{ "types": [...], "tags": [...] }, ...], up to max_count, in no order.
    // Each item is answered in the order of its index, and stops at max_count.
    `create function ${schema}.find_events_v1(query jsonb, after_position bigint, up_to bigint, max_count bigint)
    returns setof bigint
    language plpgsql volatile as $$
    declare
      item jsonb;
      of_types text[];
      of_tags text[];
    begin
      for item in select * from jsonb_array_elements(query) loop
        of_types := case when item ? 'types' then array(select jsonb_array_elements_text(item -> 'types')) end;
        of_tags := case when item ? 'tags' then array(select jsonb_array_elements_text(item -> 'tags')) end;
        if of_tags is not null then
          return query
            select t.position from ${schema}.event_tags t
            where t.tag = of_tags[1] and t.position > after_position and t.position <= up_to
              and (cardinality(of_tags) = 1 or (
                select count(*) from ${schema}.event_tags o where o.position = t.position and o.tag = any(of_tags)
              ) = cardinality(of_tags))
              and (of_types is null or exists (
                select from ${schema}.events e where e.position = t.position and e.type = any(of_types)))
            order by t.position limit max_count;
        else
          return query
            select e.position from ${schema}.events e
            where e.position > after_position and e.position <= up_to and (of_types is null or e.type = any(of_types))
            order by e.position limit max_count;
        end if;
      end loop;
    end $$`,

    appendFunction(schema),

    horizonFunction(schema, refuseOnStandby),

    `create function ${schema}.read_events_v1(after_position bigint, max_count bigint, query jsonb)
    returns setof ${schema}.events
    language plpgsql volatile as $$
    declare
      horizon bigint;
      found bigint[];
    begin
      if coalesce(pg_sequence_last_value(${sequence}), 0) <= after_position then return; end if;
      horizon := ${schema}.event_horizon_v1();
      if query is null then
        return query
          select * from ${schema}.events e
          where e.position > after_position and e.position <= horizon order by e.position limit max_count;
      else
        found := array(select ${schema}.find_events_v1(query, after_position, horizon, max_count));
        return query select * from ${schema}.events e where e.position = any(found) order by e.position limit max_count;
      end if;
    end $$`,

    // A page of streams with events, by skipping from name to name in the index, and of those that have none any more.
    `create function ${schema}.list_event_streams_v1(after_stream text, max_count bigint)
    returns table (stream text, version bigint, first_version bigint, deleted boolean)
    language sql volatile as $$
      with recursive named as (
        (select e.stream from ${schema}.events e where e.stream > after_stream order by e.stream limit 1)
        union all
        select (select e.stream from ${schema}.events e where e.stream > n.stream order by e.stream limit 1)
        from named n where n.stream is not null
      ), page as (
        select n.stream from ((select named.stream from named where named.stream is not null limit max_count)
          union (select s.stream from ${schema}.event_streams s where s.stream > after_stream
            order by s.stream limit max_count)) n
        order by n.stream limit max_count
      )
      select p.stream, greatest(coalesce(e.version, 0), coalesce(s.version, 0)), coalesce(s.first_version, 1),
             coalesce(s.deleted, false)
      from page p left join ${schema}.event_streams s on s.stream = p.stream
        left join lateral (
          select e.version from ${schema}.events e where e.stream = p.stream order by e.version desc limit 1) e on true
      order by p.stream
    $$`,

    // Removes the events of a stream below a version; the stream itself where expected is given and holds. Gives the
    // version where it does not.
    `create function ${schema}.remove_events_v1(lock_key int, stream_name text, before_version bigint, expected bigint)
    returns bigint
    language plpgsql volatile as $$
    declare
      last bigint;
      forever boolean := expected is not null;
    begin
      perform pg_advisory_xact_lock(${otherLocks}, lock_key);
      last := ${lastVersion(schema, 'stream_name')};
      if forever and not ${isDeleted(schema, 'stream_name')}
         and (expected >= 0 and last <> expected or expected = -2 and last = 0) then
        return last;
      end if;
      if not forever and (last = 0 or before_version <= 1) then return null; end if;
      with removed as (
        delete from ${schema}.events e where e.stream = stream_name and e.version < before_version
          returning e.position, e.tags
      )
      delete from ${schema}.event_tags t using removed r where t.tag = any(r.tags) and t.position = r.position;
      insert into ${schema}.event_streams as s values (stream_name, last, least(before_version, last + 1), forever)
        on conflict (stream) do update set version = excluded.version, deleted = s.deleted or excluded.deleted,
          first_version = greatest(s.first_version, excluded.first_version);
      if forever then delete from ${schema}.event_snapshots n where n.stream = stream_name; end if;
      return null;
    end $$`,

    // Makes a stream what it is in another store: at least at this version, without what is below the first.
    `create function ${schema}.import_event_stream_v1(
      lock_key int, stream_name text, at_version bigint, first bigint, gone boolean
    ) returns void
    language plpgsql volatile as $$
    declare
      last bigint;
    begin
      perform pg_advisory_xact_lock(${otherLocks}, lock_key);
      last := ${lastVersion(schema, 'stream_name')};
      if gone or at_version > last then first := greatest(at_version, last) + 1; end if;
      perform ${schema}.remove_events_v1(lock_key, stream_name, first, case when gone then -1 end);
      if at_version > last then
        insert into ${schema}.event_streams as s values (stream_name, at_version, first, gone)
          on conflict (stream) do update set version = greatest(s.version, excluded.version),
            first_version = greatest(s.first_version, excluded.first_version);
      end if;
    end $$`,

    // Takes over events as they are. Nobody appends meanwhile: the lock is that of the whole store.
    `create function ${schema}.import_events_v1(
      separator text, positions bigint[], versions bigint[], stream_names text, event_ids text, event_types text,
      event_encodings text, event_metadata text, event_data text, event_timestamps bigint[], event_tags text
    ) returns text
    language plpgsql volatile as $$
    declare
      wrong text;
    begin
      perform pg_advisory_xact_lock(${otherLocks}, 0);
      if positions[1] <= coalesce(pg_sequence_last_value(${sequence}), 0) then return 'behind'; end if;

      -- Each version follows the one before it in its stream; the first of a new stream may be any.
      select i.stream into wrong
        from (
          select e.stream, e.version, lag(e.version) over (partition by e.stream order by e.position) as before
          from unnest(positions, versions, string_to_array(stream_names, separator)) as e (position, version, stream)
          where e.position is not null
        ) i
        where i.version <> coalesce(i.before, nullif(${lastVersion(schema, 'i.stream')}, 0), i.version - 1) + 1
           or i.version < 1 or ${isDeleted(schema, 'i.stream')}
        limit 1;
      if wrong is not null then
        raise exception 'stream "%" was deleted here, or does not go on like this', wrong using errcode = 'ZY400';
      end if;

      insert into ${schema}.event_streams
        select e.stream, min(e.version) - 1, min(e.version), false
        from unnest(versions, string_to_array(stream_names, separator)) as e (version, stream)
        where e.version is not null
        group by e.stream having min(e.version) > 1 and ${lastVersion(schema, 'e.stream')} = 0;
      insert into ${schema}.events (${eventColumns})
        select e.position, e.version, e.happened, e.stream, e.id, e.type, e.encoding, e.metadata, e.data,
               case when e.tags = '' then '{}' else e.tags::text[] end
        from unnest(positions, versions, event_timestamps, string_to_array(stream_names, separator),
                    string_to_array(event_ids, separator), string_to_array(event_types, separator),
                    string_to_array(event_encodings, separator), string_to_array(event_metadata, separator),
                    string_to_array(event_data, separator), string_to_array(event_tags, separator))
          as e (position, version, happened, stream, id, type, encoding, metadata, data, tags)
        where e.position is not null;
      insert into ${schema}.event_tags
        select t.tag, e.position from ${schema}.events e cross join lateral unnest(e.tags) as t (tag)
        where e.position >= positions[1];
      perform setval(${sequence}, positions[cardinality(positions)]);
      return 'imported';
    end $$`,
  ];
}

/** The version of a stream's last event, removed ones included, as SQL. */
function lastVersion(schema: string, stream: string): string {
  return `(select greatest((select max(v.version) from ${schema}.events v where v.stream = ${stream}),
                           (select d.version from ${schema}.event_streams d where d.stream = ${stream}), 0))`;
}

function isDeleted(schema: string, stream: string): string {
  return `exists (select from ${schema}.event_streams d where d.stream = ${stream} and d.deleted)`;
}
