interface Waiting {
  readonly work: () => unknown;
  readonly resolve: (outcome: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Pieces of work in one transaction at most: others of this database wait for its commit. */
const maxGroup = 256;

/**
 * Group commit: what is to be written in the same moment, or while another process holds the file, goes together in one
 * transaction, which costs one wait for the disk instead of one each.
 */
export class SqliteCommitGroups {
  readonly #transact: <T>(work: () => T) => Promise<T>;
  #waiting: Waiting[] = [];
  #running = false;

  /** @param transact - Runs work in a transaction of its own: all of it is stored, or nothing. */
  constructor(transact: <T>(work: () => T) => Promise<T>) {
    this.#transact = transact;
  }

  /** @param work - Writes, or gives why it can't; inside a transaction. */
  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      queueMicrotask(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#store(this.#waiting.splice(0, maxGroup));
    this.#running = false;
  }

  async #store(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#transact(() => group.map(({ work }) => work()));
      for (const [index, { resolve }] of group.entries()) resolve(outcomes[index] as never);
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error);
      // One of them fails: the others must not suffer for it.
      else for (const one of group) await this.#store([one]);
    }
  }
}
