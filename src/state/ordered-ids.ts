import { compareText } from '../core/compare-text.ts';

/** Ids in the order of their UTF-8 bytes, put in order when they are asked for. */
export class OrderedIds {
  #ordered: string[] = [];
  #added: string[] = [];

  /** @param id - Not there yet. */
  add(id: string): void {
    this.#added.push(id);
  }

  /** The ids from this one on. */
  *from(low: string): Generator<string, void, void> {
    const ids = this.#inOrder();
    let [first, end] = [0, ids.length];
    while (first < end) {
      const middle = (first + end) >>> 1;
      if (compareText(ids[middle]!, low) < 0) first = middle + 1;
      else end = middle;
    }
    for (let index = first; index < ids.length; index++) yield ids[index]!;
  }

  /** A new array where there is something new: whoever goes through the old one goes on undisturbed. */
  #inOrder(): readonly string[] {
    if (this.#added.length === 0) return this.#ordered;
    const added = this.#added.sort(compareText);
    const merged: string[] = [];
    let next = 0;
    for (const id of this.#ordered) {
      while (next < added.length && compareText(added[next]!, id) < 0) merged.push(added[next++]!);
      merged.push(id);
    }
    while (next < added.length) merged.push(added[next++]!);
    this.#ordered = merged;
    this.#added = [];
    return merged;
  }
}
