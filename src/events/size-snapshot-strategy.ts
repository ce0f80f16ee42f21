import { checkInteger } from '../core/check-integer.ts';

import type { SnapshotOccasion, SnapshotStrategy } from './snapshot-strategy.ts';

/** Keeps a snapshot once the events folded since the last take so much in the storage. */
export class SizeSnapshotStrategy implements SnapshotStrategy {
  readonly #bytes: number;

  /** @param bytes - Of stored data, from 1 on. */
  constructor(bytes: number) {
    this.#bytes = checkInteger(bytes, 1, 'bytes');
  }

  shouldSnapshot({ foldedBytes }: SnapshotOccasion): boolean {
    return foldedBytes >= this.#bytes;
  }
}
