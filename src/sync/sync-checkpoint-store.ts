/** Where a final synchronization keeps how far it has copied. Make one of a file or a table to survive the process. */
export interface SyncCheckpointStore {
  /** The key saved last; null when there is none. */
  load(): Promise<string | null>;
  /** Keeps the key durably before it resolves; null forgets it. */
  save(after: string | null): Promise<void>;
}

/** A checkpoint that lasts as long as the object. */
export class MemorySyncCheckpointStore implements SyncCheckpointStore {
  #after: string | null = null;

  async load(): Promise<string | null> {
    return this.#after;
  }

  async save(after: string | null): Promise<void> {
    this.#after = after;
  }
}
