import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ExpectedVersion } from '../../core/expected-version.ts';
import type {
  AdapterAppendOptions,
  AppendOutcome,
  EncodedEvent,
  EventAdapter,
  EventBatch,
  StoredEvent,
  StreamInfo,
} from '../../events/event-adapter.ts';

/** What a case works with. */
export interface CaseContext {
  readonly adapter: EventAdapter;
  /** Another adapter over the same storage; the same one where the storage lives inside it. */
  readonly other: EventAdapter;
  /** A name that no other case uses. */
  name(what: string): string;
}

export type DefineCase = (title: string, run: (context: CaseContext) => Promise<void>) => void;

/** An event with defaults for what a case does not care about. */
export function event(fields: Partial<EncodedEvent> = {}): EncodedEvent {
  return {
    id: randomUUID(),
    type: 'tested',
    data: '{"n":1}',
    encoding: 'json',
    metadata: '{}',
    timestamp: 0,
    tags: [],
    ...fields,
  };
}

export const events = (count: number): EncodedEvent[] => Array.from({ length: count }, () => event());

export function batch(
  stream: string,
  content: number | readonly EncodedEvent[] = 1,
  expectedVersion: ExpectedVersion = 'any',
): EventBatch {
  return { stream, expectedVersion, events: typeof content === 'number' ? events(content) : content };
}

/** Appends what must succeed, and gives where the streams stand. */
export async function appended(adapter: EventAdapter, ...batches: EventBatch[]) {
  return assertAppended(await adapter.append(batches), batches.length);
}

/** Appends what must succeed under its condition and with its work, and gives where the stream stands. */
export async function appendedWith(adapter: EventAdapter, options: AdapterAppendOptions, one: EventBatch) {
  const [result] = assertAppended(await adapter.append([one], options), 1);
  return result!;
}

function assertAppended(outcome: AppendOutcome, count: number) {
  assert.equal(outcome.status, 'appended', `expected the append to succeed: ${JSON.stringify(outcome)}`);
  assert.ok(outcome.status === 'appended');
  assert.equal(outcome.batches.length, count, 'one result a batch');
  return outcome.batches;
}

export function assertConflict(outcome: AppendOutcome, stream: string, actualVersion: number): void {
  assert.deepEqual({ ...outcome }, { status: 'conflict', stream, actualVersion });
}

export function assertDeleted(outcome: AppendOutcome, stream: string): void {
  assert.deepEqual({ ...outcome }, { status: 'deleted', stream });
}

export function assertMatched(outcome: AppendOutcome, position: number | undefined): void {
  assert.deepEqual({ ...outcome }, { status: 'matched', position });
}

/** The ids of an `existing` outcome, in order of version. */
export function existingIds(outcome: AppendOutcome): string[] {
  assert.equal(outcome.status, 'existing', `expected stored events: ${JSON.stringify(outcome)}`);
  assert.ok(outcome.status === 'existing');
  return outcome.events.toSorted((a, b) => a.version - b.version).map(({ id }) => id);
}

export function readStream(adapter: EventAdapter, stream: string): Promise<readonly StoredEvent[]> {
  return adapter.readStream({ stream, from: 1, to: Number.MAX_SAFE_INTEGER, limit: 10_000, direction: 'forward' });
}

/** What the list of streams says of one; nothing if it is not there. */
export async function infoOf(adapter: EventAdapter, stream: string): Promise<StreamInfo | undefined> {
  return (await infosOf(adapter, [stream]))[0];
}

/** What the list of streams says of several, in this order. */
export async function infosOf(adapter: EventAdapter, streams: readonly string[]): Promise<(StreamInfo | undefined)[]> {
  const all = new Map((await listStreams(adapter)).map((info) => [info.stream, info]));
  return streams.map((stream) => all.get(stream));
}

/** The whole list of streams, page by page. */
export async function listStreams(adapter: EventAdapter, limit = 1000): Promise<StreamInfo[]> {
  const found: StreamInfo[] = [];
  for (;;) {
    const page = await adapter.listStreams({ after: found.at(-1)?.stream, limit });
    assert.ok(page.length <= limit, 'a page holds at most as many streams as were asked for');
    found.push(...page.map((info) => ({ ...info })));
    assert.equal(new Set(found.map(({ stream }) => stream)).size, found.length, 'a stream comes twice');
    if (page.length < limit) return found;
  }
}

/** What {@link infoOf} says of a stream that is there. */
export function info(stream: string, version: number, firstVersion = 1, deleted = false): StreamInfo {
  return { stream, version, firstVersion, deleted };
}

/** Makes a stream of `count` events, a tombstone or a stream without the events below a version. */
export async function streamOf(
  { adapter, name }: CaseContext,
  count: number,
  then: { readonly truncatedBefore?: number; readonly deleted?: boolean } = {},
): Promise<string> {
  const stream = name('stream');
  if (count > 0) await appended(adapter, batch(stream, count));
  if (then.truncatedBefore !== undefined) await adapter.truncateStream(stream, then.truncatedBefore);
  if (then.deleted) assert.equal((await adapter.deleteStream(stream, 'any')).status, 'deleted');
  return stream;
}

export const idsOf = (stored: readonly EncodedEvent[]): string[] => stored.map(({ id }) => id);
export const versionsOf = (stored: readonly StoredEvent[]): number[] => stored.map(({ version }) => version);

/** Whole numbers from `first` to `last`. */
export const range = (first: number, last: number): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

/** Reads the whole store behind `after` page by page, and gives what belongs to these streams. */
export async function readAllOf(adapter: EventAdapter, streams: readonly string[], after = 0, limit = 500) {
  const found: StoredEvent[] = [];
  for (let position = after; ; ) {
    const page = await adapter.readAll({ after: position, limit });
    assert.ok(page.length <= limit, 'a page holds at most as many events as were asked for');
    for (const stored of page) {
      assert.ok(stored.position > position, `positions grow strictly: ${stored.position} after ${position}`);
      position = stored.position;
      if (streams.includes(stored.stream)) found.push(stored);
    }
    if (page.length < limit) return found;
  }
}
