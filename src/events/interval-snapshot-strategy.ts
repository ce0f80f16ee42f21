import { checkInteger } from '../core/check-integer.ts';

import type { SnapshotOccasion, SnapshotStrategy } from './snapshot-strategy.ts';

/** Keeps a snapshot once so many events have been folded since the last. */
export class IntervalSnapshotStrategy implements SnapshotStrategy {
  readonly #interval: number;

  /** @param interval - In events, from 1 on. */
  constructor(interval: number) {
    this.#interval = checkInteger(interval, 1, 'interval');
  }

  shouldSnapshot({ version, snapshotVersion }: SnapshotOccasion): boolean {
    return version - snapshotVersion >= this.#interval;
  }
}
