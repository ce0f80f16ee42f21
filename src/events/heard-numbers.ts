/** Publishers that are remembered: those heard last. */
const maxPublishers = 10_000;

/** How far each publisher was heard: tells what comes again from what is new, and what is missing before it. */
export class HeardNumbers {
  readonly #last = new Map<string, number>();

  /** @returns How many of the publisher's numbers are missing before this one; nothing if it was heard already. */
  take(publisher: string, number: number): number | undefined {
    const last = this.#last.get(publisher);
    if (last !== undefined && number <= last) return undefined;
    this.#last.delete(publisher);
    this.#last.set(publisher, number);
    if (this.#last.size > maxPublishers) this.#last.delete(this.#last.keys().next().value!);
    return last === undefined ? 0 : number - last - 1;
  }
}
