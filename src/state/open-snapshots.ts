/** A snapshot that somebody may read until it is released. */
export interface OpenSnapshot {
  /** It sees the commits up to this one. */
  readonly sequence: Promise<number>;
  release(): void;
}

/** The snapshots of one controller: they hold back the removal of what they see. */
export class OpenSnapshots {
  /** Of each open snapshot, a sequence that it does not read below. */
  readonly #floors = new Set<{ sequence: number }>();
  #last = 0;

  /** Takes note of a sequence that the store has reached. */
  reached(sequence: number): void {
    this.#last = Math.max(this.#last, sequence);
  }

  /**
   * Opens a snapshot at what `lastSequence` is going to say. Until that is known it counts as one at the last sequence
   * heard of, which can only be lower: nothing that it will see is removed in between.
   */
  open(lastSequence: () => Promise<number>): OpenSnapshot {
    const floor = { sequence: this.#last };
    this.#floors.add(floor);
    const ask = async () => {
      floor.sequence = await lastSequence();
      this.reached(floor.sequence);
      return floor.sequence;
    };
    return { sequence: ask(), release: () => void this.#floors.delete(floor) };
  }

  /** No open snapshot reads below this sequence, and none that is opened later. */
  get horizon(): number {
    let horizon = this.#last;
    for (const { sequence } of this.#floors) horizon = Math.min(horizon, sequence);
    return horizon;
  }
}
