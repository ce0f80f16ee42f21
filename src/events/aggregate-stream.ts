import { checkMethods } from '../core/check-argument.ts';
import { checkInteger } from '../core/check-integer.ts';
import type { Clock } from '../core/clock.ts';
import type { BatchSource } from './event-batches.ts';
import { streamSequence } from './event-batches.ts';
import { checkName } from './event-names.ts';
import type { FoldProgress, FoldSnapshots } from './fold-snapshots.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { SnapshotStrategy } from './snapshot-strategy.ts';

/** How the state of a stream follows from its events. */
export interface StreamFold<S, R extends RecordedEvent = RecordedEvent> {
  /** The state before the first event. */
  readonly initial: () => S;
  readonly evolve: (state: S, event: R) => S;
  /**
   * Tells this fold from others of the same stream. Without it no snapshot is used or kept; with it the state must be
   * JSON.
   */
  readonly name?: string;
  /** To be raised whenever `evolve` or the shape of the state changes: older snapshots are then ignored. Default 1. */
  readonly schemaVersion?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A state and the version of the stream it belongs to; 0 if the stream does not exist. */
export interface StreamState<S> {
  readonly state: S;
  readonly version: number;
}

/** What folding needs of a store. */
export interface FoldSource<R extends RecordedEvent> {
  readonly events: BatchSource<R>;
  readonly snapshots: FoldSnapshots;
  readonly strategy: SnapshotStrategy | undefined;
  readonly clock: Clock;
}

/** Events in memory at a time; twice as many are on their way meanwhile. */
const batchSize = 1000;

interface Replayed<S> extends FoldProgress<S> {
  /** Whether what it began with belongs to the stream. */
  readonly belongs: boolean;
  readonly foldedBytes: number;
}

/**
 * Folds a stream from its last usable snapshot or from its beginning. Where the strategy says so, a snapshot is kept,
 * without being waited for.
 */
export async function aggregateStream<S, R extends RecordedEvent>(
  source: FoldSource<R>,
  stream: string,
  fold: StreamFold<S, R>,
): Promise<StreamState<S>> {
  checkMethods(fold, 'fold', 'a fold with the functions `initial` and `evolve`', 'initial', 'evolve');
  const { name, schemaVersion = 1 } = fold;
  checkInteger(schemaVersion, 0, 'fold.schemaVersion');
  if (name !== undefined) checkName(name, 'fold.name');
  const { strategy, snapshots, clock } = source;
  const key = strategy && name !== undefined ? { stream, name, schemaVersion } : undefined;

  const snapshot = key && (await snapshots.load<S>(key));
  const resumed = snapshot && (await replay(source, stream, fold, snapshot));
  const reached = resumed?.belongs
    ? resumed
    : await replay(source, stream, fold, { state: fold.initial(), version: 0, eventId: '' });
  const { state, version, foldedBytes } = reached;
  if (key && version > 0) {
    const from = reached === resumed ? snapshot : undefined;
    const snapshotVersion = from?.version ?? 0;
    const snapshotAgeMs = from ? clock.now() - from.madeAt : Number.POSITIVE_INFINITY;
    if (strategy?.shouldSnapshot({ stream, version, snapshotVersion, foldedBytes, snapshotAgeMs })) {
      snapshots.save(key, reached);
    }
  }
  return { state, version };
}

/** Goes on from `start`, which belongs to the stream if its event is the one that the stream has at that version. */
async function replay<S, R extends RecordedEvent>(
  source: FoldSource<R>,
  stream: string,
  fold: StreamFold<S, R>,
  start: FoldProgress<S>,
): Promise<Replayed<S>> {
  let { state, version, eventId } = start;
  let belongs = version === 0;
  let foldedBytes = 0;
  const counted: BatchSource<R> = {
    adapter: () => source.events.adapter(),
    decode: (events) => {
      if (source.strategy) {
        for (const event of events) if (event.version > start.version) foldedBytes += Buffer.byteLength(event.data);
      }
      return source.events.decode(events);
    },
  };
  const fromVersion = Math.max(1, version);
  const sequence = streamSequence(counted, stream, { fromVersion, batchSize, signal: fold.signal });
  for await (const batch of sequence.batchesAhead()) {
    for (const event of batch) {
      if (belongs) {
        state = fold.evolve(state, event);
        ({ version, id: eventId } = event);
      } else {
        if (event.id !== eventId) return { ...start, belongs, foldedBytes };
        belongs = true;
      }
    }
  }
  return { state, version, eventId, belongs, foldedBytes };
}
