import {
  type AdapterAppendOptions,
  type AllPage,
  type AppendedBatch,
  type AppendOutcome,
  type Checkpoint,
  type DeleteOutcome,
  type EventAdapter,
  type EventBatch,
  type EventQuery,
  type ExpectedVersion,
  InvalidArgumentError,
  type SaveCheckpointOptions,
  type StoredCheckpoint,
  type StoredEvent,
  type StoredSnapshot,
  type StreamInfo,
  type StreamPage,
  type StreamsPage,
} from '@zyflow/migration';
import type { Changes, KeyValueStore } from './key-value-store.ts';
import * as keys from './keys.ts';

/** Events in a {@link KeyValueStore}. */
export class KeyValueEventAdapter implements EventAdapter {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  async init(): Promise<void> {}

  append(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): Promise<AppendOutcome> {
    const { condition, checkpoints, within } = options;
    return this.#store.transact(async (changes) => {
      const refused = await this.#refusal(batches);
      if (refused) return refused;
      const [match] = condition
        ? await this.readAll({ after: condition.after, limit: 1, query: condition.failIfEventsMatch })
        : [];
      if (match) return { status: 'matched', position: match.position };

      let position = await this.#count(keys.positionCounter);
      const stored: StoredEvent[] = [];
      const results: AppendedBatch[] = [];
      for (const { stream, events } of batches) {
        const info = await this.#info(stream);
        let { version } = info;
        for (const event of events) stored.push({ ...event, stream, version: ++version, position: ++position });
        putStream(changes, { ...info, version });
        results.push({ version, position });
      }
      for (const event of stored) putEvent(changes, event);
      let revision = await this.#count(keys.revisionCounter);
      for (const checkpoint of checkpoints?.(results) ?? [])
        putCheckpoint(changes, { ...checkpoint, revision: ++revision });
      await within?.(stored, undefined);
      return { status: 'appended', batches: results };
    });
  }

  async readStream({ stream, from, to, limit, direction }: StreamPage): Promise<StoredEvent[]> {
    const [first, last] = [keys.versionKey(stream, from), keys.versionKey(stream, to)];
    const found = await this.#store.range(first, last, limit, direction === 'backward');
    return Promise.all(found.map(async (key) => parse<StoredEvent>((await this.#store.get(key))!)));
  }

  async readAll({ after, limit, query }: AllPage): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for (let position = after; found.length < limit; ) {
      const begin = keys.justBehind(keys.eventKey(position));
      const page = (await this.#store.range(begin, keys.endOf('event/'), limit)).map(parse<StoredEvent>);
      found.push(...page.filter((event) => !query || matches(event, query)));
      if (page.length < limit) break;
      position = page.at(-1)!.position;
    }
    return found.slice(0, limit);
  }

  async streamVersion(stream: string): Promise<number> {
    return (await this.#info(stream)).version;
  }

  async listStreams({ after, limit }: StreamsPage): Promise<StreamInfo[]> {
    const begin = after === undefined ? 'stream/' : keys.justBehind(keys.streamKey(after));
    return (await this.#store.range(begin, keys.endOf('stream/'), limit)).map(parse<StreamInfo>);
  }

  async lastPosition(): Promise<number> {
    const [last] = await this.#store.range('event/', keys.endOf('event/'), 1, true);
    return last === undefined ? 0 : parse<StoredEvent>(last).position;
  }

  truncateStream(stream: string, beforeVersion: number): Promise<void> {
    return this.#store.transact(async (changes) => {
      const info = await this.#info(stream);
      if (info.version > 0) await this.#truncate(changes, info, beforeVersion);
    });
  }

  deleteStream(stream: string, expectedVersion: ExpectedVersion): Promise<DeleteOutcome> {
    return this.#store.transact(async (changes) => {
      const info = await this.#info(stream);
      if (!info.deleted && !meets(info.version, expectedVersion)) {
        return { status: 'conflict', actualVersion: info.version };
      }
      await this.#delete(changes, info);
      return { status: 'deleted' };
    });
  }

  importEvents(events: readonly StoredEvent[]): Promise<void> {
    return this.#store.transact(async (changes) => {
      let position = await this.#count(keys.positionCounter);
      const streams = new Map<string, StreamInfo>();
      for (const event of events) {
        const { version, firstVersion, deleted } = streams.get(event.stream) ?? (await this.#info(event.stream));
        const known = changes.has(keys.idKey(event.id)) || (await this.#store.get(keys.idKey(event.id))) !== undefined;
        const isNext = version === 0 ? event.version > 0 : event.version === version + 1;
        if (known || deleted || !isNext || event.position <= position) {
          throw new InvalidArgumentError('events', 'events behind all there were, each once, without gaps', event.id);
        }
        const first = version === 0 ? event.version : firstVersion;
        const info = { stream: event.stream, version: event.version, firstVersion: first, deleted };
        streams.set(event.stream, info);
        putStream(changes, info);
        putEvent(changes, event);
        position = event.position;
      }
    });
  }

  importStreams(streams: readonly StreamInfo[]): Promise<void> {
    return this.#store.transact(async (changes) => {
      for (const { stream, version, firstVersion, deleted } of streams) {
        const own = await this.#info(stream);
        const isBehind = own.version < version;
        if (isBehind) await this.#truncate(changes, own, own.version + 1);
        const reached = isBehind ? { ...own, version, firstVersion: version + 1 } : own;
        if (deleted) await this.#delete(changes, reached);
        else if (reached.version > 0) await this.#truncate(changes, reached, firstVersion);
      }
    });
  }

  async loadSnapshot(stream: string, name: string): Promise<StoredSnapshot | undefined> {
    const text = await this.#store.get(keys.snapshotKey(stream, name));
    return text === undefined ? undefined : parse(text);
  }

  saveSnapshot(snapshot: StoredSnapshot): Promise<void> {
    const text = JSON.stringify(snapshot);
    return this.#store.transact(async (changes) => {
      changes.set(keys.snapshotKey(snapshot.stream, snapshot.name), text);
    });
  }

  async loadCheckpoint(name: string): Promise<StoredCheckpoint | undefined> {
    const text = await this.#store.get(keys.checkpointKey(name));
    return text === undefined ? undefined : parse(text);
  }

  saveCheckpoint(
    name: string,
    { position, state }: Checkpoint,
    { expectedRevision, within, checkpoints = [] }: SaveCheckpointOptions = {},
  ): Promise<number | undefined> {
    return this.#store.transact(async (changes) => {
      const { revision: last = 0 } = (await this.loadCheckpoint(name)) ?? {};
      if (expectedRevision !== undefined && expectedRevision !== last) return undefined;
      let revision = await this.#count(keys.revisionCounter);
      for (const checkpoint of checkpoints) putCheckpoint(changes, { ...checkpoint, revision: ++revision });
      putCheckpoint(changes, { name, position, state, revision: ++revision });
      await within?.(undefined);
      return revision;
    });
  }

  async listCheckpoints(prefix: string): Promise<StoredCheckpoint[]> {
    const begin = keys.checkpointKey(prefix);
    return (await this.#store.range(begin, keys.endOf(begin))).map(parse<StoredCheckpoint>);
  }

  deleteCheckpoint(name: string): Promise<void> {
    return this.#store.transact(async (changes) => {
      changes.set(keys.checkpointKey(name), undefined);
    });
  }

  async close(): Promise<void> {}

  async #count(counter: string): Promise<number> {
    return Number((await this.#store.get(counter)) ?? 0);
  }

  async #info(stream: string): Promise<StreamInfo> {
    const text = await this.#store.get(keys.streamKey(stream));
    return text === undefined ? { stream, version: 0, firstVersion: 1, deleted: false } : parse(text);
  }

  /** What speaks against an append before its condition does. */
  async #refusal(batches: readonly EventBatch[]): Promise<AppendOutcome | undefined> {
    const ids = batches.flatMap(({ events }) => events.map(({ id }) => id));
    const known = await Promise.all(ids.map((id) => this.#store.get(keys.idKey(id))));
    const existing = known.filter((key) => key !== undefined).map(async (key) => (await this.#store.get(key))!);
    if (existing.length > 0) {
      return { status: 'existing', events: (await Promise.all(existing)).map(parse<StoredEvent>) };
    }
    for (const { stream, expectedVersion } of batches) {
      const { version, deleted } = await this.#info(stream);
      if (deleted) return { status: 'deleted', stream };
      if (!meets(version, expectedVersion)) return { status: 'conflict', stream, actualVersion: version };
    }
    return undefined;
  }

  async #truncate(changes: Changes, info: StreamInfo, before: number): Promise<void> {
    const { stream, version } = info;
    const firstVersion = Math.min(Math.max(before, info.firstVersion), version + 1);
    const page = { stream, from: 1, to: firstVersion - 1, limit: version, direction: 'forward' } as const;
    for (const event of await this.readStream(page)) removeEvent(changes, event);
    putStream(changes, { ...info, firstVersion });
  }

  async #delete(changes: Changes, info: StreamInfo): Promise<void> {
    await this.#truncate(changes, { ...info, deleted: true }, info.version + 1);
    const snapshots = keys.snapshotKey(info.stream, '');
    for (const text of await this.#store.range(snapshots, keys.endOf(snapshots))) {
      changes.set(keys.snapshotKey(info.stream, parse<StoredSnapshot>(text).name), undefined);
    }
  }
}

