import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ExpectedVersion } from '../../core/expected-version.ts';
import type { AppendOutcome, EncodedEvent, EventAdapter, EventBatch, StoredEvent } from '../../events/event-adapter.ts';

/** What a case works with. */
interface CaseContext {
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
  const outcome = await adapter.append(batches);
  assert.equal(outcome.status, 'appended', `expected the append to succeed: ${JSON.stringify(outcome)}`);
  assert.ok(outcome.status === 'appended');
  assert.equal(outcome.batches.length, batches.length, 'one result a batch');
  return outcome.batches;
}

export function assertConflict(outcome: AppendOutcome, stream: string, actualVersion: number): void {
  assert.deepEqual({ ...outcome }, { status: 'conflict', stream, actualVersion });
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
