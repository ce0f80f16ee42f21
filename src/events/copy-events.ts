import { sleep } from '../core/abort.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { isMigrationError } from '../core/errors.ts';
import { allStreams } from './backup-events.ts';
import { ownCheckpoint } from './checkpoint-names.ts';
import { branchEpoch, epochsOf } from './epochs.ts';
import type { EventAdapter, StoredEvent, StreamInfo } from './event-adapter.ts';
import { removalNames } from './recorded-removals.ts';

/** How a store is copied. */
export interface CopyOptions {
  /** Whether to go on with what is appended from then on, until the signal aborts. Default false: until it has caught up. */
  readonly follow?: boolean;
  /** How often to look for new events while following, in ms. Default 200. */
  readonly pollIntervalMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch how many events were copied so far, and up to which position. */
  readonly onProgress?: (progress: { readonly events: number; readonly position: number }) => void;
  readonly clock?: Clock;
}

const pageSize = 500;

/** How far a copy is, kept in the target. */
const progressName = ownCheckpoint('copy');

/**
 * Copies a store into another one, with versions and positions, while the source is in use: events first, then what was
 * truncated and deleted meanwhile. Nobody else may write to the target.
 *
 * Killed at any moment it goes on where it stopped when it is called again. Once nobody writes to the source any more, a
 * last call makes them equal; see {@link compareEvents}. Checkpoints and snapshots are not copied.
 *
 * @returns How many events this call has copied.
 * @throws {@link InvalidArgumentError} if the target holds events of its own.
 */
export async function copyEvents(
  source: EventAdapter,
  target: EventAdapter,
  options: CopyOptions = {},
): Promise<number> {
  const { follow = false, pollIntervalMs = 200, signal, onProgress = () => {}, clock = systemClock } = options;
  await source.init();
  await target.init();
  let position = Math.max((await target.loadCheckpoint(progressName))?.position ?? 0, await target.lastPosition());
  let events = 0;
  const epochs = await epochsOf(source);
  await branchEpoch(target, epochs);
  let branched = position;
  for (;;) {
    signal?.throwIfAborted();
    const page = await source.readAll({ after: position, limit: pageSize });
    if (page.length > 0) {
      await importPage(target, page);
      position = page.at(-1)!.position;
      events += page.length;
      await target.saveCheckpoint(progressName, { position, state: '{}' });
      onProgress({ events, position });
    }
    if (page.length === pageSize) continue;
    await copyRemovals(source, target, signal);
    if (position > branched) await branchEpoch(target, epochs);
    branched = position;
    if (!follow) return events;
    await sleep(pollIntervalMs, { clock, signal });
  }
}

/**
 * The first difference between two stores, in words; nothing if they hold the same events and streams. Both should be
 * at rest. Checkpoints and snapshots are not compared.
 */
export async function compareEvents(
  one: EventAdapter,
  other: EventAdapter,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string | undefined> {
  const { signal } = options;
  await one.init();
  await other.init();
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const [a, b] = await Promise.all([one, other].map((adapter) => adapter.readAll({ after, limit: pageSize })));
    for (let index = 0; index < Math.max(a!.length, b!.length); index++) {
      const [left, right] = [a![index], b![index]];
      if (!left || !right) return `position ${(left ?? right)!.position} is in the ${left ? 'first' : 'second'} only`;
      if (textOf(left) !== textOf(right)) {
        return left.position === right.position
          ? `the events at position ${left.position} differ`
          : `position ${Math.min(left.position, right.position)} is in the ${left.position < right.position ? 'first' : 'second'} only`;
      }
    }
    if (a!.length < pageSize) break;
    after = a!.at(-1)!.position;
  }
  const streams = new Map<string, string>();
  for await (const info of allStreams(one, signal)) streams.set(info.stream, textOf(info));
  for await (const info of allStreams(other, signal)) {
    if (streams.get(info.stream) !== textOf(info)) return `stream "${info.stream}" differs`;
    streams.delete(info.stream);
  }
  const [left] = streams.keys();
  return left === undefined ? undefined : `stream "${left}" is in the first only`;
}

/** A stream that was truncated in the source before its events were copied begins anew in the target, where it is now. */
async function importPage(target: EventAdapter, page: readonly StoredEvent[]): Promise<void> {
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

async function copyRemovals(
  source: EventAdapter,
  target: EventAdapter,
  signal: AbortSignal | undefined,
): Promise<void> {
  const known = new Map<string, StreamInfo>();
  for await (const info of allStreams(target, signal)) known.set(info.stream, info);
  for await (const info of allStreams(source, signal)) {
    const copy = known.get(info.stream);
    // What was appended meanwhile comes with the events.
    const reached = { ...info, version: Math.min(info.version, copy?.version ?? 0) };
    const isEmpty = info.firstVersion > info.version;
    if (info.deleted ? !copy?.deleted : isEmpty || info.firstVersion > (copy?.firstVersion ?? 1)) {
      await target.importStreams([info.deleted || isEmpty ? info : reached]);
    }
  }
  const recorded = new Map((await target.listCheckpoints(removalNames)).map(({ name, position }) => [name, position]));
  for (const { name, position, state } of await source.listCheckpoints(removalNames)) {
    if (recorded.get(name) !== position) await target.saveCheckpoint(name, { position, state });
  }
}

/** The content of a record, whatever the order of its fields. */
function textOf(record: StoredEvent | StreamInfo): string {
  return JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
