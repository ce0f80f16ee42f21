import { InvalidArgumentError, StorageError } from '../../core/errors.ts';
import { type ExpectedVersion, meetsExpectedVersion } from '../../core/expected-version.ts';
import { isUnwantedPromise } from '../../core/unwanted-promise.ts';
import type {
  AdapterAppendOptions,
  AllPage,
  AppendCondition,
  AppendOutcome,
  Checkpoint,
  DeleteOutcome,
  EventAdapter,
  EventBatch,
  SaveCheckpointOptions,
  StoredCheckpoint,
  StoredEvent,
  StoredSnapshot,
  StreamInfo,
  StreamPage,
  StreamsPage,
} from '../../events/event-adapter.ts';
import { firstWhere, MemoryEventLog } from './memory-event-log.ts';

/** Events in the memory of this process, for tests and for trying things out: nothing survives it. */
export class MemoryEventAdapter implements EventAdapter {
  readonly #log = new MemoryEventLog();
  readonly #snapshots = new Map<string, Map<string, StoredSnapshot>>();
  readonly #checkpoints = new Map<string, StoredCheckpoint>();
  /** The last one given to any checkpoint, so that none has the same twice, deleted or not. */
  #revision = 0;
  readonly #wakes = new Set<() => void>();
  /** Settles when the caller's work in a transaction is done. */
  #exclusive: Promise<void> | undefined;

  async init(): Promise<void> {}

