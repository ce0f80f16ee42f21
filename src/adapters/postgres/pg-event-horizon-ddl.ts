import { objectsOf } from './pg-event-objects.ts';
import { raiseIsolation, readsCommitted } from './pg-isolation.ts';

/** The error that a standby raises where nobody wrote the horizon down. */
export const horizonUnknown = 'ZY404';

/** What the function does on a standby, which can't see the locks of the primary. */
export const refuseOnStandby = `raise exception 'the order of events is only known to the primary, and this is a standby'
          using hint = 'read all events and subscribe on the primary';`;

/**
 * The function that tells how far the global order is decided (ES5); see docs/decisions/0010-horizon-of-appenders.md.
 *
 * An appender reads the sequence's last value, its floor, and takes a shared lock on it before it draws positions, all of
 * them above. A reader asks, each step seeing the world anew: the last value L; the lowest floor m still locked; the rows
 * up to the lesser of both. What was drawn up to L was locked before that: if the lock is gone, the outcome is visible.
 *
 * @param onStandby - Statements.
 */
export function horizonFunction(schema: string, onStandby: string): string {
  const { sequence } = objectsOf(schema);
  return `create or replace function ${schema}.event_horizon_v1() returns bigint
    language plpgsql volatile as $$
    declare
      horizon bigint;
    begin
      if not ${readsCommitted} then
        ${raiseIsolation('read')}
      end if;
      if pg_is_in_recovery() then
        ${onStandby}
      end if;
      horizon := coalesce(pg_sequence_last_value(${sequence}), 0);
      -- The difference to the horizon tells which floor a lock's 31 bits stand for.
      select least(horizon, horizon + min((l.objid::bigint - horizon % 2147483648 + 3221225472) % 2147483648 - 1073741824))
        into horizon
        from pg_locks l
        where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = ${sequence}::oid
          and l.database = (select d.oid from pg_database d where d.datname = current_database());
      return horizon;
    end $$`;
}

/**
 * What makes the global order readable on standbys; see docs/decisions/0032-a-horizon-for-standbys.md. The primary writes
 * its horizon down. Whoever sees the row sees every event up to it: their commits come before it in the log.
 */
export function publishedHorizon(schema: string): string[] {
  const { sequence } = objectsOf(schema);
  const readPublished = `select h.position into horizon from ${schema}.event_horizon h;
        if horizon is null then
          raise exception 'this is a standby, and no process on the primary has written down how far the order of events is decided'
            using errcode = '${horizonUnknown}';
        end if;
        return horizon;`;
  return [
    `create table ${schema}.event_horizon (
      one boolean primary key default true check (one),
      position bigint not null
    )`,

    horizonFunction(schema, readPublished),

    // Found first, written then. What was found stays true however long the row is waited for, and the row never goes
    // back: whoever comes with less finds more there. Gives whether there is more than was written, or might be.
    `create function ${schema}.publish_event_horizon_v1() returns boolean
    language plpgsql volatile as $$
    declare
      horizon bigint;
    begin
      if pg_is_in_recovery() then return false; end if;
      horizon := ${schema}.event_horizon_v1();
      if not exists (select from ${schema}.event_horizon h where h.position >= horizon) then
        insert into ${schema}.event_horizon as h (position) values (horizon)
          on conflict (one) do update set position = excluded.position where h.position < excluded.position;
      end if;
      return coalesce(pg_sequence_last_value(${sequence}), 0) > horizon;
    end $$`,
  ];
}
