import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { checkMethods, checkObject } from '../core/check-argument.ts';
import { checkInteger } from '../core/check-integer.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { DecryptionError } from './errors.ts';
import type { EncryptionContext, EventEncryption } from './event-encryption.ts';

import { KeyCache, type SubjectKey } from './key-cache.ts';
import type { KeyStore } from './key-store.ts';

/** How events are encrypted. */
export interface AesGcmEncryptionOptions {
  readonly keys: KeyStore;
  /** Whose the data of a stream is: what shares a subject is forgotten together. Default: the stream itself. */
  readonly subjectOf?: (stream: string) => string;
  /** How many keys are kept in memory. Default 1000. */
  readonly cacheSize?: number;
  /** For how long, in ms: so much later the last process notices that another one has forgotten. Default 60,000. */
  readonly cacheTtlMs?: number;
  readonly clock?: Clock;
}

/*
 * A ciphertext: 1 byte for this layout, 8 for which key it was, 4 to tell damage there from another key,
 * 12 of nonce, the encrypted bytes, 16 of authentication tag.
 */
const layout = 1;
const keyEnd = 9;
const checkEnd = 13;
const headLength = 25;
const tagLength = 16;

/**
 * AES-256-GCM with a random nonce and one key a subject. What is encrypted is bound to its stream, id and type: a
 * ciphertext that was moved elsewhere is not decrypted.
 *
 * At most some 2^32 events should be encrypted under one key.
 */
export class AesGcmEncryption implements EventEncryption {
  readonly #keys: KeyCache;
  readonly #subjectOf: (stream: string) => string;

  constructor(options: AesGcmEncryptionOptions) {
    checkObject(options);
    const { keys, subjectOf = (stream) => stream, clock = systemClock } = options;
    const { cacheSize: size = 1000, cacheTtlMs: ttlMs = 60_000 } = options;
    checkMethods(keys, 'options.keys', 'a KeyStore', 'create');
    checkInteger(size, 1, 'options.cacheSize');
    checkInteger(ttlMs, 1, 'options.cacheTtlMs');
    this.#keys = new KeyCache(keys, keyId, { size, ttlMs, clock });
    this.#subjectOf = subjectOf;
  }

  /**
   * Deletes the key of a subject: its events are read as `data: null` and `shredded: true` from now on, in this process
   * at once, in others within `cacheTtlMs`. Events appended later get a new key.
   */
  async forget(subject: string): Promise<void> {
    await this.#keys.delete(subject);
  }

  encrypt(plaintext: Uint8Array, context: EncryptionContext): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const subject = this.#subjectOf(context.stream);
    const known = this.#keys.peek(subject);
    if (known) return seal(plaintext, known, context);
    // A snapshot alone is no reason for a key: its subject may just have been forgotten.
    const asked = context.kind === 'event' ? this.#keys.create(subject) : this.#keys.get(subject);
    return asked.then((key) => key && seal(plaintext, key, context));
  }

  decrypt(
    ciphertext: Uint8Array,
    context: EncryptionContext,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const subject = this.#subjectOf(context.stream);
    const known = this.#keys.peek(subject);
    if (known?.id.equals(ciphertext.subarray(1, keyEnd))) return open(ciphertext, known, context);
    return this.#keys.get(subject).then((key) => key && open(ciphertext, key, context));
  }
}

function keyId(key: Uint8Array): Buffer {
  return createHmac('sha256', key)
    .update('key id')
    .digest()
    .subarray(0, keyEnd - 1);
}

function keyCheck(id: Uint8Array): Buffer {
  return createHash('sha256')
    .update(id)
    .digest()
    .subarray(0, checkEnd - keyEnd);
}

function boundTo({ kind, stream, id, type }: EncryptionContext): Buffer {
  return Buffer.from(JSON.stringify([kind, stream, id, type]));
}

function seal(plaintext: Uint8Array, { id, key }: SubjectKey, context: EncryptionContext): Uint8Array {
  const nonce = randomBytes(headLength - checkEnd);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo(context));
  const encrypted = [cipher.update(plaintext), cipher.final()];
  return Buffer.concat([Buffer.of(layout), id, keyCheck(id), nonce, ...encrypted, cipher.getAuthTag()]);
}

function open(ciphertext: Uint8Array, { id, key }: SubjectKey, context: EncryptionContext): Uint8Array | undefined {
  if (ciphertext.length < headLength + tagLength || ciphertext[0] !== layout) {
    throw new DecryptionError('is no ciphertext of this layout');
  }
  const usedId = ciphertext.subarray(1, keyEnd);
  if (!keyCheck(usedId).equals(ciphertext.subarray(keyEnd, checkEnd))) throw new DecryptionError('is damaged');
  // Encrypted with an earlier key of the subject, which is deleted.
  if (!id.equals(usedId)) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, ciphertext.subarray(checkEnd, headLength), {
    authTagLength: tagLength,
  });
  decipher.setAAD(boundTo(context)).setAuthTag(ciphertext.subarray(-tagLength));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(headLength, -tagLength)), decipher.final()]);
  } catch (cause) {
    throw new DecryptionError('is damaged, or was moved here from elsewhere', { cause });
  }
}
