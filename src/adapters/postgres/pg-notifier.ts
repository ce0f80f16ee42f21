/**
 * Tells listeners of new events, in statements of their own: a NOTIFY within the append would make the server's commits
 * go one after another. At most one is on its way; what comes meanwhile is told by the next.
 */
export class PgNotifier {
  readonly #send: () => Promise<unknown>;
  readonly #onError: (error: unknown) => void;
  #sending = false;
  #again = false;

  constructor(send: () => Promise<unknown>, onError: (error: unknown) => void) {
    this.#send = send;
    this.#onError = onError;
  }

  notify(): void {
    if (this.#sending) {
      this.#again = true;
      return;
    }
    this.#sending = true;
    this.#again = false;
    this.#send()
      .catch(this.#onError)
      .finally(() => {
        this.#sending = false;
        if (this.#again) this.notify();
      });
  }
}

/** A name that no other channel of this database has by accident. */
export const channelOf = (schema: string): string => `${schema.replaceAll('"', '')}_events`;
