import { storageError } from '../../core/errors.ts';
import { checkClient, type PgDatabase, query } from './pg-queryable.ts';

interface Waiting {
  readonly payloads: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Beyond so many payloads no other text joins a statement. */
const maxPayloads = 1000;

/**
 * Sends notifications in the order they are asked for: one statement at a time, with all that has come meanwhile. More
 * at a time would gain nothing, since the server commits those that notify one after another.
 */
export class NotificationSender {
  readonly #db: PgDatabase;
  readonly #channel: string;
  #waiting: Waiting[] = [];
  #sending = false;

  constructor(db: PgDatabase, channel: string) {
    this.#db = checkClient(db);
    this.#channel = channel;
  }

  /** Sends payloads together, or none. @throws {@link StorageError} if they may not have been sent. */
  send(payloads: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payloads, resolve, reject });
      if (!this.#sending) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.length > 0) {
      const group = this.#next();
      const payloads = group.flatMap((each) => each.payloads);
      try {
        await query(this.#db, 'select pg_notify($1, payload) from unnest($2::text[]) as payload', [
          this.#channel,
          payloads,
        ]);
        for (const { resolve } of group) resolve();
      } catch (cause) {
        const error = storageError('send notifications', 'whether they were sent is unknown: look at the cause', cause);
        for (const { reject } of group) reject(error);
      }
    }
    this.#sending = false;
  }

  #next(): Waiting[] {
    let payloads = 0;
    let count = 0;
    for (const each of this.#waiting) {
      payloads += each.payloads.length;
      if (count > 0 && payloads > maxPayloads) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}
