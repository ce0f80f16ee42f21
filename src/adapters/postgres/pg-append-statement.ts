import type { ExpectedVersion } from '../../core/expected-version.ts';
import type { AppendCondition, AppendOutcome, EventBatch, StoredEvent } from '../../events/event-adapter.ts';
import { arrayLiteral, JoinedTexts } from './joined-text.ts';
import { lockKeys } from './pg-lock-keys.ts';

/** The statement that stores a group of appends. */
export function appendStatement(schema: string): string {
  return `select ${schema}.append_events_v1(${Array.from({ length: 17 }, (_, index) => `$${index + 1}`).join(', ')}) as answer`;
}

/**
 * Its parameters.
 *
 * @param condition - Of the only append.
 */
export function appendValues(
  appends: readonly (readonly EventBatch[])[],
  condition: AppendCondition | undefined,
): unknown[] {
  const batches = appends.length === 1 ? appends[0]! : appends.flat();
  const events = batches.length === 1 ? batches[0]!.events : batches.flatMap((batch) => batch.events);
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

/** The statement that takes over events of another store. */
export function importStatement(schema: string): string {
  return `select ${schema}.import_events_v1(${Array.from({ length: 11 }, (_, index) => `$${index + 1}`).join(', ')}) as answer`;
}

/** Its parameters. */
export function importValues(events: readonly StoredEvent[]): unknown[] {
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
  return [
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
  ];
}
