import type { EventTransport, TransportListener } from '../../events/event-transport.ts';

/** A channel in the memory of this process, for tests: give it to each of the buses that are to hear each other. */
export class MemoryEventTransport implements EventTransport {
  readonly #listeners = new Set<{ readonly listener: TransportListener }>();

  async send(text: string): Promise<void> {
    for (const entry of this.#listeners) {
      // Not at once: nobody who sends waits for those who hear.
      queueMicrotask(() => {
        if (this.#listeners.has(entry)) entry.listener.hear(text);
      });
    }
  }

  async listen(listener: TransportListener): Promise<() => Promise<void>> {
    const entry = { listener };
    this.#listeners.add(entry);
    return async () => {
      this.#listeners.delete(entry);
    };
  }
}