function putStream(changes: Changes, info: StreamInfo): void {
  changes.set(keys.streamKey(info.stream), JSON.stringify(info));
}

function putCheckpoint(changes: Changes, checkpoint: StoredCheckpoint): void {
  changes.set(keys.checkpointKey(checkpoint.name), JSON.stringify(checkpoint));
  changes.set(keys.revisionCounter, String(checkpoint.revision));
}

function putEvent(changes: Changes, event: StoredEvent): void {
  const key = keys.eventKey(event.position);
  changes.set(key, JSON.stringify(event));
  changes.set(keys.versionKey(event.stream, event.version), key);
  changes.set(keys.idKey(event.id), key);
  changes.set(keys.positionCounter, String(event.position));
}

function removeEvent(changes: Changes, { id, stream, version, position }: StoredEvent): void {
  for (const key of [keys.eventKey(position), keys.versionKey(stream, version), keys.idKey(id)]) {
    changes.set(key, undefined);
  }
}

function meets(version: number, expected: ExpectedVersion): boolean {
  if (expected === 'any') return true;
  if (expected === 'stream_exists') return version > 0;
  return version === (expected === 'no_stream' ? 0 : expected);
}

function matches({ type, tags }: StoredEvent, query: EventQuery): boolean {
  return query.some(
    (item) =>
      (!item.types || item.types.includes(type)) && (!item.tags || item.tags.every((tag) => tags.includes(tag))),
  );
}

function parse<T>(text: string): T {
  return JSON.parse(text) as T;
}
