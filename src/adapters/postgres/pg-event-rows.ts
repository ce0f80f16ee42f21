import type { ExpectedVersion } from '../../core/expected-version.ts';
import type { AppendOutcome, EventBatch, StoredEvent } from '../../events/event-adapter.ts';

/** A bigint as a client gives it: text in pg, a number in PGlite, whatever a type parser of yours makes of it. */
export type Int8 = string | number | bigint;

/** A row of the events table. */
export type EventRow = Omit<StoredEvent, 'version' | 'position' | 'timestamp'> &
  Readonly<Record<'version' | 'position' | 'timestamp', Int8>>;

/** A row of `append_events_v1`: where a stream stands now, or the batch that is in conflict and its actual version. */
export interface AppendRow {
  readonly conflict: number | null;
  readonly version: Int8;
  readonly position: Int8;
}

export const eventColumns = 'id, stream, version, position, type, data, encoding, metadata, timestamp';

export function toStored(row: EventRow): StoredEvent {
  const { id, stream, version, position, type, data, encoding, metadata, timestamp } = row;
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
  };
}

/** The arguments of `append_events_v1`. */
export function appendValues(batches: readonly EventBatch[]): unknown[] {
  const events = batches.flatMap((batch) => batch.events);
  const lockOrder = batches.map((_, index) => index + 1);
  lockOrder.sort((a, b) => (batches[a - 1]!.stream < batches[b - 1]!.stream ? -1 : 1));
  return [
    batches.map(({ stream }) => stream),
    batches.map(({ expectedVersion }) => expectedNumber(expectedVersion)),
    batches.map((batch) => batch.events.length),
    lockOrder,
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ data }) => data),
    events.map(({ encoding }) => encoding),
    events.map(({ metadata }) => metadata),
    events.map(({ timestamp }) => timestamp),
  ];
}

/** What the rows of `append_events_v1` say. */
export function appendOutcome(batches: readonly EventBatch[], rows: readonly AppendRow[]): AppendOutcome {
  const [first] = rows;
  if (first && first.conflict !== null) return conflictOutcome(batches, first.conflict, Number(first.version));
  return {
    status: 'appended',
    batches: rows.map(({ version, position }) => ({ version: Number(version), position: Number(position) })),
  };
}

/** @param batch - Counted from 1, as in SQL. */
export function conflictOutcome(batches: readonly EventBatch[], batch: number, actualVersion: number): AppendOutcome {
  return { status: 'conflict', stream: batches[batch - 1]!.stream, actualVersion };
}

function expectedNumber(expected: ExpectedVersion): number {
  if (expected === 'any') return -1;
  if (expected === 'stream_exists') return -2;
  return expected === 'no_stream' ? 0 : expected;
}
