/** What became of one piece of work in a group. */
export type Settled<O> = { readonly outcome: O } | { readonly error: unknown };

/** Work that waits for its group. */
export interface Waiting<T> {
  readonly work: T;
}

interface Entry<T, O> extends Waiting<T> {
  readonly settle: (settled: Settled<O>) => void;
}

/** How work goes together. */
export interface PgGroupsOptions<T, O> {
  /** Does the work of a group: says of each piece what became of it, and never rejects. */
  send(works: readonly T[]): Promise<readonly Settled<O>[]>;
  /** How many of those that wait, in their order, go in the next group; one at least. */
  fitting(waiting: readonly Waiting<T>[]): number;
  /** Groups on their way at a time. The next one gathers while these are. */
  readonly maxInFlight: number;
}

/**
 * Group commit: work that comes while other work is on its way goes together, in one statement and one commit. When nothing is
 * on its way it goes at once, so that none waits for company.
 */
export class PgGroups<T, O> {
  readonly #options: PgGroupsOptions<T, O>;
  readonly #waiting: Entry<T, O>[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(options: PgGroupsOptions<T, O>) {
    this.#options = options;
  }

  /** How many pieces of work wait for their group. */
  get waiting(): number {
    return this.#waiting.length;
  }

  run(work: T): Promise<O> {
    return new Promise((resolve, reject) => {
      const settle = (settled: Settled<O>) => ('outcome' in settled ? resolve(settled.outcome) : reject(settled.error));
      this.#waiting.push({ work, settle });
      if (this.#scheduled || this.#inFlight >= this.#options.maxInFlight) return;
      this.#scheduled = true;
      // What is called in the same moment goes together.
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#start();
      });
    });
  }

  #start(): void {
    while (this.#waiting.length > 0 && this.#inFlight < this.#options.maxInFlight) void this.#send();
  }

  async #send(): Promise<void> {
    const group = this.#waiting.splice(0, this.#options.fitting(this.#waiting));
    this.#inFlight++;
    const settled = await this.#options.send(group.map(({ work }) => work));
    this.#inFlight--;
    for (const [index, { settle }] of group.entries()) settle(settled[index]!);
    this.#start();
  }
}
