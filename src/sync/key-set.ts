import { createHash } from 'node:crypto';

/**
 * A set of keys in some 16 to 32 bytes a key, however long: it keeps 64 bits of each key's SHA-256.
 *
 * `add` and `has` take a key for one that is in the set, when it is not, once in 2^64 / size calls.
 */
export class KeySet {
  /** Open addressing with linear probing: two words an entry, both 0 for a free one. */
  #words = new Uint32Array(2 * 1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a key; false if it was there. */
  add(key: string): boolean {
    const [high, low] = fingerprint(key);
    const at = this.#find(high, low);
    if (this.#words[at] !== 0 || this.#words[at + 1] !== 0) return false;
    this.#words[at] = high;
    this.#words[at + 1] = low;
    this.#size++;
    if (this.#size * 4 > this.#words.length) this.#grow();
    return true;
  }

  has(key: string): boolean {
    const [high, low] = fingerprint(key);
    const at = this.#find(high, low);
    return this.#words[at] !== 0 || this.#words[at + 1] !== 0;
  }

  /** Index of the entry, or of the free place where it belongs. */
  #find(high: number, low: number): number {
    const words = this.#words;
    const mask = words.length - 1;
    let at = (low * 2) & mask;
    while ((words[at] !== 0 || words[at + 1] !== 0) && (words[at] !== high || words[at + 1] !== low))
      at = (at + 2) & mask;
    return at;
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at] ?? 0;
      const low = old[at + 1] ?? 0;
      if (high === 0 && low === 0) continue;
      const place = this.#find(high, low);
      this.#words[place] = high;
      this.#words[place + 1] = low;
    }
  }
}

function fingerprint(key: string): [high: number, low: number] {
  const digest = createHash('sha256').update(key).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4) || 1];
}
