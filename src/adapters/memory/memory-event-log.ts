import { InvalidArgumentError } from '../../core/errors.ts';
import { type EventQuery, matchesQuery } from '../../core/event-query.ts';
import type {
  AppendedBatch,
  EncodedEvent,
  EventBatch,
  StoredEvent,
  StreamInfo,
  StreamPage,
} from '../../events/event-adapter.ts';
import { type ChainedEvent, MemoryStream } from './memory-stream.ts';

/** The events themselves, in the order of the store and of each stream. */
export class MemoryEventLog {
  #all: StoredEvent[] = [];
  /** The highest position that was ever given out: what is removed leaves it as it is. */
  #last = 0;
  readonly #streams = new Map<string, MemoryStream>();
  readonly #byId = new Map<string, StoredEvent>();
  /** How many events at the end are not in `#byId` yet: nobody looked for an id since they were added. */
  #unindexed = 0;
  #names: string[] | undefined;

  /** The position of the last event there is; 0 if there is none. */
  get lastPosition(): number {
    return this.#all.at(-1)?.position ?? 0;
  }

  infoOf(stream: string): StreamInfo {
    const known = this.#streams.get(stream);
    if (!known) return { stream, version: 0, firstVersion: 1, deleted: false };
    return { stream, version: known.version, firstVersion: known.firstVersion, deleted: known.deleted };
  }

  /** All names in ascending order. */
  names(): readonly string[] {
    this.#names ??= [...this.#streams.keys()].sort();
    return this.#names;
  }

  /** What of these batches is stored already. */
  withIds(batches: readonly EventBatch[]): StoredEvent[] {
    const found: StoredEvent[] = [];
    for (const { events, idsAreNew } of batches) {
      if (idsAreNew) continue;
      const byId = this.#ids();
      for (const { id } of events) {
        const event = byId.get(id);
        if (event) found.push(event);
      }
    }
    return found;
  }

  readStream({ stream, from, to, limit, direction }: StreamPage): StoredEvent[] {
    const known = this.#streams.get(stream);
    if (!known) return [];
    const events = known.list();
    const start = Math.max(from - known.firstVersion, 0);
    const end = Math.max(Math.min(to - known.firstVersion + 1, events.length), 0);
    return direction === 'forward'
      ? events.slice(start, Math.min(end, start + limit))
      : events.slice(Math.max(start, end - limit), end).reverse();
  }

  readAll(after: number, limit: number, query?: EventQuery): StoredEvent[] {
    const start = this.#indexAfter(after);
    if (!query) return this.#all.slice(start, start + limit);
    const found: StoredEvent[] = [];
    for (let index = start; index < this.#all.length && found.length < limit; index++) {
      const event = this.#all[index]!;
      if (matchesQuery(event, query)) found.push(event);
    }
    return found;
  }

  /** What {@link add} would store. */
  preview(batches: readonly EventBatch[]): StoredEvent[] {
    let position = this.#last;
    return batches.flatMap(({ stream, events }) => {
      const { version } = this.infoOf(stream);
      return events.map((event, index) => ({ ...event, stream, version: version + 1 + index, position: ++position }));
    });
  }

  add(batches: readonly EventBatch[]): AppendedBatch[] {
    return batches.map(({ stream, events }) => {
      const known = this.#streams.get(stream) ?? this.#begin(stream);
      for (const event of events) this.#push(known, event, known.version + 1, this.#last + 1);
      return { version: known.version, position: this.#last };
    });
  }

  /** @throws {@link InvalidArgumentError} if one does not fit; then none is taken over. */
  import(events: readonly StoredEvent[]): void {
    let position = this.#last;
    const known = this.#ids();
    const ids = new Set<string>();
    const versions = new Map<string, number>();
    for (const event of events) {
      const { version, deleted } = this.infoOf(event.stream);
      const last = versions.get(event.stream) ?? version;
      const isNext = event.version === last + 1 || (last === 0 && event.version > 0);
      const isKnown = ids.has(event.id) || known.has(event.id);
      if (event.position <= position || !isNext || isKnown || deleted) {
        throw new InvalidArgumentError('events', 'events behind all there were, each once, without gaps', event.id);
      }
      position = event.position;
      ids.add(event.id);
      versions.set(event.stream, event.version);
    }
    for (const event of events) {
      const stream = this.#streams.get(event.stream) ?? this.#begin(event.stream, event.version - 1);
      this.#push(stream, event, event.version, event.position);
    }
  }

  truncate(stream: string, before: number): void {
    const known = this.#streams.get(stream);
    if (!known) return;
    this.#remove(known.truncate(before));
  }

  delete(stream: string): void {
    const known = this.#streams.get(stream) ?? this.#begin(stream);
    this.truncate(stream, Number.MAX_SAFE_INTEGER);
    known.deleted = true;
  }

  /** Makes a stream stand at least at this version, as if its events below had been truncated. */
  reach(stream: string, version: number): void {
    if (this.infoOf(stream).version >= version) return;
    this.truncate(stream, Number.MAX_SAFE_INTEGER);
    const known = this.#streams.get(stream) ?? this.#begin(stream);
    known.skipTo(version);
  }

  #begin(name: string, version = 0): MemoryStream {
    const begun = new MemoryStream(name, version);
    this.#streams.set(name, begun);
    this.#names = undefined;
    return begun;
  }

  /** A copy of its own is kept, which shares the stream's name. */
  #push(stream: MemoryStream, event: EncodedEvent, version: number, position: number): void {
    const { id, type, data, encoding, metadata, timestamp, tags } = event;
    const stored: ChainedEvent = {
      id,
      stream: stream.name,
      version,
      position,
      type,
      data,
      encoding,
      metadata,
      timestamp,
      tags: tags.length === 0 ? noTags : [...tags],
      previous: undefined,
    };
    stream.push(stored);
    this.#all.push(stored);
    this.#unindexed++;
    this.#last = position;
  }

  #remove(events: readonly StoredEvent[]): void {
    if (events.length === 0) return;
    for (const { id } of events) if (!this.#byId.delete(id)) this.#unindexed--;
    const removed = new Set(events);
    this.#all = this.#all.filter((event) => !removed.has(event));
  }

  /** The events by their ids: an entry costs a quarter of an append, and most ids nobody looks for. */
  #ids(): ReadonlyMap<string, StoredEvent> {
    for (; this.#unindexed > 0; this.#unindexed--) {
      const event = this.#all[this.#all.length - this.#unindexed]!;
      this.#byId.set(event.id, event);
    }
    return this.#byId;
  }

  /** Where the events behind a position begin. */
  #indexAfter(position: number): number {
    return firstWhere(this.#all.length, (index) => this.#all[index]!.position > position);
  }
}

/** The first index of which a condition holds that holds of all behind it; `length` if there is none. */
export function firstWhere(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const noTags: readonly string[] = Object.freeze([]);
