import { InvalidArgumentError } from '../../core/errors.ts';
import { type EventQuery, matchesQuery } from '../../core/event-query.ts';
import type { AppendedBatch, EventBatch, StoredEvent, StreamInfo, StreamPage } from '../../events/event-adapter.ts';

interface Stream {
  /** The version of the first of `events`, which have no gap. */
  first: number;
  events: StoredEvent[];
  deleted: boolean;
}

/** The events themselves, in the order of the store and of each stream. */
export class MemoryEventLog {
  #all: StoredEvent[] = [];
  /** The highest position that was ever given out: what is removed leaves it as it is. */
  #last = 0;
  readonly #streams = new Map<string, Stream>();
  readonly #byId = new Map<string, StoredEvent>();
  #names: string[] | undefined;

  /** The position of the last event there is; 0 if there is none. */
  get lastPosition(): number {
    return this.#all.at(-1)?.position ?? 0;
  }

  infoOf(stream: string): StreamInfo {
    const { first, events, deleted } = this.#streams.get(stream) ?? { first: 1, events: [], deleted: false };
    return { stream, version: first - 1 + events.length, firstVersion: first, deleted };
  }

  /** The version of a stream's last event; 0 if there never was one. */
  versionOf(stream: string): number {
    const known = this.#streams.get(stream);
    return known ? known.first - 1 + known.events.length : 0;
  }

  isDeleted(stream: string): boolean {
    return this.#streams.get(stream)?.deleted === true;
  }

  /** All names in ascending order. */
  names(): readonly string[] {
    this.#names ??= [...this.#streams.keys()].sort();
    return this.#names;
  }

  /** What of these batches is stored already. */
  withIds(batches: readonly EventBatch[]): StoredEvent[] {
    const found: StoredEvent[] = [];
    for (const { events } of batches) {
      for (const { id } of events) {
        const event = this.#byId.get(id);
        if (event) found.push(event);
      }
    }
    return found;
  }

  readStream({ stream, from, to, limit, direction }: StreamPage): StoredEvent[] {
    const { first, events } = this.#streams.get(stream) ?? { first: 1, events: [] };
    const start = Math.max(from - first, 0);
    const end = Math.max(Math.min(to - first + 1, events.length), 0);
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
      const version = this.versionOf(stream);
      return events.map((event, index) => ({ ...event, stream, version: version + 1 + index, position: ++position }));
    });
  }

  add({ stream, events }: EventBatch): AppendedBatch {
    const known = this.#streams.get(stream) ?? this.#begin(stream);
    for (const { id, type, data, encoding, metadata, timestamp, tags } of events) {
      const version = known.first + known.events.length;
      this.#push(known, {
        id,
        stream,
        version,
        position: this.#last + 1,
        type,
        data,
        encoding,
        metadata,
        timestamp,
        tags: tags.length === 0 ? noTags : [...tags],
      });
    }
    return { version: known.first - 1 + known.events.length, position: this.#last };
  }

  /** @throws {@link InvalidArgumentError} if one does not fit; then none is taken over. */
  import(events: readonly StoredEvent[]): void {
    let position = this.#last;
    const ids = new Set<string>();
    const versions = new Map<string, number>();
    for (const event of events) {
      const version = versions.get(event.stream) ?? this.versionOf(event.stream);
      const isNext = event.version === version + 1 || (version === 0 && event.version > 0);
      const isKnown = ids.has(event.id) || this.#byId.has(event.id);
      if (event.position <= position || !isNext || isKnown || this.isDeleted(event.stream)) {
        throw new InvalidArgumentError('events', 'events behind all there were, each once, without gaps', event.id);
      }
      position = event.position;
      ids.add(event.id);
      versions.set(event.stream, event.version);
    }
    for (const event of events) {
      const known = this.#streams.get(event.stream) ?? this.#begin(event.stream, event.version);
      this.#push(known, { ...event, tags: [...event.tags] });
    }
  }

  truncate(stream: string, before: number): void {
    const known = this.#streams.get(stream);
    if (!known) return;
    const removed = known.events.splice(0, Math.max(0, before - known.first));
    known.first += removed.length;
    this.#remove(removed);
  }

  delete(stream: string): void {
    const known = this.#streams.get(stream) ?? this.#begin(stream);
    this.truncate(stream, Number.MAX_SAFE_INTEGER);
    known.deleted = true;
  }

  /** Makes a stream stand at least at this version, as if its events below had been truncated. */
  reach(stream: string, version: number): void {
    if (this.versionOf(stream) >= version) return;
    this.truncate(stream, Number.MAX_SAFE_INTEGER);
    (this.#streams.get(stream) ?? this.#begin(stream)).first = version + 1;
  }

  #begin(stream: string, first = 1): Stream {
    const begun = { first, events: [], deleted: false };
    this.#streams.set(stream, begun);
    this.#names = undefined;
    return begun;
  }

  #push(stream: Stream, event: StoredEvent): void {
    stream.events.push(event);
    this.#all.push(event);
    this.#byId.set(event.id, event);
    this.#last = event.position;
  }

  #remove(events: readonly StoredEvent[]): void {
    if (events.length === 0) return;
    for (const { id } of events) this.#byId.delete(id);
    const removed = new Set(events);
    this.#all = this.#all.filter((event) => !removed.has(event));
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
