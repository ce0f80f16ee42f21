import type { OnError } from '../core/on-error.ts';
import type { EventAdapter, StoredSnapshot } from './event-adapter.ts';
import { checkInteger, checkName } from './event-names.ts';
import type { EventSequence } from './event-sequence.ts';
import type { PayloadCodec } from './payload-codec.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { SnapshotStrategy } from './snapshot-strategy.ts';

/** How the state of a stream follows from its events. */
export interface StreamFold<S> {
  /** The state before the first event. */
  readonly initial: () => S;
  readonly evolve: (state: S, event: RecordedEvent) => S;
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
export interface FoldSource {
  readonly adapter: EventAdapter;
  readonly codec: PayloadCodec;
  readonly strategy: SnapshotStrategy | undefined;
  readonly onError: OnError;
  read(fromVersion: number): EventSequence;
}

interface Progress<S> extends StreamState<S> {
  /** Id of the event at `version`; empty at 0. */
  readonly eventId: string;
}

/** Folds a stream from its last usable snapshot or from its beginning, and keeps a snapshot where the strategy says so. */
export async function aggregateStream<S>(
  source: FoldSource,
  stream: string,
  fold: StreamFold<S>,
): Promise<StreamState<S>> {
  const { name, schemaVersion = 1 } = fold;
  checkInteger(schemaVersion, 0, 'fold.schemaVersion');
  if (name !== undefined) checkName(name, 'fold.name');
  const { strategy } = source;
  const key = strategy && name !== undefined ? { stream, name, schemaVersion } : undefined;

  const snapshot = key && (await loadSnapshot<S>(source, key));
  const resumed = snapshot && (await replay(source, fold, snapshot));
  const reached = resumed?.belongs
    ? resumed
    : await replay(source, fold, { state: fold.initial(), version: 0, eventId: '' });
  const snapshotVersion = snapshot && reached === resumed ? snapshot.version : 0;
  if (key && reached.version > 0 && strategy?.shouldSnapshot({ stream, version: reached.version, snapshotVersion })) {
    await saveSnapshot(source, key, reached);
  }
  return { state: reached.state, version: reached.version };
}

/** Goes on from `start`, which belongs to the stream if its event is the one that the stream has at that version. */
async function replay<S>(
  source: FoldSource,
  fold: StreamFold<S>,
  start: Progress<S>,
): Promise<Progress<S> & { readonly belongs: boolean }> {
  let { state, version, eventId } = start;
  let belongs = version === 0;
  for await (const batch of source.read(Math.max(1, version)).batches()) {
    for (const event of batch) {
      if (belongs) {
        state = fold.evolve(state, event);
        ({ version, id: eventId } = event);
      } else {
        if (event.id !== eventId) return { ...start, belongs };
        belongs = true;
      }
    }
  }
  return { state, version, eventId, belongs };
}

type SnapshotKey = Pick<StoredSnapshot, 'stream' | 'name' | 'schemaVersion'>;

async function loadSnapshot<S>(source: FoldSource, key: SnapshotKey): Promise<Progress<S> | undefined> {
  const stored = await source.adapter.loadSnapshot(key.stream, key.name);
  // At version 0 there is no event by which to tell whose history it is.
  if (!stored || stored.version < 1 || stored.schemaVersion !== key.schemaVersion) return undefined;
  let state: unknown;
  try {
    state = await source.codec.decode(stored);
  } catch {
    // A damaged snapshot is as good as none (ES8): the events are all there, and the next one replaces it.
    return undefined;
  }
  return { state: state as S, version: stored.version, eventId: stored.eventId };
}

async function saveSnapshot<S>(source: FoldSource, key: SnapshotKey, { state, version, eventId }: Progress<S>) {
  const { adapter, codec } = source;
  try {
    const payload = await codec.compress(codec.encode(state, `the state of fold "${key.name}"`));
    await adapter.saveSnapshot({ ...key, version, eventId, ...payload });
  } catch (error) {
    // The fold itself is right; only the next one will be slower.
    source.onError(error);
  }
}
