/** Work that is done once, by the first use of something. A failure is forgotten: the next use tries again. */
export class Initialization {
  readonly #work: () => Promise<void>;
  #attempt: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves once it is done; whoever asks meanwhile waits for the same attempt, and gets its failure. */
  async done(): Promise<void> {
    // Forgotten before anybody hears of it: who tries again at once begins another.
    this.#attempt ??= this.#work().catch((error: unknown) => {
      this.#attempt = undefined;
      throw error;
    });
    await this.#attempt;
  }

  /** Resolves once nothing is under way, whatever came of it; begins nothing. */
  async settled(): Promise<void> {
    await this.#attempt?.catch(() => {});
  }
}
