import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { InvalidArgumentError, storageError } from '../core/errors.ts';
import type { KeyStore } from './key-store.ts';

/** A key, and what tells it from other keys of the same subject. */
export interface SubjectKey {
  readonly id: Buffer;
  readonly key: Uint8Array;
}

/** The keys that were used last, so that not each event asks the key store. */
export class KeyCache {
  readonly #keys: KeyStore;
  readonly #identify: (key: Uint8Array) => Buffer;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #cached: LRUCache<string, SubjectKey & { readonly until: number }>;
  /** One more with each key that was deleted: what was asked for before is not kept. */
  #epoch = 0;

  constructor(
    keys: KeyStore,
    identify: (key: Uint8Array) => Buffer,
    options: { readonly size: number; readonly ttlMs: number; readonly clock: Clock },
  ) {
    this.#keys = keys;
    this.#identify = identify;
    this.#ttlMs = options.ttlMs;
    this.#clock = options.clock;
    this.#cached = new LRUCache({ max: options.size });
  }

  /** The key as it is known here, without asking. */
  peek(subject: string): SubjectKey | undefined {
    const cached = this.#cached.get(subject);
    if (!cached || this.#clock.now() < cached.until) return cached;
    this.#cached.delete(subject);
    return undefined;
  }

  get(subject: string): Promise<SubjectKey | undefined> {
    return this.#load(subject, () => this.#keys.get(subject), 'read the key of a subject');
  }

  async create(subject: string): Promise<SubjectKey> {
    const found = await this.get(subject);
    return found ?? (await this.#load(subject, () => this.#keys.create(subject), 'create the key of a subject'))!;
  }

  async delete(subject: string): Promise<void> {
    this.#drop(subject);
    try {
      await this.#keys.delete(subject);
    } catch (cause) {
      throw storageError('delete the key of a subject', 'it may be there still: forget it again', cause);
    } finally {
      this.#drop(subject);
    }
  }

  #drop(subject: string): void {
    this.#epoch++;
    this.#cached.delete(subject);
  }

  async #load(
    subject: string,
    ask: () => Promise<Uint8Array | undefined>,
    operation: string,
  ): Promise<SubjectKey | undefined> {
    const epoch = this.#epoch;
    const until = this.#clock.now() + this.#ttlMs;
    let key: Uint8Array | undefined;
    try {
      key = await ask();
    } catch (cause) {
      throw storageError(operation, 'try again once the key store answers', cause);
    }
    if (key === undefined) return undefined;
    if (!(key instanceof Uint8Array) || key.length !== 32) {
      throw new InvalidArgumentError('the key of a subject', '32 bytes of the key store', key);
    }
    // The key store's own buffer may be overwritten when it is deleted.
    const copy = new Uint8Array(key);
    const entry = { id: this.#identify(copy), key: copy };
    if (epoch === this.#epoch) this.#cached.set(subject, { ...entry, until });
    return entry;
  }
}
