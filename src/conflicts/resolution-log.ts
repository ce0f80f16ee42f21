import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { createId } from '../core/ids.ts';
import { type ConflictRecordStore, recordStore } from './conflict-record-store.ts';
import { ConflictResolution, ManualResolutionRequired } from './conflict-resolution.ts';

/** A decision, and when it was taken. */
export interface ResolutionLogEntry {
  readonly id: string;
  readonly time: Date;
  readonly resolution: ConflictResolution;
}

/** Every decision that was taken without asking, so that each can be undone: see `undoResolution`. */
export class ResolutionLog {
  readonly #store: ConflictRecordStore;
  readonly #clock: Clock;

  constructor(options: { readonly store?: ConflictRecordStore | undefined; readonly clock?: Clock | undefined } = {}) {
    checkObject(options);
    this.#store = recordStore(options.store, 'options.store');
    this.#clock = options.clock ?? systemClock;
  }

  /** Writes decisions down; those that are left to a person are none. */
  async record(resolutions: readonly ConflictResolution[]): Promise<void> {
    for (const resolution of resolutions) {
      if (resolution instanceof ManualResolutionRequired) continue;
      const id = createId();
      await this.#store.put(id, { id, time: this.#clock.now(), resolution: resolution.toJSON() });
    }
  }

  /** All decisions, the oldest first. */
  async entries(): Promise<readonly ResolutionLogEntry[]> {
    return (await this.#store.list()).map(({ id, time, resolution }) => ({
      id: String(id),
      time: new Date(Number(time)),
      resolution: ConflictResolution.fromJSON(resolution),
    }));
  }
}
