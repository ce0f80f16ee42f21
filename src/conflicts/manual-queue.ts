import { checkObject } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject, type JsonValue } from '../core/json-value.ts';
import { KeyedQueue } from '../core/keyed-queue.ts';
import { Conflict, type Side } from './conflict.ts';
import { type ConflictRecordStore, recordStore } from './conflict-record-store.ts';
import { ConflictResolution } from './conflict-resolution.ts';
import type { RememberedDecisions } from './remembered-decisions.ts';

/** What somebody chose: a side, what was there before, or a value of their own (`undefined`: nothing shall be there). */
export type ManualChoice = Side | 'base' | { readonly value: JsonValue | undefined };

/** Conflicts that wait for a person. One that is put in twice, be it by another replica, waits once. */
export class ManualQueue {
  readonly #store: ConflictRecordStore;
  readonly #decisions: RememberedDecisions | undefined;
  /** Two decisions about one conflict come one after the other. */
  readonly #queue = new KeyedQueue();

  /** @param options - Where conflicts wait (default: in memory), and what remembers the answers. */
  constructor(
    options: {
      readonly store?: ConflictRecordStore | undefined;
      readonly decisions?: RememberedDecisions | undefined;
    } = {},
  ) {
    checkObject(options);
    this.#store = recordStore(options.store, 'options.store');
    this.#decisions = options.decisions;
  }

  /** Puts conflicts in; one that waits already (by its `id`) stays as it is. An `AutoConflictResolver` does so by itself. */
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
   * Decides a conflict: `apply` puts the decision into the state, then it is remembered, then the conflict leaves the queue.
   * If one of these fails, or the process dies, the conflict still waits, with what both sides wrote: decide it again, alike,
   * and nothing is done twice. If `apply` finds the state changed (`ResolutionOutdatedError`), nothing is remembered.
   *
   * Two decisions about one conflict at once: the second is refused, in this object. Two objects on one store leave it to
   * `apply`, whose second decision finds the state changed.
   *
   * @param id - Of a conflict that waits.
   * @param note - Who decided, and why.
   * @param apply - Puts the decision into the state with `applyResolutions`, and stores that; a promise is awaited.
   * Without it, the conflict leaves the queue before anybody has applied the decision, and a crash in between loses both
   * sides' values.
   * @returns The decision.
   * @throws {@link InvalidArgumentError} if no such conflict waits, or the choice is none.
   */
  decide(
    id: string,
    choice: ManualChoice,
    note: { readonly by: string; readonly reason: string },
    apply?: (decision: ConflictResolution) => unknown,
  ): Promise<ConflictResolution> {
    return this.#queue.run(id, () => this.#decide(id, choice, note, apply));
  }

  /** Takes a conflict from the queue undecided: one that the state has left behind. Nothing happens if it does not wait. */
  withdraw(id: string): Promise<void> {
    return this.#queue.run(id, () => this.#store.delete(id));
  }

  async #decide(...[id, choice, note, apply]: Parameters<ManualQueue['decide']>): Promise<ConflictResolution> {
    const record = await this.#store.get(id);
    if (!record) throw new InvalidArgumentError('id', 'the id of a conflict that waits', id);
    const conflict = Conflict.fromJSON(record);
    const decision = { strategy: note.by, reason: note.reason };
    const resolution = isOwnValue(choice)
      ? ConflictResolution.decide(conflict, choice.value, decision)
      : ConflictResolution.choose(conflict, choice, decision);
    await apply?.(resolution);
    await this.#decisions?.remember(resolution);
    await this.#store.delete(id);
    return resolution;
  }
}

/** What merely lacks a value is none: it must not pass for a removal. */
const isOwnValue = (choice: ManualChoice): choice is { readonly value: JsonValue | undefined } =>
  isPlainObject(choice) && Object.hasOwn(choice, 'value');
