import type { Clock } from '../core/clock.ts';
import { isMigrationError } from '../core/errors.ts';
import { isPlainObject } from '../core/json-value.ts';
import type { OnError } from '../core/on-error.ts';
import type { EventAdapter, StoredSnapshot } from './event-adapter.ts';
import type { EventCodec } from './event-codec.ts';

/** Which fold a snapshot belongs to. */
export type SnapshotKey = Pick<StoredSnapshot, 'stream' | 'name' | 'schemaVersion'>;

/** A state and where in its stream it stands. */
export interface FoldProgress<S> {
  readonly state: S;
  readonly version: number;
  /** Id of the event at `version`; empty at 0. */
  readonly eventId: string;
}

export interface LoadedSnapshot<S> extends FoldProgress<S> {
  /** When it was made, in ms since 1970. */
  readonly madeAt: number;
}

type Unsealed = SnapshotKey & { readonly version: number; readonly eventId: string; readonly text: string };

/** The snapshots of a store: read where they fit, and written beside whatever else goes on. */
export class FoldSnapshots {
  readonly #adapter: EventAdapter;
  readonly #codec: EventCodec;
  readonly #clock: Clock;
  readonly #onError: OnError;
  /** What is to be written after the one that is being written, by stream and name of the fold. */
  readonly #waiting = new Map<string, Map<string, Unsealed>>();
  readonly #running = new Set<Promise<void>>();

  constructor(adapter: EventAdapter, codec: EventCodec, clock: Clock, onError: OnError) {
    this.#adapter = adapter;
    this.#codec = codec;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** The same, on another adapter. */
  on(adapter: EventAdapter): FoldSnapshots {
    return new FoldSnapshots(adapter, this.#codec, this.#clock, this.#onError);
  }

  /** The snapshot of a fold, if there is one that can be read and was made under the same registry. */
  async load<S>(key: SnapshotKey): Promise<LoadedSnapshot<S> | undefined> {
    const stored = await this.#adapter.loadSnapshot(key.stream, key.name);
    // At version 0 there is no event by which to tell whose history it is.
    if (!stored || stored.version < 1 || stored.schemaVersion !== key.schemaVersion) return undefined;
    let content: unknown;
    try {
      content = await this.#codec.seals.open(stored, () => contextOf(stored));
    } catch {
      // A damaged snapshot is as good as none (ES8): the events are all there, and the next one replaces it.
      return undefined;
    }
    if (!isPlainObject(content) || content.fingerprint !== this.#codec.fingerprint) return undefined;
    const { version, eventId } = stored;
    return { state: content.state as S, version, eventId, madeAt: Number(content.madeAt) };
  }

  /**
   * Begins to write a snapshot. What happens to the state afterwards changes nothing. A stream has one written at a time;
   * of several that wait, only the last of each fold is written.
   */
  save<S>(key: SnapshotKey, { state, version, eventId }: FoldProgress<S>): void {
    const { stream, name } = key;
    let text: string;
    try {
      const head = JSON.stringify({ fingerprint: this.#codec.fingerprint, madeAt: this.#clock.now() });
      text = `${head.slice(0, -1)},"state":${this.#codec.payloads.encode(state, `the state of fold "${name}"`).data}}`;
    } catch (error) {
      // The fold itself is right; only the next one will be slower.
      this.#onError(error);
      return;
    }
    const snapshot = { ...key, version, eventId, text };
    const waiting = this.#waiting.get(stream);
    if (waiting) {
      waiting.set(name, snapshot);
      return;
    }
    const begun = new Map([[name, snapshot]]);
    this.#waiting.set(stream, begun);
    const run = this.#write(stream, begun);
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  /** Resolves once nothing is being written. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #write(stream: string, waiting: Map<string, Unsealed>): Promise<void> {
    try {
      for (const [name, { text, ...snapshot }] of waiting) {
        waiting.delete(name);
        try {
          const payload = await this.#codec.seals.seal(text, contextOf(snapshot));
          if (payload) await this.#adapter.saveSnapshot({ ...snapshot, ...payload });
        } catch (error) {
          // A standby keeps none of its own: it has those of the primary.
          if (!isMigrationError(error, 'STORAGE_READ_ONLY')) this.#onError(error);
        }
      }
    } finally {
      this.#waiting.delete(stream);
    }
  }
}

function contextOf({ stream, name, eventId }: SnapshotKey & { readonly eventId: string }) {
  return { kind: 'snapshot', stream, id: eventId, type: name } as const;
}
