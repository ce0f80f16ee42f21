import type { Clock } from '../core/clock.ts';
import { SnapshotTooOldError } from '../core/errors.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import type { VersionStore } from './version-store.ts';

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

/** A snapshot that somebody may read until it is released. It holds back the removal of what it sees. */
export class OpenSnapshot {
  readonly #among: Set<OpenSnapshot>;
  readonly #openedAt: number;
  #floor: number;
  #sequence: Promise<number> | undefined;
  #cancelReport: (() => void) | undefined;
  #isExpired = false;

  /** @internal */
  constructor(among: Set<OpenSnapshot>, openedAt: number, floor: number) {
    this.#among = among;
    this.#openedAt = openedAt;
    this.#floor = floor;
    among.add(this);
  }

  /** It sees the commits up to this one. */
  get sequence(): Promise<number> {
    return this.#sequence!;
  }

  /** It does not read below this sequence. */
  get floor(): number {
    return this.#floor;
  }

  get openedAt(): number {
    return this.#openedAt;
  }

  /** @internal */
  takenAt(sequence: Promise<number>): this {
    this.#sequence = sequence.then((taken) => {
      this.#floor = taken;
      return taken;
    });
    return this;
  }

  /** @internal */
  reportedBy(cancel: () => void): void {
    this.#cancelReport = cancel;
  }

  /** @throws {@link SnapshotTooOldError} once it was expired. */
  assertNotExpired(): void {
    if (this.#isExpired) throw new SnapshotTooOldError();
  }

  expire(): void {
    this.#isExpired = true;
    this.release();
  }

  release(): void {
    this.#among.delete(this);
    this.#cancelReport?.();
  }
}

/** The snapshots of one controller. */
export class OpenSnapshots {
  readonly #clock: Clock;
  readonly #watch: SnapshotWatch | undefined;
  readonly #onError: OnError;
  readonly #open = new Set<OpenSnapshot>();
  #last = 0;

  constructor(clock: Clock, watch?: SnapshotWatch, onError: OnError = throwLater) {
    this.#clock = clock;
    this.#watch = watch;
    this.#onError = onError;
  }

  /** Takes note of a sequence that the store has reached. */
  reached(sequence: number): void {
    if (sequence > this.#last) this.#last = sequence;
  }

  /**
   * Opens a snapshot at the last sequence of the store. Until that is known it counts as one at the last sequence heard of,
   * which can only be lower: nothing that it will see is removed in between.
   */
  open(store: () => Promise<Pick<VersionStore, 'lastSequence'>>): OpenSnapshot {
    const snapshot = new OpenSnapshot(this.#open, this.#clock.now(), this.#last);
    const watch = this.#watch;
    if (watch) snapshot.reportedBy(this.#clock.schedule(() => this.#report(snapshot, watch), watch.maxAgeMs));
    return snapshot.takenAt(this.#ask(store));
  }

  /** Ends those that were opened so long ago or longer. @returns How many. */
  expire(olderThanMs: number): number {
    const since = this.#clock.now() - olderThanMs;
    const old = [...this.#open].filter(({ openedAt }) => openedAt <= since);
    for (const snapshot of old) snapshot.expire();
    return old.length;
  }

  /** No open snapshot reads below this sequence, and none that is opened later. */
  get horizon(): number {
    let horizon = this.#last;
    for (const { floor } of this.#open) if (floor < horizon) horizon = floor;
    return horizon;
  }

  async #ask(store: () => Promise<Pick<VersionStore, 'lastSequence'>>): Promise<number> {
    const sequence = await (await store()).lastSequence();
    this.reached(sequence);
    return sequence;
  }

  #report(snapshot: OpenSnapshot, { onLongSnapshot }: SnapshotWatch): void {
    const { openedAt } = snapshot;
    try {
      const ageMs = this.#clock.now() - openedAt;
      onLongSnapshot({ openedAt: new Date(openedAt), ageMs, expire: () => snapshot.expire() });
    } catch (error) {
      this.#onError(error);
    }
  }
}
