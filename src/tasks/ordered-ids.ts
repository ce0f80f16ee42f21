/** Ids in an order that is cheap to change: a doubly linked list over maps. */
export class OrderedIds {
  // null stands before the first and behind the last.
  readonly #next = new Map<string | null, string | null>([[null, null]]);
  readonly #previous = new Map<string | null, string | null>([[null, null]]);

  /** Puts an id behind another, from wherever it was. null: at the beginning; an unknown one or undefined: at the end. */
  place(id: string, after: string | null | undefined): void {
    if (after === id) return;
    this.remove(id);
    const before = after !== undefined && this.#next.has(after) ? after : this.#previous.get(null)!;
    const behind = this.#next.get(before)!;
    this.#link(before, id);
    this.#link(id, behind);
  }

  /** Nothing happens if it is not there. */
  remove(id: string): void {
    if (!this.#next.has(id)) return;
    this.#link(this.#previous.get(id)!, this.#next.get(id)!);
    this.#next.delete(id);
    this.#previous.delete(id);
  }

  *[Symbol.iterator](): Generator<string> {
    for (let id = this.#next.get(null)!; id !== null; id = this.#next.get(id)!) yield id;
  }

  #link(before: string | null, behind: string | null): void {
    this.#next.set(before, behind);
    this.#previous.set(behind, before);
  }
}
