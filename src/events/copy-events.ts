import { sleep } from '../core/abort.ts';
import { checkMethods } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { allStreams, streamsOf } from './backup-events.ts';
import { copyProgress } from './copy-progress.ts';
import type { EventAdapter, StoredCheckpoint, StreamInfo } from './event-adapter.ts';
import { pageSize, textOf } from './imported-page.ts';
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
  checkMethods(source, 'source', 'an EventAdapter', 'init', 'readAll');
  checkMethods(target, 'target', 'an EventAdapter', 'init', 'readAll');
  const { follow = false, pollIntervalMs = 200, signal, onProgress = () => {}, clock = systemClock } = options;
  await source.init();
  await target.init();
  const progress = await copyProgress(source, target, signal);
  for (let events = 0; ; ) {
    signal?.throwIfAborted();
    const page = await source.readAll({ after: progress.position(), limit: pageSize });
    if (!(await progress.isUndisturbed())) continue;
    if (page.length > 0) {
      await progress.import(page);
      events += page.length;
      onProgress({ events, position: progress.position() });
    }
    if (page.length === pageSize) continue;
    const removals = await removalsOf(source, target, signal);
    // Read afterwards: a removal is written down before it is done.
    const records = await recordsOf(source, target);
    if (!(await progress.isUndisturbed())) continue;
    for (const { name, position, state } of records) await target.saveCheckpoint(name, { position, state });
    for (const removal of removals) await target.importStreams([removal]);
    await progress.branch();
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
  checkMethods(one, 'one', 'an EventAdapter', 'init', 'readAll');
  checkMethods(other, 'other', 'an EventAdapter', 'init', 'readAll');
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
  const streams = await streamsOf(one, signal);
  for await (const info of allStreams(other, signal)) {
    if (textOf(streams.get(info.stream) ?? {}) !== textOf(info)) return `stream "${info.stream}" differs`;
    streams.delete(info.stream);
  }
  const [left] = streams.keys();
  return left === undefined ? undefined : `stream "${left}" is in the first only`;
}

/** What was truncated and deleted in the source, but not in the target yet. */
async function removalsOf(
  source: EventAdapter,
  target: EventAdapter,
  signal: AbortSignal | undefined,
): Promise<readonly StreamInfo[]> {
  const known = await streamsOf(target, signal);
  const removals: StreamInfo[] = [];
  for await (const info of allStreams(source, signal)) {
    const copy = known.get(info.stream);
    // What was appended meanwhile comes with the events.
    const reached = { ...info, version: Math.min(info.version, copy?.version ?? 0) };
    const isEmpty = info.firstVersion > info.version;
    if (info.deleted ? !copy?.deleted : isEmpty || info.firstVersion > (copy?.firstVersion ?? 1)) {
      removals.push(info.deleted || isEmpty ? info : reached);
    }
  }
  return removals;
}

/** What the source has written down of its removals, and the target has not yet: see `recorded-removals.ts`. */
async function recordsOf(source: EventAdapter, target: EventAdapter): Promise<readonly StoredCheckpoint[]> {
  const known = new Map((await target.listCheckpoints(removalNames)).map(({ name, position }) => [name, position]));
  return (await source.listCheckpoints(removalNames)).filter(({ name, position }) => known.get(name) !== position);
}
