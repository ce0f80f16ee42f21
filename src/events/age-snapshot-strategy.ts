import { checkInteger } from '../core/check-integer.ts';

import type { SnapshotOccasion, SnapshotStrategy } from './snapshot-strategy.ts';

/** Keeps a snapshot where there is none, and then whenever the last is so old and something was folded since. */
export class AgeSnapshotStrategy implements SnapshotStrategy {
  readonly #ageMs: number;

  /** @param ageMs - In milliseconds, from 1 on. */
  constructor(ageMs: number) {
    this.#ageMs = checkInteger(ageMs, 1, 'ageMs');
  }

  shouldSnapshot({ version, snapshotVersion, snapshotAgeMs }: SnapshotOccasion): boolean {
    return version > snapshotVersion && snapshotAgeMs >= this.#ageMs;
  }
}
