import { type MigrationError, storageError } from '../core/errors.ts';
import { andThen } from './and-then.ts';
import type { EncodedPayload } from './event-adapter.ts';
import type { EncryptionContext, EventEncryption } from './event-encryption.ts';
import type { PayloadCodec } from './payload-codec.ts';

const prefix = 'encrypted+';

/** Stands for data whose key was deleted. */
export const shredded: unique symbol = Symbol('shredded');

/** A payload is encrypted, and the store that reads it has no encryption. */
export const unencryptable: unique symbol = Symbol('no encryption');

/** The last step before the storage and the first after it: compressed, then encrypted, and back. */
export class PayloadSeal {
  readonly #codec: PayloadCodec;
  readonly #encryption: EventEncryption | undefined;

  constructor(codec: PayloadCodec, encryption: EventEncryption | undefined) {
    this.#codec = codec;
    this.#encryption = encryption;
  }

  /** Whether JSON text is stored as it is. */
  leaves(text: string): boolean {
    return this.#encryption === undefined && !this.#codec.isLarge(text);
  }

  /** JSON text as it is stored, at once where that is possible; nothing if the encryption does not take it. */
  seal(text: string, context: EncryptionContext): EncodedPayload | undefined | Promise<EncodedPayload | undefined> {
    const encryption = this.#encryption;
    if (!encryption) return this.#codec.compress({ data: text, encoding: 'json' });
    return andThen(this.#codec.pack(text), ({ bytes, encoding }) =>
      andThen(
        encryption.encrypt(bytes, context),
        (ciphertext) => ciphertext && { data: toBase64(ciphertext), encoding: prefix + encoding },
      ),
    );
  }

  /** The value of what is stored, at once where that is possible. Throws whatever is wrong with it. */
  open(payload: EncodedPayload, context: () => EncryptionContext): unknown {
    const { data, encoding } = payload;
    if (!encoding.startsWith(prefix)) return this.#codec.decode(payload);
    if (!this.#encryption) return unencryptable;
    const inner = encoding.slice(prefix.length);
    const unpack = (bytes: Uint8Array | undefined) =>
      bytes === undefined ? shredded : this.#codec.unpack({ bytes, encoding: inner });
    return andThen(this.#decrypt(this.#encryption, Buffer.from(data, 'base64'), context()), unpack);
  }

  #decrypt(encryption: EventEncryption, ciphertext: Uint8Array, context: EncryptionContext) {
    try {
      const decrypted = encryption.decrypt(ciphertext, context);
      if (!(decrypted instanceof Promise)) return decrypted;
      return decrypted.catch((cause: unknown) => {
        throw notDecrypted(cause);
      });
    } catch (cause) {
      throw notDecrypted(cause);
    }
  }
}

/** That an encryption fails says nothing against the event: only its word that the ciphertext is wrong does. */
function notDecrypted(cause: unknown): MigrationError {
  return storageError('decrypt an event', 'try again once its key can be had', cause);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
