/** The columns of events, in the order in which the functions store them. */
export const eventColumns = 'position, version, timestamp, stream, id, type, encoding, metadata, data, tags';

interface Objects {
  readonly sequence: string;
  /** The first key of the locks that the horizon is made of; the second is a position. */
  readonly horizonLocks: string;
  /** The first key of the locks of streams, types and tags; the second is a hash, or 0 for the whole store. */
  readonly otherLocks: string;
}

/** What the functions name, as SQL. Locks are named after objects of the schema, so that no two stores share them. */
export function objectsOf(schema: string): Objects {
  const sequence = `'${schema}.events_position'::regclass`;
  const other = `'${schema}.event_checkpoints_revision'::regclass`;
  return { sequence, horizonLocks: lockClass(sequence), otherLocks: lockClass(other) };
}

/** An oid as the signed number that advisory locks take. */
function lockClass(object: string): string {
  return `(case when ${object}::oid::bigint < 2147483648 then ${object}::oid::bigint
                else ${object}::oid::bigint - 4294967296 end)::int`;
}
