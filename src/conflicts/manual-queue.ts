import { InvalidArgumentError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import { Conflict, type Side } from './conflict.ts';
import { type ConflictRecordStore, MemoryConflictRecordStore } from './conflict-record-store.ts';
import { ConflictResolution } from './conflict-resolution.ts';
import type { RememberedDecisions } from './remembered-decisions.ts';

/** What somebody chose: a side, what was there before, or a value of their own. */
export type ManualChoice = Side | 'base' | { readonly value: JsonValue | undefined };

/** Conflicts that wait for a person. One that is put in twice, be it by another replica, waits once. */
export class ManualQueue {
  readonly #store: ConflictRecordStore;
  readonly #decisions: RememberedDecisions | undefined;

  /** @param options - Where conflicts wait (default: in memory), and what remembers the answers. */
  constructor(
    options: {
      readonly store?: ConflictRecordStore | undefined;
      readonly decisions?: RememberedDecisions | undefined;
    } = {},
  ) {
    this.#store = options.store ?? new MemoryConflictRecordStore();
    this.#decisions = options.decisions;
  }

  async add(conflicts: readonly Conflict[]): Promise<void> {
    for (const conflict of conflicts) {
      if ((await this.#store.get(conflict.id)) === undefined) await this.#store.put(conflict.id, conflict.toJSON());
    }
  }

  /** What waits, the oldest first. */
  async pending(): Promise<readonly Conflict[]> {
    return (await this.#store.list()).map((record) => Conflict.fromJSON(record));
  }

  /**
   * Takes a conflict from the queue.
   *
   * @param id - Of a conflict that waits.
   * @param note - Who decided, and why.
   * @returns What to apply with `applyResolutions`.
   * @throws {@link InvalidArgumentError} if no such conflict waits.
   */
  async decide(
    id: string,
    choice: ManualChoice,
    note: { readonly by: string; readonly reason: string },
  ): Promise<ConflictResolution> {
    const record = await this.#store.get(id);
    if (!record) throw new InvalidArgumentError('id', 'the id of a conflict that waits', id);
    const conflict = Conflict.fromJSON(record);
    const decision = { strategy: note.by, reason: note.reason };
    const resolution =
      typeof choice === 'object'
        ? ConflictResolution.decide(conflict, choice.value, decision)
        : ConflictResolution.choose(conflict, choice, decision);
    await this.#decisions?.remember(resolution);
    await this.#store.delete(id);
    return resolution;
  }
}
