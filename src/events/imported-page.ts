import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { isMigrationError } from '../core/errors.ts';
import { eventsUpTo } from './backup-events.ts';
import type { EventAdapter, StoredEvent, StreamInfo } from './event-adapter.ts';

/** The most events that are imported at once. */
export const pageSize = 500;

/** Imports a page. A stream that was truncated before it could be read so far begins anew, where the page has it. */
export async function importPage(target: EventAdapter, page: readonly StoredEvent[]): Promise<void> {
  try {
    await target.importEvents(page);
  } catch (error) {
    if (!isMigrationError(error, 'INVALID_ARGUMENT')) throw error;
    const skipped: StreamInfo[] = [];
    const versions = new Map<string, number>();
    for (const { stream, version } of page) {
      const last = versions.get(stream) ?? (await target.streamVersion(stream));
      if (last < version - 1) skipped.push({ stream, version: version - 1, firstVersion: version, deleted: false });
      versions.set(stream, version);
    }
    if (skipped.length === 0) throw error;
    await target.importStreams(skipped);
    await target.importEvents(page);
  }
}

/**
 * What a store holds behind the position that it is known to have come to: nothing, or the page that was imported before
 * that could be written down, or somebody else's events. No more than tells the three apart.
 */
export async function eventsBehind(
  adapter: EventAdapter,
  position: number,
  options: { readonly signal?: AbortSignal | undefined; readonly clock?: Clock },
): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of eventsUpTo(adapter, await adapter.lastPosition(), { ...options, after: position })) {
    if (events.push(event) > pageSize) break;
  }
  return events;
}

/** Tells a page from any other. */
export function digestOf(events: readonly StoredEvent[]): string {
  const sha256 = createHash('sha256');
  for (const event of events) sha256.update(`${textOf(event)}\n`);
  return sha256.digest('hex');
}

/** The content of a record, whatever the order of its fields. */
export function textOf(record: object): string {
  return JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
