import { sleep } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';
import { ClosedError } from '../core/errors.ts';
import type { OnError } from '../core/on-error.ts';
import type { MVCCController } from './mvcc-controller.ts';
import type { StateVersion } from './versioned-state.ts';

/** How a follower works. */
export interface StateFollowerOptions<S> {
  readonly tell: (written: StateVersion<S>) => void;
  readonly pollIntervalMs: number | undefined;
  readonly clock: Clock;
  readonly onError: OnError;
}

/** How long to wait after the store failed. */
const retryMs = 500;

/** Tells of every version of the store, by whomever it was written, in the order of the commits. */
export class StateFollower<S> {
  /** Resolves once it is known from where on: what is committed afterwards is told. */
  readonly begun: Promise<void>;
  readonly #ended = new AbortController();

  constructor(mvcc: MVCCController<S>, options: StateFollowerOptions<S>) {
    this.begun = new Promise((resolve) => void this.#follow(mvcc, options, resolve));
  }

  end(): void {
    this.#ended.abort();
  }

  async #follow(mvcc: MVCCController<S>, options: StateFollowerOptions<S>, begun: () => void): Promise<void> {
    const { signal } = this.#ended;
    const { tell, pollIntervalMs, clock, onError } = options;
    /** All commits up to this one are told. */
    let after: number | undefined;
    while (!signal.aborted) {
      try {
        after ??= await mvcc.lastSequence();
        begun();
        for await (const watched of mvcc.watch({ after, signal, ...(pollIntervalMs && { pollIntervalMs }) })) {
          tell(watched.version);
          after = watched.after;
        }
      } catch (error) {
        begun();
        if (signal.aborted) return;
        onError(error);
        // Of a closed controller there is nothing more to be heard.
        if (error instanceof ClosedError) return;
        await sleep(retryMs, { clock, signal }).catch(() => {});
      }
    }
  }
}
