import type { ExpectedVersion } from '../../core/expected-version.ts';
import type {
  AppendCondition,
  AppendOutcome,
  EncodedEvent,
  EventBatch,
  StoredEvent,
} from '../../events/event-adapter.ts';
import { arrayLiteral, JoinedTexts } from './joined-text.ts';
import { lockKeys, streamKey, typeKey } from './pg-lock-keys.ts';

/** A statement with its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/**
 * The statement that stores a group of appends; gives their outcomes as `answer`.
 *
 * @param condition - Of the only append.
 */
export function appendStatement(
  schema: string,
  appends: readonly (readonly EventBatch[])[],
  condition: AppendCondition | undefined,
): Statement {
  const batches = appends.length === 1 ? appends[0]! : appends.flat();
  const events = batches.length === 1 ? batches[0]!.events : batches.flatMap((batch) => batch.events);
  return events.length === 1 && events[0]!.tags.length === 0 && !condition
    ? call(schema, 'append_event_v1', oneValues(batches[0]!.stream, batches[0]!.expectedVersion, events[0]!))
    : call(schema, 'append_events_v1', groupValues(appends, batches, events, condition));
}

function call(schema: string, name: string, values: unknown[]): Statement {
  return {
    text: `select ${schema}.${name}(${values.map((_, index) => `$${index + 1}`).join(', ')}) as answer`,
    values,
  };
}

function oneValues(stream: string, expected: ExpectedVersion, event: EncodedEvent): unknown[] {
  const { id, type, encoding, metadata, data, timestamp } = event;
  return [
    streamKey(stream),
    typeKey(type),
    stream,
    expectedNumber(expected),
    id,
    type,
    encoding,
    metadata,
    data,
    timestamp,
  ];
}

function groupValues(
  appends: readonly (readonly EventBatch[])[],
  batches: readonly EventBatch[],
  events: readonly EncodedEvent[],
  condition: AppendCondition | undefined,
): unknown[] {
  const streams = new Map<string, number>();
  for (const { stream } of batches) if (!streams.has(stream)) streams.set(stream, streams.size + 1);
  const texts = [
    [...streams.keys()],
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ encoding }) => encoding),
    events.map(({ metadata }) => metadata),
    events.map(({ data }) => data),
    events.map(({ tags }) => arrayLiteral(tags)),
  ] as const;
  const joined = new JoinedTexts(texts);
  const [names, ids, types, encodings, metadata, data, tags] = texts;
  const { keys, shared } = lockKeys(batches, condition);
  return [
    joined.separator,
    keys,
    shared,
    names.join(joined.separator),
    appends.flatMap((own, index) => own.map(() => index + 1)),
    batches.map(({ stream }) => streams.get(stream)),
    batches.map(({ expectedVersion }) => expectedNumber(expectedVersion)),
    batches.map((batch) => batch.events.length),
    joined.join(ids),
    joined.join(types),
    joined.join(encodings),
    joined.join(metadata),
    joined.join(data),
    events.map(({ timestamp }) => timestamp),
    joined.join(tags),
    condition ? JSON.stringify(condition.failIfEventsMatch) : null,
    condition?.after ?? 0,
  ];
}

/** What the answer says of each append. */
export function appendOutcomes(appends: readonly (readonly EventBatch[])[], answer: string): AppendOutcome[] {
  const lines = answer.split('\n');
  let before = 0;
  return appends.map((batches, index) => {
    const [status, ...words] = lines[index]!.split(' ');
    const numbers = words.map(Number);
    const refused = () => batches[numbers[0]! - 1 - before]!.stream;
    const outcome = ((): AppendOutcome => {
      switch (status) {
        case 'appended':
          return {
            status,
            batches: batches.map((_, at) => ({ version: numbers[2 * at]!, position: numbers[2 * at + 1]! })),
          };
        case 'conflict':
          return { status, stream: refused(), actualVersion: numbers[1]! };
        case 'deleted':
          return { status, stream: refused() };
        default:
          return { status: 'matched', position: numbers[0]! };
      }
    })();
    before += batches.length;
    return outcome;
  });
}

/** An expected version as the server's functions take it: -1 any, -2 the stream exists. */
export function expectedNumber(expected: ExpectedVersion): number {
  if (expected === 'any') return -1;
  if (expected === 'stream_exists') return -2;
  return expected === 'no_stream' ? 0 : expected;
}

/** The statement that takes over events of another store; gives `imported` or `behind` as `answer`. */
export function importStatement(schema: string, events: readonly StoredEvent[]): Statement {
  const texts = [
    events.map(({ stream }) => stream),
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ encoding }) => encoding),
    events.map(({ metadata }) => metadata),
    events.map(({ data }) => data),
    events.map(({ tags }) => arrayLiteral(tags)),
  ] as const;
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
