/** One source that many may listen to: begun for the first of them, ended after the last. */
export class SharedListening<L> {
  readonly #begin: () => Promise<() => Promise<void>>;
  readonly #listeners = new Set<{ readonly listener: L }>();
  #running: Promise<() => Promise<void>> | undefined;
  #ended: Promise<void> = Promise.resolve();

  /** @param begin - Resolves once it has begun; the function it gives ends it. Never called while it runs or ends. */
  constructor(begin: () => Promise<() => Promise<void>>) {
    this.#begin = begin;
  }

  /** Calls all who listen, until they leave. */
  each(call: (listener: L) => void): void {
    for (const entry of [...this.#listeners]) if (this.#listeners.has(entry)) call(entry.listener);
  }

  /** @returns Once it has begun. The function leaves, and waits for the end if no one is left; called again it only waits. */
  async join(listener: L): Promise<() => Promise<void>> {
    const entry = { listener };
    this.#listeners.add(entry);
    this.#running ??= this.#ended.then(this.#begin, this.#begin);
    const running = this.#running;
    try {
      await running;
    } catch (error) {
      this.#listeners.delete(entry);
      if (this.#running === running) this.#running = undefined;
      throw error;
    }
    return async () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0 && this.#running === running) {
        this.#running = undefined;
        this.#ended = running.then((end) => end());
      }
      await this.#ended;
    };
  }
}
