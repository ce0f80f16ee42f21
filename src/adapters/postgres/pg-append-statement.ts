import type { ExpectedVersion } from '../../core/expected-version.ts';
import type {
  AppendCondition,
  AppendOutcome,
  EncodedEvent,
  EventBatch,
  StoredEvent,
} from '../../events/event-adapter.ts';
import { arrayLiteral, JoinedTexts } from './joined-text.ts';
import { lockKeys } from './pg-append-locks.ts';
import { readsCommitted } from './pg-isolation.ts';

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
  const result = callOf(schema, name, values.length);
  const text = `select case when ${readsCommitted} then ${result}::text else ${schema}.refuse_isolation_v1() end as answer`;
  return { text, values };
}

/** A call with so many parameters, as SQL. */
export function callOf(schema: string, name: string, parameters: number): string {
  return `${schema}.${name}(${placeholders.slice(0, parameters)})`;
}

const placeholders = Array.from({ length: 20 }, (_, index) => `$${index + 1}`);

export const eventsOf = (batches: readonly EventBatch[]): readonly EncodedEvent[] =>
  batches.length === 1 ? batches[0]!.events : batches.flatMap(({ events }) => events);

export function columnsOf(events: readonly EncodedEvent[]): string[][] {
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
