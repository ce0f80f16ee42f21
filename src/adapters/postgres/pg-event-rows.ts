import type { StoredEvent } from '../../events/event-adapter.ts';

/** A bigint as a client gives it: text in pg, a number in PGlite, whatever a type parser of yours makes of it. */
export type Int8 = string | number | bigint;

/** A row of the events table. */
export type EventRow = Omit<StoredEvent, 'version' | 'position' | 'timestamp'> &
  Readonly<Record<'version' | 'position' | 'timestamp', Int8>>;

export const eventColumns = 'id, stream, version, position, type, data, encoding, metadata, timestamp, tags';

export function toStored(row: EventRow): StoredEvent {
  const { id, stream, version, position, type, data, encoding, metadata, timestamp, tags } = row;
  return {
    id,
    stream,
    version: Number(version),
    position: Number(position),
    type,
    data,
    encoding,
    metadata,
    timestamp: Number(timestamp),
    tags,
  };
}
