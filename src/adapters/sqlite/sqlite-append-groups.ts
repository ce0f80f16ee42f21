import type { AppendOutcome } from '../../events/event-adapter.ts';

interface Waiting {
  readonly decide: () => AppendOutcome;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends in one transaction at most: others of this database wait for its commit. */
const maxAppends = 256;

/**
 * Group commit: appends that are called in the same moment, or while another process holds the file, go together in one
 * transaction, which costs one wait for the disk instead of one each.
 */
export class SqliteAppendGroups {
  readonly #transact: <T>(work: () => T) => Promise<T>;
  #waiting: Waiting[] = [];
  #running = false;

  /** @param transact - Runs work in a transaction of its own: all of it is stored, or nothing. */
  constructor(transact: <T>(work: () => T) => Promise<T>) {
    this.#transact = transact;
  }

  /** @param decide - Writes an append, or gives why it can't take place; inside a transaction. */
  append(decide: () => AppendOutcome): Promise<AppendOutcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ decide, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      queueMicrotask(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#store(this.#waiting.splice(0, maxAppends));
    this.#running = false;
  }

  async #store(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#transact(() => group.map(({ decide }) => decide()));
      for (const [index, { resolve }] of group.entries()) resolve(outcomes[index]!);
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error);
      // One of them fails: the others must not suffer for it.
      else for (const one of group) await this.#store([one]);
    }
  }
}
