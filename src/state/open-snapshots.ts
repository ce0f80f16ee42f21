import type { Clock } from '../core/clock.ts';
import { SnapshotTooOldError } from '../core/errors.ts';
import { type OnError, throwLater } from '../core/on-error.ts';

/** A snapshot that has been open for longer than it should. */
export interface LongSnapshot {
  readonly openedAt: Date;
  readonly ageMs: number;
  /** Ends it: the transaction's next call rejects with {@link SnapshotTooOldError}. */
  expire(): void;
}

/** When an open snapshot is reported, and to whom. */
export interface SnapshotWatch {
  readonly maxAgeMs: number;
  readonly onLongSnapshot: (snapshot: LongSnapshot) => void;
}

/** A snapshot that somebody may read until it is released. */
export interface OpenSnapshot {
  /** It sees the commits up to this one. */
  readonly sequence: Promise<number>;
  /** @throws {@link SnapshotTooOldError} once it was expired. */
  assertNotExpired(): void;
  release(): void;
}

interface Entry {
  /** It does not read below this sequence. */
  floor: number;
  readonly openedAt: number;
  expire(): void;
}

/** The snapshots of one controller: they hold back the removal of what they see. */
export class OpenSnapshots {
  readonly #clock: Clock;
  readonly #watch: SnapshotWatch | undefined;
  readonly #onError: OnError;
  readonly #open = new Set<Entry>();
  #last = 0;

  constructor(clock: Clock, watch?: SnapshotWatch, onError: OnError = throwLater) {
    this.#clock = clock;
    this.#watch = watch;
    this.#onError = onError;
  }

  /** Takes note of a sequence that the store has reached. */
  reached(sequence: number): void {
    this.#last = Math.max(this.#last, sequence);
  }

  /**
   * Opens a snapshot at what `lastSequence` is going to say. Until that is known it counts as one at the last sequence
   * heard of, which can only be lower: nothing that it will see is removed in between.
   */
  open(lastSequence: () => Promise<number>): OpenSnapshot {
    let expired = false;
    const release = () => {
      this.#open.delete(entry);
      cancel?.();
    };
    const entry: Entry = {
      floor: this.#last,
      openedAt: this.#clock.now(),
      expire() {
        expired = true;
        release();
      },
    };
    this.#open.add(entry);
    const cancel = this.#watch && this.#clock.schedule(() => this.#report(entry), this.#watch.maxAgeMs);
    const ask = async () => {
      entry.floor = await lastSequence();
      this.reached(entry.floor);
      return entry.floor;
    };
    const assertNotExpired = () => {
      if (expired) throw new SnapshotTooOldError();
    };
    return { sequence: ask(), assertNotExpired, release };
  }

  /** Ends those that were opened so long ago or longer. @returns How many. */
  expire(olderThanMs: number): number {
    const since = this.#clock.now() - olderThanMs;
    const old = [...this.#open].filter(({ openedAt }) => openedAt <= since);
    for (const entry of old) entry.expire();
    return old.length;
  }

  /** No open snapshot reads below this sequence, and none that is opened later. */
  get horizon(): number {
    let horizon = this.#last;
    for (const { floor } of this.#open) horizon = Math.min(horizon, floor);
    return horizon;
  }

  #report(entry: Entry): void {
    try {
      const ageMs = this.#clock.now() - entry.openedAt;
      this.#watch?.onLongSnapshot({ openedAt: new Date(entry.openedAt), ageMs, expire: () => entry.expire() });
    } catch (error) {
      this.#onError(error);
    }
  }
}
