import type { EventAdapter } from './event-adapter.ts';

/** Told of appends by the storage: one listener, however many subscriptions of a store it wakes. */
export class AppendListener {
  readonly #adapter: () => Promise<EventAdapter>;
  readonly #wakes = new Set<() => void>();
  #listening: Promise<(() => Promise<void>) | undefined> | undefined;

  constructor(adapter: () => Promise<EventAdapter>) {
    this.#adapter = adapter;
  }

  /** @returns A function that leaves; the last one to leave ends the listener. */
  async join(wake: () => void): Promise<() => Promise<void>> {
    this.#wakes.add(wake);
    this.#listening ??= this.#listen();
    const listening = this.#listening;
    try {
      await listening;
    } catch (error) {
      if (this.#listening === listening) this.#listening = undefined;
      this.#wakes.delete(wake);
      throw error;
    }
    return async () => {
      this.#wakes.delete(wake);
      if (this.#wakes.size > 0 || this.#listening !== listening) return;
      this.#listening = undefined;
      const end = await listening;
      await end?.();
    };
  }

  async #listen(): Promise<(() => Promise<void>) | undefined> {
    return (await this.#adapter()).listen?.(() => {
      for (const wake of this.#wakes) wake();
    });
  }
}
