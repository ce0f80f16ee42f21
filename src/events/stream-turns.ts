import { abortable } from '../core/abort.ts';

/** What came of work on streams, and what it leaves on each of them; nothing where that is not known. */
export interface Turn<T, Left> {
  readonly result: T;
  readonly left: readonly Left[];
}

/**
 * Work on streams, on each of them one after the other, in the order it was asked for. What one leaves there goes to the
 * next that waits for it, and is forgotten where none does.
 */
export class StreamTurns<Left> {
  readonly #last = new Map<string, Promise<Left | undefined>>();

  /**
   * Its place is behind the same work on all of its streams: nobody waits for one behind him, so there is no deadlock. A
   * failure stops nothing that waits, and leaves nothing.
   *
   * @param work - Is given what was left on each of the streams.
   * @param signal - Rejects at once while it waits; then its turn is passed over.
   */
  run<T>(
    streams: readonly string[],
    work: (left: readonly (Left | undefined)[]) => Promise<Turn<T, Left>>,
    signal?: AbortSignal,
  ): Promise<T> {
    const before = Promise.all(streams.map((stream) => this.#last.get(stream)));
    const turn = before.then((left) => {
      signal?.throwIfAborted();
      return work(left);
    });
    for (const [index, stream] of streams.entries()) {
      const left = turn.then(
        (done) => done.left[index],
        () => undefined,
      );
      this.#last.set(stream, left);
      void left.then(() => {
        if (this.#last.get(stream) === left) this.#last.delete(stream);
      });
    }
    return abortable(before, signal).then(async () => (await turn).result);
  }
}
