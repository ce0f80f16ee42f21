import type { AppendedBatch, EncodedEvent, EventBatch } from '../../events/event-adapter.ts';
import { JoinedTexts } from './joined-text.ts';
import { lockKeys, streamKey, typeKey } from './pg-append-locks.ts';
import {
  type Append,
  type AppendStatement,
  callOf,
  columnsOf,
  eventsOf,
  expectedNumber,
} from './pg-append-statement.ts';

/** Whether {@link simpleStatement} can store the appends. */
export function areSimple(appends: readonly Append[]): boolean {
  const streams = new Set<string>();
  for (const batches of appends) {
    if (batches.length > 1 || batches[0]!.events.some(({ tags }) => tags.length > 0)) return false;
    streams.add(batches[0]!.stream);
  }
  return streams.size === appends.length;
}

/** Stores appends to one stream each, no two to the same, without tags. The function looks at the isolation itself. */
export function simpleStatement(schema: string, appends: readonly Append[]): AppendStatement {
  const batches = appends.map(([batch]) => batch!);
  const events = eventsOf(batches);
  if (events.length === 1) return oneStatement(schema, batches[0]!, events[0]!);
  const streams = batches.map(({ stream }) => stream);
  const columns = columnsOf(events);
  const joined = new JoinedTexts([streams, ...columns]);
  const { keys, shared } = lockKeys(batches);
  const values = [
    joined.separator,
    keys,
    shared,
    streams.join(joined.separator),
    batches.map(({ expectedVersion }) => expectedNumber(expectedVersion)),
    batches.flatMap(({ events: own }, index) => own.map(() => index + 1)),
    batches.flatMap(({ events: own }) => own.map((_, index) => index + 1)),
    ...columns.map((list) => joined.join(list)),
    events.map(({ timestamp }) => timestamp),
  ];
  return {
    text: `select ${callOf(schema, 'append_simple_events_v2', values.length)} as answer`,
    values,
    outcomes(answer) {
      const words = answer === null ? [] : answer.split(joined.separator);
      const stored = new Map<string, AppendedBatch>();
      for (let index = 0; index < words.length; index += 3) {
        stored.set(words[index]!, { version: Number(words[index + 1]), position: Number(words[index + 2]) });
      }
      return batches.map(({ events: own }) => {
        const last = stored.get(own.at(-1)!.id);
        return last && { status: 'appended', batches: [last] };
      });
    },
  };
}

function oneStatement(schema: string, { stream, expectedVersion }: EventBatch, event: EncodedEvent): AppendStatement {
  const { id, type, encoding, metadata, data, timestamp } = event;
  const values = [
    streamKey(stream),
    typeKey(type),
    stream,
    expectedNumber(expectedVersion),
    id,
    type,
    encoding,
    metadata,
    data,
    timestamp,
  ];
  return {
    text: `select ${callOf(schema, 'append_event_v2', values.length)} as answer`,
    values,
    outcomes(answer) {
      if (answer === null) return [undefined];
      const space = answer.indexOf(' ');
      const [version, position] = [Number(answer.slice(0, space)), Number(answer.slice(space + 1))];
      return [{ status: 'appended', batches: [{ version, position }] }];
    },
  };
}
