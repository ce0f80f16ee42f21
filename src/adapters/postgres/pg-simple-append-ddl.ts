import { eventColumns, objectsOf } from './pg-event-objects.ts';
import { readsCommitted } from './pg-isolation.ts';

/**
 * The functions that store the usual appends: to one stream each, no two to the same, without tags and without a
 * condition. Few statements, and plain ones: a plan with a join takes the server longer to begin with than to run.
 *
 * An append that is not in the answer was refused; why, the general function tells.
 *
 * @param schema - A quoted identifier.
 */
export function simpleAppendFunctions(schema: string): string[] {
  return [appendOne(schema), appendSimple(schema)];
}

/** Stores one event. The answer has version and position. */
function appendOne(schema: string): string {
  const { sequence, otherLocks } = objectsOf(schema);
  const lockStream = `pg_advisory_xact_lock(${otherLocks}, stream_key)`;
  const lockType = `pg_advisory_xact_lock_shared(${otherLocks}, type_key)`;
  return `create or replace function ${schema}.append_event_v2(
      stream_key int, type_key int, name text, expected bigint, event_id text, event_type text, event_encoding text,
      event_metadata text, event_data text, event_timestamp bigint, out answer text
    )
    language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
    declare
      last bigint;
    begin
      perform ${refusal(schema)},
        pg_advisory_xact_lock_shared(${otherLocks}, 0),
        case when stream_key <= type_key then ${lockStream} else ${lockType} end,
        case when stream_key <= type_key then ${lockType} else ${lockStream} end,
        ${lockFloor(schema)};
      select e.version into last from ${schema}.events e where e.stream = name order by e.version desc limit 1;
      if last is null then last := ${withoutEvents(schema, 'name')}; end if;
      if ${takesEvents('last', 'expected')} then
        insert into ${schema}.events (${eventColumns})
          values (nextval(${sequence}), last + 1, event_timestamp, name, event_id, event_type, event_encoding,
                  event_metadata, event_data, '{}')
          returning version || ' ' || position into answer;
      end if;
    end $$`;
}

/** Stores a group of appends. The answer has id, version and position of each event that was stored. */
function appendSimple(schema: string): string {
  const { sequence, otherLocks } = objectsOf(schema);
  return `create or replace function ${schema}.append_simple_events_v2(
      separator text, lock_keys int[], lock_shared boolean[], stream_names text, stream_expected bigint[],
      event_streams int[], event_offsets int[],
      event_ids text, event_types text, event_encodings text, event_metadata text, event_data text,
      event_timestamps bigint[], out answer text
    )
    language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
    declare
      names text[] := string_to_array(stream_names, separator);
      versions bigint[];
    begin
      perform case when k.shared then pg_advisory_xact_lock_shared(${otherLocks}, k.key)
                   else pg_advisory_xact_lock(${otherLocks}, k.key) end
        from unnest(lock_keys, lock_shared) as k (key, shared);
      perform ${refusal(schema)}, ${lockFloor(schema)};
      versions := array(select coalesce(
        (select e.version from ${schema}.events e where e.stream = n.name order by e.version desc limit 1), 0)
        from unnest(names) as n (name));
      if 0 = any(versions) then
        versions := array(select case when n.version > 0 then n.version else ${withoutEvents(schema, 'n.name')} end
          from unnest(names, versions) as n (name, version));
      end if;
      with stored as (
          insert into ${schema}.events (${eventColumns})
            select nextval(${sequence}), versions[e.s] + e.n, e.happened, names[e.s], e.id, e.type, e.encoding,
                   e.metadata, e.data, '{}'
            from unnest(event_streams, event_offsets, event_timestamps,
                        string_to_array(event_ids, separator), string_to_array(event_types, separator),
                        string_to_array(event_encodings, separator), string_to_array(event_metadata, separator),
                        string_to_array(event_data, separator))
                as e (s, n, happened, id, type, encoding, metadata, data)
            where ${takesEvents('versions[e.s]', 'stream_expected[e.s]')}
          returning id, version, position
        )
      select string_agg(s.id || separator || s.version || separator || s.position, separator) into answer from stored s;
    end $$`;
}

/** Where the isolation level is one at which what is looked up may be of a time before the locks: an error. */
function refusal(schema: string): string {
  return `case when ${readsCommitted} then null else ${schema}.refuse_isolation_v1() end`;
}

/** Announces, before positions are drawn, from where on this transaction may have some: what the horizon is made of. */
function lockFloor(schema: string): string {
  const { sequence, horizonLocks } = objectsOf(schema);
  return `pg_advisory_xact_lock_shared(${horizonLocks}, (coalesce(pg_sequence_last_value(${sequence}), 0) % 2147483648)::int)`;
}

/**
 * The version of a stream that has no events: 0 if there never were any, -1 if it was deleted. One that has events was not
 * deleted, and is where the last of them is.
 */
function withoutEvents(schema: string, stream: string): string {
  return `coalesce((select case when d.deleted then -1 else d.version end
          from ${schema}.event_streams d where d.stream = ${stream}), 0)`;
}

/** Whether a stream at a version, or deleted (-1), takes events under an expected version. */
function takesEvents(version: string, expected: string): string {
  return `${version} >= 0 and (${expected} < 0 or ${version} = ${expected}) and (${expected} <> -2 or ${version} > 0)`;
}
