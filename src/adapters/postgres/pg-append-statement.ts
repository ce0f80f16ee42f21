import type { ExpectedVersion } from '../../core/expected-version.ts';
import type {
  AppendCondition,
  AppendedBatch,
  AppendOutcome,
  EncodedEvent,
  EventBatch,
  StoredEvent,
} from '../../events/event-adapter.ts';
import { arrayLiteral, JoinedTexts } from './joined-text.ts';
import { readsCommitted } from './pg-isolation.ts';
import { lockKeys, streamKey, typeKey } from './pg-lock-keys.ts';

/** The batches of one append. */
export type Append = readonly EventBatch[];

/** A statement that gives one text as `answer`. */
export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/** A statement that stores appends, and what its answer says of each of them. */
export interface AppendStatement extends Statement {
  /** Nothing for an append that was refused without a reason: the other statement tells it. */
  outcomes(answer: string | null): readonly (AppendOutcome | undefined)[];
}

/** Whether {@link simpleStatement} can store the appends. */
export function areSimple(appends: readonly Append[]): boolean {
  const streams = new Set<string>();
  for (const batches of appends) {
    if (batches.length > 1 || batches[0]!.events.some(({ tags }) => tags.length > 0)) return false;
    streams.add(batches[0]!.stream);
  }
  return streams.size === appends.length;
}

/** Stores appends to one stream each, no two to the same, without tags. */
export function simpleStatement(schema: string, appends: readonly Append[]): AppendStatement {
  const batches = appends.map(([batch]) => batch!);
  const events = eventsOf(batches);
  if (events.length === 1) return oneStatement(schema, batches[0]!, events[0]!);
  const streams = batches.flatMap(({ stream, events: own }) => own.map(() => stream));
  const texts = [streams, ...columnsOf(events)];
  const joined = new JoinedTexts(texts);
  const { keys, shared } = lockKeys(batches);
  const [names, ids, types, encodings, metadata, data] = texts.map((list) => joined.join(list));
  const statement = call(schema, 'append_simple_events_v1', [
    joined.separator,
    keys,
    shared,
    names,
    batches.flatMap(({ expectedVersion, events: own }) => own.map(() => expectedNumber(expectedVersion))),
    batches.flatMap(({ events: own }) => own.map((_, index) => index + 1)),
    ids,
    types,
    encodings,
    metadata,
    data,
    events.map(({ timestamp }) => timestamp),
  ]);
  return {
    ...statement,
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
    ...call(schema, 'append_event_v1', values),
    outcomes(answer) {
      if (answer === null) return [undefined];
      const [version, position] = answer.split(' ').map(Number);
      return [{ status: 'appended', batches: [{ version: version!, position: position! }] }];
    },
  };
}

/**
 * Stores any appends.
 *
 * @param condition - Of the only append.
 */
export function groupStatement(
  schema: string,
  appends: readonly Append[],
  condition: AppendCondition | undefined,
): AppendStatement {
  const batches = appends.flat();
  const events = eventsOf(batches);
  const streams = new Map<string, number>();
  for (const { stream } of batches) if (!streams.has(stream)) streams.set(stream, streams.size + 1);
  const tags = events.map((event) => arrayLiteral(event.tags));
  const texts = [...columnsOf(events), tags];
  const joined = new JoinedTexts([...texts, [...streams.keys()]]);
  const { keys, shared } = lockKeys(batches, condition);
  const statement = call(schema, 'append_events_v1', [
    joined.separator,
    keys,
    shared,
    [...streams.keys()].join(joined.separator),
    appends.flatMap((own, index) => own.map(() => index + 1)),
    batches.map(({ stream }) => streams.get(stream)),
    batches.map(({ expectedVersion }) => expectedNumber(expectedVersion)),
    batches.map((batch) => batch.events.length),
    ...columnsOf(events).map((list) => joined.join(list)),
    events.map(({ timestamp }) => timestamp),
    joined.join(tags),
    condition ? JSON.stringify(condition.failIfEventsMatch) : null,
    condition?.after ?? 0,
  ]);
  return { ...statement, outcomes: (answer) => groupOutcomes(appends, answer!) };
}

/** Takes over events of another store; the answer is `imported` or `behind`. */
export function importStatement(schema: string, events: readonly StoredEvent[]): Statement {
  const texts = [
    events.map(({ stream }) => stream),
    ...columnsOf(events),
    events.map(({ tags }) => arrayLiteral(tags)),
  ];
  const joined = new JoinedTexts(texts);
  const [streams, ids, types, encodings, metadata, data, tags] = texts.map((list) => joined.join(list));
  return call(schema, 'import_events_v1', [
    joined.separator,
    events.map(({ position }) => position),
    events.map(({ version }) => version),
    streams,
    ids,
    types,
    encodings,
    metadata,
    data,
    events.map(({ timestamp }) => timestamp),
    tags,
  ]);
}

/** An expected version as the server's functions take it: -1 any, -2 the stream exists. */
export function expectedNumber(expected: ExpectedVersion): number {
  if (expected === 'any') return -1;
  if (expected === 'stream_exists') return -2;
  return expected === 'no_stream' ? 0 : expected;
}

/**
 * Calls a function of the schema that locks before it looks, and so must see what was committed until then: where the
 * transaction sees one snapshot only, it is refused.
 */
export function call(schema: string, name: string, values: unknown[]): Statement {
  const result = `${schema}.${name}(${values.map((_, index) => `$${index + 1}`).join(', ')})`;
  const text = `select case when ${readsCommitted} then ${result}::text else ${schema}.refuse_isolation_v1() end as answer`;
  return { text, values };
}

const eventsOf = (batches: readonly EventBatch[]): readonly EncodedEvent[] =>
  batches.length === 1 ? batches[0]!.events : batches.flatMap(({ events }) => events);

function columnsOf(events: readonly EncodedEvent[]): string[][] {
  return [
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ encoding }) => encoding),
    events.map(({ metadata }) => metadata),
    events.map(({ data }) => data),
  ];
}

/** A line an append; a refusal names the batch, counted through all of them from 1. */
function groupOutcomes(appends: readonly Append[], answer: string): AppendOutcome[] {
  const lines = answer.split('\n');
  let before = 0;
  return appends.map((batches, index) => {
    const [status, ...words] = lines[index]!.split(' ');
    const numbers = words.map(Number);
    const refused = status === 'matched' ? undefined : batches[numbers[0]! - 1 - before];
    before += batches.length;
    switch (status) {
      case 'appended':
        return {
          status,
          batches: batches.map((_, at) => ({ version: numbers[2 * at]!, position: numbers[2 * at + 1]! })),
        };
      case 'conflict':
        return { status, stream: refused!.stream, actualVersion: numbers[1]! };
      case 'deleted':
        return { status, stream: refused!.stream };
      default:
        return { status: 'matched', position: numbers[0]! };
    }
  });
}
