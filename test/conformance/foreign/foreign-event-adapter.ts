import type {
  AdapterAppendOptions,
  AllPage,
  AppendOutcome,
  DeleteOutcome,
  EventAdapter,
  EventBatch,
  StoredCheckpoint,
  StoredEvent,
  StoredSnapshot,
  StreamInfo,
  StreamPage,
  StreamsPage,
} from '../../../src/events/event-adapter.ts';

/** The wrapped store has nothing that does this. */
export class NotSupportedError extends Error {
  override readonly name = 'NotSupportedError';
}

/** A store of others as an adapter of ours: what it does not have is not supported, and noted. */
export abstract class ForeignEventAdapter implements EventAdapter {
  /** What was asked of it in vain. */
  readonly refused = new Set<string>();

  abstract append(batches: readonly EventBatch[], options?: AdapterAppendOptions): Promise<AppendOutcome>;
  abstract readStream(page: StreamPage): Promise<readonly StoredEvent[]>;
  abstract streamVersion(stream: string): Promise<number>;

  async init(): Promise<void> {}
  async close(): Promise<void> {}

  async readAll(_page: AllPage): Promise<readonly StoredEvent[]> {
    return this.notSupported('readAll');
  }
  async lastPosition(): Promise<number> {
    return this.notSupported('lastPosition');
  }
  async listStreams(_page: StreamsPage): Promise<readonly StreamInfo[]> {
    return this.notSupported('listStreams');
  }
  async truncateStream(): Promise<void> {
    this.notSupported('truncateStream');
  }
  async deleteStream(): Promise<DeleteOutcome> {
    return this.notSupported('deleteStream');
  }
  async importEvents(): Promise<void> {
    this.notSupported('importEvents');
  }
  async importStreams(): Promise<void> {
    this.notSupported('importStreams');
  }
  async loadSnapshot(): Promise<StoredSnapshot | undefined> {
    return this.notSupported('snapshots');
  }
  async saveSnapshot(): Promise<void> {
    this.notSupported('snapshots');
  }
  async loadCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.notSupported('checkpoints');
  }
  async saveCheckpoint(): Promise<number | undefined> {
    return this.notSupported('checkpoints');
  }
  async listCheckpoints(): Promise<readonly StoredCheckpoint[]> {
    return this.notSupported('checkpoints');
  }
  async deleteCheckpoint(): Promise<void> {
    this.notSupported('checkpoints');
  }

  protected notSupported(what: string): never {
    this.refused.add(what);
    throw new NotSupportedError(`${what}: not supported`);
  }

  /** Conditions, checkpoints and work in the transaction are in none of them. */
  protected refuseOptions({ condition, checkpoints, within }: AdapterAppendOptions): void {
    if (condition) this.notSupported('append under a condition');
    if (checkpoints) this.notSupported('save checkpoints with an append');
    if (within) this.notSupported('work within an append');
  }
}
