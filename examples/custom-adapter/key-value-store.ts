/** A key-value store of the kind that many databases are underneath: ordered keys, and writes under conditions. */
export class KeyValueStore {
  readonly #values = new Map<string, string>();
  #sorted: readonly string[] = [];

  async get(key: string): Promise<string | undefined> {
    return this.#values.get(key);
  }

  /** Values of the keys from `first` to `last`, in order, at most `limit`. */
  async range(first: string, last: string, limit: number, reverse = false): Promise<string[]> {
    const keys = this.#sorted.filter((key) => key >= first && key <= last);
    if (reverse) keys.reverse();
    return keys.slice(0, limit).map((key) => this.#values.get(key)!);
  }

  /**
   * Writes all of the values at once, if every key of `expected` still has the value given there.
   *
   * @returns Whether it has written.
   */
  async write(values: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string | undefined> = new Map()) {
    for (const [key, value] of expected) if (this.#values.get(key) !== value) return false;
    for (const [key, value] of values) this.#values.set(key, value);
    this.#sorted = [...this.#values.keys()].sort();
    return true;
  }
}
