import type { KeptVersion } from './memory-aggregate.ts';

/** All versions in the order of their commits. Those that were removed go once they are as many as those that stay. */
export class MemoryCommitLog {
  readonly #isThere: (version: KeptVersion) => boolean;
  #versions: KeptVersion[] = [];
  #removed = 0;

  /** @param isThere - Whether a version was not removed. */
  constructor(isThere: (version: KeptVersion) => boolean) {
    this.#isThere = isThere;
  }

  push(version: KeptVersion): void {
    this.#versions.push(version);
  }

  /** Keeps a version as something else. */
  replace(version: KeptVersion): void {
    let index = this.#firstAfter(version.sequence - 1);
    while (this.#versions[index]!.aggregateId !== version.aggregateId) index++;
    this.#versions[index] = version;
  }

  /** Notes that so many were removed. */
  removed(count: number): void {
    this.#removed += count;
    if (this.#removed < 1000 || this.#removed * 2 < this.#versions.length) return;
    this.#versions = this.#versions.filter(this.#isThere);
    this.#removed = 0;
  }

  /** The versions of later commits, those removed left out. */
  *after(sequence: number): Generator<KeptVersion, void, void> {
    for (let index = this.#firstAfter(sequence); index < this.#versions.length; index++) {
      const version = this.#versions[index]!;
      if (this.#removed === 0 || this.#isThere(version)) yield version;
    }
  }

  #firstAfter(sequence: number): number {
    let [low, high] = [0, this.#versions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#versions[middle]!.sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
