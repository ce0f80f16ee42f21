import type { EventQuery } from '../core/event-query.ts';
import type { BatchSource } from './event-batches.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** What is new behind a position. */
export interface TailPage {
  readonly events: readonly RecordedEvent[];
  /** All that matches up to this position is among `events`, or was there before. */
  readonly upTo: number;
  /** Whether there may be more already. */
  readonly more: boolean;
}

/**
 * The next events behind a position.
 *
 * Under a query that matches little, the position goes on all the same: as soon as the storage's last event is given,
 * nothing undecided is below it (ES5), so that whatever matches up to there is found by reading after that.
 */
export async function readTail(
  source: BatchSource,
  after: number,
  limit: number,
  query: EventQuery | undefined,
): Promise<TailPage> {
  const adapter = await source.adapter();
  let edge = after;
  if (query) {
    const last = await adapter.lastPosition();
    if (last <= after) return { events: [], upTo: after, more: false };
    if ((await adapter.readAll({ after: last - 1, limit: 1 })).length > 0) edge = last;
  }
  const stored = await adapter.readAll({ after, limit, query });
  const events = await source.decode(stored);
  const more = stored.length >= limit;
  const position = stored.at(-1)?.position ?? after;
  return { events, upTo: more ? position : Math.max(position, edge), more };
}
