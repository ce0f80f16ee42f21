import { randomBytes } from 'node:crypto';
import type { KeyStore } from '../../events/key-store.ts';

/** Keys in the memory of this process, for tests and for trying things out: what they encrypt is lost with it. */
export class MemoryKeyStore implements KeyStore {
  readonly #keys = new Map<string, Uint8Array>();

  async get(subject: string): Promise<Uint8Array | undefined> {
    const key = this.#keys.get(subject);
    return key && new Uint8Array(key);
  }

  async create(subject: string): Promise<Uint8Array> {
    const key = this.#keys.get(subject) ?? randomBytes(32);
    this.#keys.set(subject, key);
    return new Uint8Array(key);
  }

  async delete(subject: string): Promise<void> {
    this.#keys.delete(subject);
  }
}
