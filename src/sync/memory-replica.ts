import { InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import type { Replica, ReplicaRecord, ReplicaWriteOptions, ReplicaWriteOutcome } from './replica.ts';

/** Records that last as long as the object. */
export class MemoryReplica<S = JsonValue> implements Replica<S> {
  /** Removed ones too, so that their versions go on. */
  readonly #records = new Map<string, ReplicaRecord<S>>();
  readonly #listeners = new Set<{ readonly tell: (id: string) => void }>();

  constructor(states: Iterable<readonly [id: string, state: S]> = []) {
    if (typeof states === 'string' || typeof states?.[Symbol.iterator] !== 'function')
      throw new InvalidArgumentError('states', 'pairs of id and state', states);
    for (const [id, state] of states) this.set(id, state);
  }

  /** The record's state; `undefined` if there is none. */
  get(id: string): S | undefined {
    return this.#find(id).state;
  }

  /** Writes whatever is there: an edit by the application. `undefined` removes the record. */
  set(id: string, state: S | undefined): void {
    const version = String(Number(this.#find(id).version) + 1);
    this.#records.set(id, Object.freeze({ state: state === undefined ? state : frozenJson(state, 'state'), version }));
    for (const { tell } of [...this.#listeners]) tell(id);
  }

  async read(id: string): Promise<ReplicaRecord<S>> {
    return this.#find(id);
  }

  async write(id: string, state: S | undefined, options: ReplicaWriteOptions): Promise<ReplicaWriteOutcome> {
    if (this.#find(id).version !== options.expectedVersion) return { status: 'conflict' };
    this.set(id, state);
    return { status: 'written', version: this.#find(id).version };
  }

  async *ids(): AsyncIterable<string> {
    for (const [id, { state }] of [...this.#records]) if (state !== undefined) yield id;
  }

  async watch(listener: (id: string) => void): Promise<() => Promise<void>> {
    const entry = { tell: listener };
    this.#listeners.add(entry);
    return async () => void this.#listeners.delete(entry);
  }

  #find(id: string): ReplicaRecord<S> {
    return this.#records.get(id) ?? { state: undefined, version: '0' };
  }
}
