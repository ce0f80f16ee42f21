import { meetsExpectedVersion } from '../../core/expected-version.ts';
import type {
  AllPage,
  AppendedBatch,
  AppendOutcome,
  EventAdapter,
  EventBatch,
  StoredEvent,
  StoredSnapshot,
  StreamPage,
} from '../../events/event-adapter.ts';

/** Events in the memory of this process, for tests and for trying things out: nothing survives it. */
export class MemoryEventAdapter implements EventAdapter {
  readonly #all: StoredEvent[] = [];
  readonly #streams = new Map<string, StoredEvent[]>();
  readonly #byId = new Map<string, StoredEvent>();
  readonly #snapshots = new Map<string, Map<string, StoredSnapshot>>();
  readonly #checkpoints = new Map<string, number>();

  async init(): Promise<void> {}

  // No method waits for anything: each is one step that no other gets into.
  async append(batches: readonly EventBatch[]): Promise<AppendOutcome> {
    const existing = this.#stored(batches);
    if (existing.length > 0) return { status: 'existing', events: existing };
    for (const { stream, expectedVersion } of batches) {
      const actualVersion = this.#versionOf(stream);
      if (!meetsExpectedVersion(actualVersion, expectedVersion)) return { status: 'conflict', stream, actualVersion };
    }
    return { status: 'appended', batches: batches.map((batch) => this.#add(batch)) };
  }

  async readStream({ stream, from, to, limit, direction }: StreamPage): Promise<readonly StoredEvent[]> {
    const events = this.#streams.get(stream) ?? [];
    const first = Math.max(from, 1);
    const last = Math.min(to, events.length);
    if (direction === 'forward') return events.slice(first - 1, Math.min(last, first - 1 + limit)).map(copyOf);
    return events
      .slice(Math.max(first - 1, last - limit), Math.max(last, 0))
      .reverse()
      .map(copyOf);
  }

  async readAll({ after, limit }: AllPage): Promise<readonly StoredEvent[]> {
    return this.#all.slice(after, after + limit).map(copyOf);
  }

  async streamVersion(stream: string): Promise<number> {
    return this.#versionOf(stream);
  }

  async lastPosition(): Promise<number> {
    return this.#all.length;
  }

  async loadSnapshot(stream: string, name: string): Promise<StoredSnapshot | undefined> {
    return this.#snapshots.get(stream)?.get(name);
  }

  async saveSnapshot(snapshot: StoredSnapshot): Promise<void> {
    const ofStream = this.#snapshots.get(snapshot.stream) ?? new Map<string, StoredSnapshot>();
    this.#snapshots.set(snapshot.stream, ofStream.set(snapshot.name, Object.freeze({ ...snapshot })));
  }

  async loadCheckpoint(name: string): Promise<number | undefined> {
    return this.#checkpoints.get(name);
  }

  async saveCheckpoint(name: string, position: number): Promise<void> {
    this.#checkpoints.set(name, position);
  }

  async close(): Promise<void> {}

  #versionOf(stream: string): number {
    return this.#streams.get(stream)?.length ?? 0;
  }

  #stored(batches: readonly EventBatch[]): StoredEvent[] {
    const found: StoredEvent[] = [];
    for (const { events } of batches) {
      for (const { id } of events) {
        const event = this.#byId.get(id);
        if (event) found.push(copyOf(event));
      }
    }
    return found;
  }

  #add({ stream, events }: EventBatch): AppendedBatch {
    let ofStream = this.#streams.get(stream);
    if (!ofStream) {
      ofStream = [];
      this.#streams.set(stream, ofStream);
    }
    for (const { id, type, data, encoding, metadata, timestamp } of events) {
      const version = ofStream.length + 1;
      const position = this.#all.length + 1;
      const stored = { id, stream, version, position, type, data, encoding, metadata, timestamp };
      ofStream.push(stored);
      this.#all.push(stored);
      this.#byId.set(stored.id, stored);
    }
    return { version: ofStream.length, position: this.#all.length };
  }
}

/** What is kept never leaves: freezing it instead would halve the rate of appends. */
function copyOf(event: StoredEvent): StoredEvent {
  return { ...event };
}
