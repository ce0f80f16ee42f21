/**
 * Where the keys of subjects are kept: somewhere else than the events, and not in their backups, or deleting a key
 * deletes nothing.
 */
export interface KeyStore {
  /** The key of a subject, of 32 bytes; nothing where there is none. */
  get(subject: string): Promise<Uint8Array | undefined>;

  /** Keeps a new random key, and gives it once it is durable. If there is one already (a race), that one is given. */
  create(subject: string): Promise<Uint8Array>;

  /** Deletes the key for good. Nothing happens where there is none. */
  delete(subject: string): Promise<void>;
}