  // But for work of the caller, no method waits for anything: each is one step that no other gets into.
  async append(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): Promise<AppendOutcome> {
    const { condition, checkpoints, within } = options;
    while (this.#exclusive) await this.#exclusive;
    const refused = this.#refusal(batches, condition);
    if (refused) return refused;
    if (!within) return this.#add(batches, checkpoints);
    return this.#exclusively(
      () => within(this.#log.preview(batches), undefined),
      () => this.#add(batches, checkpoints),
    );
  }

  appendSync(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): AppendOutcome {
    const { condition, checkpoints, within } = options;
    if (this.#exclusive) {
      throw new StorageError(
        'append events',
        'the work of another append is waited for: use append(), which waits too',
      );
    }
    const refused = this.#refusal(batches, condition);
    if (refused) return refused;
    const result = within?.(this.#log.preview(batches), undefined);
    if (isUnwantedPromise(result)) throw new InvalidArgumentError('within', 'synchronous work', result);
    return this.#add(batches, checkpoints);
  }

  isOn(client: unknown): boolean {
    return client === undefined;
  }

  async readStream(page: StreamPage): Promise<readonly StoredEvent[]> {
    return this.#log.readStream(page).map(copyOf);
  }

  async readAll({ after, limit, query }: AllPage): Promise<readonly StoredEvent[]> {
    return this.#log.readAll(after, limit, query).map(copyOf);
  }

  async streamVersion(stream: string): Promise<number> {
    return this.#log.infoOf(stream).version;
  }

  async listStreams({ after, limit }: StreamsPage): Promise<readonly StreamInfo[]> {
    const names = this.#log.names();
    const start = after === undefined ? 0 : firstWhere(names.length, (index) => names[index]! > after);
    return names.slice(start, start + limit).map((name) => this.#log.infoOf(name));
  }

  async lastPosition(): Promise<number> {
    return this.#log.lastPosition;
  }

  async truncateStream(stream: string, beforeVersion: number): Promise<void> {
    while (this.#exclusive) await this.#exclusive;
    this.#log.truncate(stream, beforeVersion);
  }

  async deleteStream(stream: string, expectedVersion: ExpectedVersion): Promise<DeleteOutcome> {
    while (this.#exclusive) await this.#exclusive;
    const { version, deleted } = this.#log.infoOf(stream);
    if (!deleted && !meetsExpectedVersion(version, expectedVersion)) {
      return { status: 'conflict', actualVersion: version };
    }
    this.#delete(stream);
    return { status: 'deleted' };
  }

  async importEvents(events: readonly StoredEvent[]): Promise<void> {
    while (this.#exclusive) await this.#exclusive;
    this.#log.import(events);
    for (const wake of this.#wakes) wake();
  }

  async importStreams(streams: readonly StreamInfo[]): Promise<void> {
    while (this.#exclusive) await this.#exclusive;
    for (const { stream, version, firstVersion, deleted } of streams) {
      this.#log.reach(stream, version);
      if (deleted) this.#delete(stream);
      else this.#log.truncate(stream, firstVersion);
    }
  }

  async loadSnapshot(stream: string, name: string): Promise<StoredSnapshot | undefined> {
    return this.#snapshots.get(stream)?.get(name);
  }

  async saveSnapshot(snapshot: StoredSnapshot): Promise<void> {
    const ofStream = this.#snapshots.get(snapshot.stream) ?? new Map<string, StoredSnapshot>();
    this.#snapshots.set(snapshot.stream, ofStream.set(snapshot.name, Object.freeze({ ...snapshot })));
  }

  async loadCheckpoint(name: string): Promise<StoredCheckpoint | undefined> {
    return this.#checkpoints.get(name);
  }

  async saveCheckpoint(
    name: string,
    checkpoint: Checkpoint,
    { expectedRevision, within, checkpoints = [] }: SaveCheckpointOptions = {},
  ): Promise<number | undefined> {
    while (this.#exclusive) await this.#exclusive;
    const last = this.#checkpoints.get(name)?.revision ?? 0;
    if (expectedRevision !== undefined && expectedRevision !== last) return undefined;
    const save = () => {
      for (const each of checkpoints) this.#saveCheckpoint(each.name, each);
      return this.#saveCheckpoint(name, checkpoint);
    };
    return within ? this.#exclusively(() => within(undefined), save) : save();
  }

  async listCheckpoints(prefix: string): Promise<readonly StoredCheckpoint[]> {
    const found = [...this.#checkpoints.values()].filter(({ name }) => name.startsWith(prefix));
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async deleteCheckpoint(name: string): Promise<void> {
    while (this.#exclusive) await this.#exclusive;
    this.#checkpoints.delete(name);
  }

  async listen(wake: () => void): Promise<() => Promise<void>> {
    const own = () => wake();
    this.#wakes.add(own);
    return async () => {
      this.#wakes.delete(own);
    };
  }

  async close(): Promise<void> {}

  /** Work of the caller, which may wait, and what is stored after it: no other write gets in between. */
  async #exclusively<T>(work: () => unknown, store: () => T): Promise<T> {
    let end = () => {};
    this.#exclusive = new Promise((resolve) => {
      end = resolve;
    });
    try {
      await work();
      return store();
    } finally {
      this.#exclusive = undefined;
      end();
    }
  }

  #saveCheckpoint(name: string, { position, state }: Checkpoint): number {
    const revision = ++this.#revision;
    this.#checkpoints.set(name, Object.freeze({ name, position, state, revision }));
    return revision;
  }

  #add(batches: readonly EventBatch[], checkpoints: AdapterAppendOptions['checkpoints']): AppendOutcome {
    const appended = this.#log.add(batches);
    for (const { name, ...checkpoint } of checkpoints?.(appended) ?? []) this.#saveCheckpoint(name, checkpoint);
    for (const wake of this.#wakes) wake();
    return { status: 'appended', batches: appended };
  }

  #delete(stream: string): void {
    this.#log.delete(stream);
    this.#snapshots.delete(stream);
  }

  /** Why an append can't take place, if so. */
  #refusal(batches: readonly EventBatch[], condition: AppendCondition | undefined): AppendOutcome | undefined {
    const existing = this.#log.withIds(batches);
    if (existing.length > 0) return { status: 'existing', events: existing.map(copyOf) };
    for (const { stream, expectedVersion } of batches) {
      const { version, deleted } = this.#log.infoOf(stream);
      if (deleted) return { status: 'deleted', stream };
      if (!meetsExpectedVersion(version, expectedVersion)) {
        return { status: 'conflict', stream, actualVersion: version };
      }
    }
    if (!condition) return undefined;
    const [match] = this.#log.readAll(condition.after, 1, condition.failIfEventsMatch);
    return match && { status: 'matched', position: match.position };
  }
}

/** What is kept never leaves: freezing it instead would halve the rate of appends. */
function copyOf(event: StoredEvent): StoredEvent {
  const { id, stream, version, position, type, data, encoding, metadata, timestamp, tags } = event;
  const ownTags = tags.length === 0 ? noTags : [...tags];
  return { id, stream, version, position, type, data, encoding, metadata, timestamp, tags: ownTags };
}

const noTags: readonly string[] = Object.freeze([]);
