import { SharedListening } from '../core/shared-listening.ts';
import type { EventAdapter } from './event-adapter.ts';

/** Told of appends by the storage: one listener, however many subscriptions of a store it wakes. */
export class AppendListener {
  readonly #listening: SharedListening<() => void>;

  constructor(adapter: () => Promise<EventAdapter>) {
    this.#listening = new SharedListening(async () => {
      const end = await (await adapter()).listen?.(() => this.#listening.each((wake) => wake()));
      return end ?? (async () => {});
    });
  }

  /** @returns A function that leaves; the last one to leave ends the listener. */
  join(wake: () => void): Promise<() => Promise<void>> {
    return this.#listening.join(wake);
  }
}
