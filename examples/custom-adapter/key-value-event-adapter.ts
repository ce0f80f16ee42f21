import type {
  AllPage,
  AppendedBatch,
  AppendOutcome,
  EventAdapter,
  EventBatch,
  StoredEvent,
  StoredSnapshot,
  StreamPage,
} from '@zyflow/migration';
import type { KeyValueStore } from './key-value-store.ts';

// One key holds the last position. Every append moves it on under a condition, so that appends happen one after
// another: whoever read something that has changed since begins again.
const lastKey = 'last';

// Keys sort as text: numbers are padded, and names are escaped so that none reaches into the keys of another.
const padded = (value: number) => String(value).padStart(16, '0');
const streamKey = (stream: string, version: number) => `stream/${encodeURIComponent(stream)}/${padded(version)}`;
const versionKey = (stream: string) => `version/${encodeURIComponent(stream)}`;
const positionKey = (position: number) => `position/${padded(position)}`;
const idKey = (id: string) => `id/${encodeURIComponent(id)}`;
const snapshotKey = (stream: string, name: string) =>
  `snapshot/${encodeURIComponent(stream)}/${encodeURIComponent(name)}`;
const checkpointKey = (name: string) => `checkpoint/${encodeURIComponent(name)}`;

/** Events in a {@link KeyValueStore}. */
export class KeyValueEventAdapter implements EventAdapter {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  async init(): Promise<void> {}

  async append(batches: readonly EventBatch[]): Promise<AppendOutcome> {
    for (;;) {
      const outcome = await this.#tryAppend(batches);
      if (outcome) return outcome;
    }
  }

  async readStream({ stream, from, to, limit, direction }: StreamPage): Promise<StoredEvent[]> {
    const [first, last] = [streamKey(stream, from), streamKey(stream, to)];
    return (await this.#store.range(first, last, limit, direction === 'backward')).map(parseEvent);
  }

  async readAll({ after, limit }: AllPage): Promise<StoredEvent[]> {
    const last = positionKey(Number.MAX_SAFE_INTEGER);
    return (await this.#store.range(positionKey(after + 1), last, limit)).map(parseEvent);
  }

  async streamVersion(stream: string): Promise<number> {
    return Number((await this.#store.get(versionKey(stream))) ?? 0);
  }

  async lastPosition(): Promise<number> {
    return Number((await this.#store.get(lastKey)) ?? 0);
  }

  async loadSnapshot(stream: string, name: string): Promise<StoredSnapshot | undefined> {
    const text = await this.#store.get(snapshotKey(stream, name));
    return text === undefined ? undefined : (JSON.parse(text) as StoredSnapshot);
  }

  async saveSnapshot(snapshot: StoredSnapshot): Promise<void> {
    await this.#store.write(new Map([[snapshotKey(snapshot.stream, snapshot.name), JSON.stringify(snapshot)]]));
  }

  async loadCheckpoint(name: string): Promise<number | undefined> {
    const text = await this.#store.get(checkpointKey(name));
    return text === undefined ? undefined : Number(text);
  }

  async saveCheckpoint(name: string, position: number): Promise<void> {
    await this.#store.write(new Map([[checkpointKey(name), String(position)]]));
  }

  async close(): Promise<void> {}

  /** The outcome, or nothing if another append came in between. */
  async #tryAppend(batches: readonly EventBatch[]): Promise<AppendOutcome | undefined> {
    const last = await this.#store.get(lastKey);
    const existing = await this.#existing(batches);
    if (existing.length > 0) return { status: 'existing', events: existing };

    const values = new Map<string, string>();
    const results: AppendedBatch[] = [];
    let position = Number(last ?? 0);
    for (const { stream, expectedVersion, events } of batches) {
      let version = await this.streamVersion(stream);
      if (!meets(version, expectedVersion)) return { status: 'conflict', stream, actualVersion: version };
      for (const event of events) {
        const text = JSON.stringify({ ...event, stream, version: ++version, position: ++position });
        for (const key of [streamKey(stream, version), positionKey(position), idKey(event.id)]) values.set(key, text);
      }
      values.set(versionKey(stream), String(version));
      results.push({ version, position });
    }
    values.set(lastKey, String(position));
    const written = await this.#store.write(values, new Map([[lastKey, last]]));
    return written ? { status: 'appended', batches: results } : undefined;
  }

  async #existing(batches: readonly EventBatch[]): Promise<StoredEvent[]> {
    const ids = batches.flatMap(({ events }) => events.map(({ id }) => id));
    const found = await Promise.all(ids.map((id) => this.#store.get(idKey(id))));
    return found.flatMap((text) => (text === undefined ? [] : [parseEvent(text)]));
  }
}

function meets(version: number, expected: EventBatch['expectedVersion']): boolean {
  if (expected === 'any') return true;
  if (expected === 'stream_exists') return version > 0;
  return version === (expected === 'no_stream' ? 0 : expected);
}

function parseEvent(text: string): StoredEvent {
  return JSON.parse(text) as StoredEvent;
}
