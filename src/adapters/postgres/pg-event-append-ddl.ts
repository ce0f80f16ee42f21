import { eventColumns, objectsOf } from './pg-event-objects.ts';

/**
 * The function that stores a group of appends in one statement, each with an outcome of its own.
 *
 * Texts come joined by a separator that none of them contains: cheaper to send and to take apart than arrays. Appends,
 * batches and events are numbered from 1 in the order in which they take place. Locks come in ascending order, the same
 * for everybody, so that no two groups wait for each other in a circle: one for the whole store, one a stream, one a
 * type and tag, which makes conditions on them safe.
 *
 * The answer is a line an append: `appended` and version and position of each batch's last event, `conflict` or
 * `deleted` with the batch and the stream's version, or `matched` with a position.
 *
 * @param schema - A quoted identifier.
 */
export function appendFunction(schema: string): string {
  const { sequence, horizonLocks, otherLocks } = objectsOf(schema);
  return `create function ${schema}.append_events_v1(
      separator text, lock_keys int[], lock_shared boolean[],
      stream_names text, batch_append int[], batch_stream int[], batch_expected bigint[], batch_count int[],
      event_ids text, event_types text, event_encodings text, event_metadata text, event_data text,
      event_timestamps bigint[], event_tags text, query jsonb, after_position bigint
    ) returns text
    language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
    declare
      names text[] := string_to_array(stream_names, separator);
      versions bigint[];
      deleted boolean[];
      answer text := '';
      batches int := cardinality(batch_append);
      first int := 1;
      last int;
      batch int;
      event int := 0;
      refusal text;
      matched bigint;
      version bigint;
      event_versions bigint[];
      event_positions bigint[];
      event_streams int[];
      locked boolean := false;
    begin
      perform case when k.shared then pg_advisory_xact_lock_shared(${otherLocks}, k.key)
                   else pg_advisory_xact_lock(${otherLocks}, k.key) end
        from unnest(lock_keys, lock_shared) as k (key, shared);

      select array_agg(greatest(coalesce(e.version, 0), coalesce(s.version, 0)) order by n.no),
             array_agg(coalesce(s.deleted, false) order by n.no)
        into versions, deleted
        from unnest(names) with ordinality as n (name, no)
          left join lateral (
            select e.version from ${schema}.events e where e.stream = n.name order by e.version desc limit 1) e on true
          left join lateral (
            select s.version, s.deleted from ${schema}.event_streams s where s.stream = n.name limit 1) s on true;

      while first <= batches loop
        last := first;
        while last < batches and batch_append[last + 1] = batch_append[first] loop last := last + 1; end loop;
        refusal := null;
        for batch in first .. last loop
          version := versions[batch_stream[batch]];
          if deleted[batch_stream[batch]] then
            refusal := 'deleted ' || batch || ' ' || version;
          elsif batch_expected[batch] >= 0 and version <> batch_expected[batch]
             or batch_expected[batch] = -2 and version = 0 then
            refusal := 'conflict ' || batch || ' ' || version;
          end if;
          exit when refusal is not null;
        end loop;
        if refusal is null and query is not null then
          select min(p) into matched from ${schema}.find_events_v1(query, after_position, 9223372036854775807, 1) p;
          if matched is not null then refusal := 'matched ' || matched; end if;
        end if;

        if refusal is null then
          if not locked then
            locked := pg_advisory_xact_lock_shared(${horizonLocks},
              (coalesce(pg_sequence_last_value(${sequence}), 0) % 2147483648)::int) is not null;
          end if;
          answer := answer || 'appended';
        else
          answer := answer || refusal;
        end if;
        for batch in first .. last loop
          version := versions[batch_stream[batch]];
          for n in 1 .. batch_count[batch] loop
            event := event + 1;
            if refusal is null then
              event_versions[event] := version + n;
              event_positions[event] := nextval(${sequence});
              event_streams[event] := batch_stream[batch];
            else
              event_positions[event] := null;
            end if;
          end loop;
          if refusal is null then
            version := version + batch_count[batch];
            versions[batch_stream[batch]] := version;
            answer := answer || ' ' || version || ' ' || event_positions[event];
          end if;
        end loop;
        answer := answer || E'\\n';
        first := last + 1;
      end loop;

      if locked then
        insert into ${schema}.events (${eventColumns})
          select e.position, e.version, e.happened, names[e.stream], e.id, e.type, e.encoding, e.metadata, e.data,
                 case when e.tags is null or e.tags = '' then '{}' else e.tags::text[] end
          from unnest(event_positions, event_versions, event_streams, event_timestamps,
                      string_to_array(event_ids, separator), string_to_array(event_types, separator),
                      string_to_array(event_encodings, separator), string_to_array(event_metadata, separator),
                      string_to_array(event_data, separator), string_to_array(event_tags, separator))
            as e (position, version, stream, happened, id, type, encoding, metadata, data, tags)
          where e.position is not null;
        if event_tags like '%{%' then
          insert into ${schema}.event_tags
            select t.tag, e.position
            from unnest(event_positions, string_to_array(event_tags, separator)) as e (position, tags)
              cross join lateral unnest(e.tags::text[]) as t (tag)
            where e.position is not null and e.tags <> '';
        end if;
      end if;
      return answer;
    end $$`;
}
