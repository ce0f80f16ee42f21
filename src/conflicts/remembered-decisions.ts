import type { JsonValue } from '../core/json-value.ts';
import type { Conflict } from './conflict.ts';
import { type ConflictRecordStore, recordStore } from './conflict-record-store.ts';
import { ConflictResolution, ManualResolutionRequired } from './conflict-resolution.ts';

/**
 * Decisions that are applied again when the same conflict comes back, as `git rerere` does: after a rollback, in a merge of
 * the same versions elsewhere, or with the sides swapped. The same conflict is one with the same id: place, type and values.
 */
export class RememberedDecisions {
  readonly #store: ConflictRecordStore;

  /** @param store - Default: in memory. */
  constructor(store?: ConflictRecordStore) {
    this.#store = recordStore(store, 'store');
  }

  /** Remembers a decision, in the place of an earlier one about the same conflict. One that decides nothing is no decision. */
  async remember(resolution: ConflictResolution): Promise<void> {
    if (resolution instanceof ManualResolutionRequired) return;
    await this.#store.put(resolution.conflict.id, resolution.toJSON());
  }

  /** The next conflict of this id is open again. */
  async forget(conflict: Conflict): Promise<void> {
    await this.#store.delete(conflict.id);
  }

  /** The decision about this conflict, if there was one. */
  async recall(conflict: Conflict): Promise<ConflictResolution | undefined> {
    const record = await this.#store.get(conflict.id);
    if (!record) return undefined;
    const { strategy, reason, confidence, value } = ConflictResolution.fromJSON(record);
    const note = { strategy, reason: `decided before: ${reason}`, confidence };
    return ConflictResolution.decide(conflict, value as JsonValue | undefined, note);
  }
}
