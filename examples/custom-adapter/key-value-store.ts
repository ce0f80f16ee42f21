/** What a transaction changes: values by their keys, and nothing where a key is to go. */
export type Changes = Map<string, string | undefined>;

/** A key-value store of the kind that many databases are underneath: ordered keys, and transactions one after another. */
export class KeyValueStore {
  readonly #values = new Map<string, string>();
  #sorted: readonly string[] | undefined;
  #last: Promise<unknown> = Promise.resolve();

  async get(key: string): Promise<string | undefined> {
    return this.#values.get(key);
  }

  /** Values of the keys from `first` to `last`, both included, in order, at most `limit`. */
  async range(first: string, last: string, limit = Number.POSITIVE_INFINITY, reverse = false): Promise<string[]> {
    this.#sorted ??= [...this.#values.keys()].sort();
    const start = this.#indexOf(first);
    const end = this.#indexOf(`${last}\0`);
    const keys = reverse
      ? this.#sorted.slice(Math.max(start, end - limit), end).reverse()
      : this.#sorted.slice(start, Math.min(end, start + limit));
    return keys.map((key) => this.#values.get(key)!);
  }

  /** Runs work that reads, and collects changes, alone: all of them are made once it is done, and none if it throws. */
  transact<T>(work: (changes: Changes) => Promise<T>): Promise<T> {
    const done = this.#last.then(async () => {
      const changes: Changes = new Map();
      const result = await work(changes);
      for (const [key, value] of changes) {
        if (value === undefined) this.#values.delete(key);
        else this.#values.set(key, value);
      }
      this.#sorted = undefined;
      return result;
    });
    this.#last = done.catch(() => {});
    return done;
  }

  /** Where the keys from this one on begin. */
  #indexOf(key: string): number {
    const sorted = this.#sorted!;
    let low = 0;
    for (let high = sorted.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
