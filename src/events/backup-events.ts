import { createHash } from 'node:crypto';
import { sleep } from '../core/abort.ts';
import { checkMethods } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { type BackupRecord, backupFormat } from './backup-record.ts';
import { chainName } from './chained-appends.ts';
import { epochsOf } from './epochs.ts';
import type { EventAdapter, StoredEvent, StreamInfo } from './event-adapter.ts';
import { removalNames } from './recorded-removals.ts';

/** How a backup is made. */
export interface BackupOptions {
  readonly signal?: AbortSignal | undefined;
  /** The time that the header tells. */
  readonly clock?: Clock;
}

const pageSize = 500;

/**
 * Everything that a store holds as lines of JSON, each ending in a line feed: events as they are stored, with their
 * positions, what is known of truncated and deleted streams, and checkpoints. Snapshots are left out: they are a cache.
 *
 * Holds a page of events in memory. Reads up to the last position at its beginning; of an append of several events that is
 * under way at that moment, PostgreSQL may give the first ones only. Streams are described as they are at the end.
 *
 * @example
 * ```ts
 * await pipeline(backupEvents(adapter), createWriteStream('events.ndjson'));
 * ```
 */
export async function* backupEvents(adapter: EventAdapter, options: BackupOptions = {}): AsyncGenerator<string, void> {
  checkMethods(adapter, 'adapter', 'an EventAdapter', 'init', 'readAll');
  const { signal, clock = systemClock } = options;
  const sha256 = createHash('sha256');
  const counts = { events: 0, streams: 0, checkpoints: 0 };
  const line = (record: BackupRecord) => {
    const text = `${JSON.stringify(record)}\n`;
    sha256.update(text);
    return text;
  };

  await adapter.init();
  // Without them no checkpoint of this life could be told in what is restored.
  await epochsOf(adapter);
  // Read first: a checkpoint must not be ahead of the events.
  const listed = await adapter.listCheckpoints('');
  // But for what the streams are compared with, which is read after them.
  const checkpoints = listed.filter(({ name }) => !name.startsWith(removalNames));
  const upTo = await adapter.lastPosition();
  yield line({ header: { format: backupFormat, version: 1, madeAt: new Date(clock.now()).toISOString() } });
  for await (const event of eventsUpTo(adapter, upTo, options)) {
    counts.events++;
    yield line({ event });
  }
  const moved = new Set<string>();
  const ends = new Map(checkpoints.map(({ name, position }) => [name, position]));
  for await (const stream of allStreams(adapter, signal)) {
    const chain = chainName(stream.stream);
    if (stream.version > (ends.get(chain) ?? stream.version)) moved.add(chain);
    if (stream.firstVersion === 1 && !stream.deleted) continue;
    counts.streams++;
    yield line({ stream });
  }
  const removals = await adapter.listCheckpoints(removalNames);
  for (const { name, position, state } of [...checkpoints, ...removals]) {
    // The end of a chain that has gone on since would be taken for one that was set back.
    if (moved.has(name)) continue;
    counts.checkpoints++;
    yield line({ checkpoint: { name, position, state } });
  }
  yield `${JSON.stringify({ end: { ...counts, sha256: sha256.digest('hex') } } satisfies BackupRecord)}\n`;
}

/** The events of a store in order, up to a position. */
export async function* eventsUpTo(
  adapter: EventAdapter,
  upTo: number,
  { signal, clock = systemClock, after = 0 }: BackupOptions & { after?: number } = {},
): AsyncGenerator<StoredEvent, void> {
  while (after < upTo) {
    signal?.throwIfAborted();
    const page: readonly StoredEvent[] = await adapter.readAll({ after, limit: pageSize });
    for (const event of page) {
      if (event.position > upTo) return;
      yield event;
    }
    const last = page.at(-1);
    // What is not there any more was removed meanwhile; what is not there yet is waited for.
    if (!last) {
      if ((await adapter.lastPosition()) < upTo) return;
      await sleep(10, { clock, signal });
    } else after = last.position;
  }
}

/** What is known of every stream, a page at a time. */
export async function* allStreams(
  adapter: EventAdapter,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamInfo, void> {
  for (let after: string | undefined; ; ) {
    signal?.throwIfAborted();
    const page = await adapter.listStreams({ after, limit: pageSize });
    yield* page;
    if (page.length < pageSize) return;
    after = page.at(-1)!.stream;
  }
}

/** What is known of every stream, by name. */
export async function streamsOf(
  adapter: EventAdapter,
  signal: AbortSignal | undefined,
): Promise<Map<string, StreamInfo>> {
  const streams = new Map<string, StreamInfo>();
  for await (const info of allStreams(adapter, signal)) streams.set(info.stream, info);
  return streams;
}
