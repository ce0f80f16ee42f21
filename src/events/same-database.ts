import { isMigrationError } from '../core/errors.ts';
import type { EventAdapter } from './event-adapter.ts';
import { DifferentDatabaseError } from './transaction-errors.ts';

/** Tells transactions on the database of a store's events from those on another one. */
export class SameDatabase {
  #home: string | undefined;
  /** What connections were found to be on. */
  readonly #known = new WeakMap<object, string>();

  /** Learns which one it is, outside of any transaction: inside one, there may be no other connection to ask on. */
  async learn(adapter: EventAdapter): Promise<void> {
    if (!adapter.withTransaction || this.#home !== undefined) return;
    try {
      this.#home = await adapter.life?.();
    } catch (error) {
      // Then no transaction is known to be on it, which is told to whoever needs to know.
      if (!isMigrationError(error)) throw error;
    }
  }

  /** The same storage inside a transaction. @throws {@link DifferentDatabaseError} if that is elsewhere, at once if it shows. */
  inside(adapter: EventAdapter, client: object): Promise<EventAdapter> {
    return this.#checked(insideOf(adapter, client), client);
  }

  async #checked(inside: EventAdapter, client: object): Promise<EventAdapter> {
    const place = this.#known.get(client) ?? (await inside.life?.());
    if (place === undefined || place !== this.#home) {
      // It may have moved, too: after a failover, say.
      this.#home = undefined;
      throw new DifferentDatabaseError();
    }
    this.#known.set(client, place);
    return inside;
  }
}

function insideOf(adapter: EventAdapter, client: object): EventAdapter {
  try {
    return adapter.withTransaction!(client);
  } catch (error) {
    throw isMigrationError(error, 'INVALID_ARGUMENT') ? new DifferentDatabaseError({ cause: error }) : error;
  }
}
