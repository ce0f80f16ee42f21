import { abortable } from '../core/abort.ts';

/**
 * One event's turn among the events of its aggregate: it begins when the turn before it has ended.
 *
 * A turn published by a handler belongs to the turn of that handler, which may be waiting for it. Where waiting in line
 * would close a circle (each waits for the other), the turn is `nested`: it begins at once. The circle is found when its
 * last edge is drawn, as in a wait-for graph of a database's locks.
 */
export class PublishTurn {
  /** Whether it begins at once, out of line. */
  readonly nested: boolean;
  readonly ended: Promise<void>;
  readonly #parent: PublishTurn | undefined;
  #before: PublishTurn | undefined;
  readonly #children = new Set<PublishTurn>();
  #over = false;
  #markEnded = () => {};

  /**
   * @param publisher - The turn whose handler publishes.
   * @param last - The last turn in line.
   */
  constructor(publisher: PublishTurn | undefined, last: PublishTurn | undefined) {
    // What a handler left running behind is no longer waited for by its turn.
    this.#parent = publisher && !publisher.#over ? publisher : undefined;
    this.nested = last !== undefined && this.#parent !== undefined && last.#waitsForAny(this.#parent.lineage());
    this.#before = this.nested ? undefined : last;
    if (this.#parent) this.#parent.#children.add(this);
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve;
    });
  }

  /** Resolves when it is this one's turn; rejects if the signal aborts before. */
  async begin(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#before) return;
    await abortable(this.#before.ended, signal);
    this.#before = undefined;
  }

  /** Lets the next one begin, though not before those ahead of this one have ended. */
  end(): void {
    this.#over = true;
    if (this.#parent) this.#parent.#children.delete(this);
    if (this.#before) void this.#before.ended.then(this.#markEnded);
    else this.#markEnded();
  }

  /** This turn, the one whose handler published it, and so on. */
  lineage(): Set<PublishTurn> {
    const turns = new Set<PublishTurn>();
    for (let turn: PublishTurn | undefined = this; turn; turn = turn.#parent) turns.add(turn);
    return turns;
  }

  #waitsForAny(turns: ReadonlySet<PublishTurn>): boolean {
    const seen = new Set<PublishTurn>([this]);
    for (const turn of seen) {
      if (turns.has(turn)) return true;
      if (turn.#before) seen.add(turn.#before);
      for (const child of turn.#children) seen.add(child);
    }
    return false;
  }
}
