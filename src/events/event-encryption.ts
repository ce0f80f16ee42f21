/** What is encrypted, and to what it is bound. */
export interface EncryptionContext {
  readonly kind: 'event' | 'snapshot';
  readonly stream: string;
  /** The event's id; of a snapshot, that of the last event in it. */
  readonly id: string;
  /** The event's type; of a snapshot, the name of its fold. */
  readonly type: string;
}

/**
 * Encrypts the data of events and the states of snapshots, each under the key of its subject, so that deleting one key
 * makes all of them unreadable at once, backups included (crypto-shredding). Names of streams, types, tags, ids, times and
 * metadata are not encrypted.
 */
export interface EventEncryption {
  /**
   * Makes a key where an event's subject has none yet.
   *
   * @returns The ciphertext; nothing for a snapshot whose subject has no key: it is not kept then.
   */
  encrypt(plaintext: Uint8Array, context: EncryptionContext): Uint8Array | undefined | Promise<Uint8Array | undefined>;

  /**
   * @returns The plaintext; nothing if the key that it was encrypted with is deleted.
   * @throws {@link DecryptionError} if it is not what {@link encrypt} gave for this context. Any other failure is passed
   * on as it is, and may be tried again.
   */
  decrypt(ciphertext: Uint8Array, context: EncryptionContext): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}
