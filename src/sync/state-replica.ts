import { checkMethods } from '../core/check-argument.ts';
import { isMigrationError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { Replica, ReplicaRecord, ReplicaWriteOptions, ReplicaWriteOutcome } from './replica.ts';

/** A state with its version and time, as a `VersionedState` has them. */
export interface WrittenState<S> {
  readonly state: S;
  readonly version: number;
  readonly timestamp: Date;
}

/** The part of a `StateManager` that a {@link StateReplica} needs. */
export interface VersionedStates<S> {
  get(id: string): Promise<WrittenState<S> | null>;
  set(id: string, state: S, options: { readonly expectedVersion: number }): Promise<{ readonly version: number }>;
  delete(id: string, options: { readonly expectedVersion: number }): Promise<{ readonly version: number } | null>;
  subscribe?(
    listener: (written: { readonly aggregateId: string }) => void,
    options: { readonly others: boolean },
  ): (() => void) & { readonly begun?: Promise<void> };
}

/** Options of a {@link StateReplica}. */
export interface StateReplicaOptions {
  /** The ids of the aggregates there are: a version store does not list them. One that has no state is no harm. */
  readonly ids: () => AsyncIterable<string> | Iterable<string>;
  /** Whether what others than this very manager write is told too, see `StateManager.subscribe`. Default false. */
  readonly others?: boolean;
  /** Names this side in the stamps of its versions, for last-writer-wins. Default: they have no stamps. */
  readonly nodeId?: string;
}

/** The states of a `StateManager`, as records. */
export class StateReplica<S = JsonValue> implements Replica<S> {
  readonly watch?: NonNullable<Replica<S>['watch']>;
  readonly #states: VersionedStates<S>;
  readonly #options: StateReplicaOptions;

  constructor(states: VersionedStates<S>, options: StateReplicaOptions) {
    checkMethods(states, 'states', 'a StateManager', 'get', 'set', 'delete');
    checkMethods(options, 'options', 'options with ids()', 'ids');
    this.#states = states;
    this.#options = options;
    if (!states.subscribe) return;
    const { others = false } = options;
    this.watch = async (listener) => {
      const stop = states.subscribe?.(({ aggregateId }) => listener(aggregateId), { others });
      await stop?.begun;
      return async () => stop?.();
    };
  }

  async read(id: string): Promise<ReplicaRecord<S>> {
    const found = await this.#states.get(id);
    if (!found) return { state: undefined, version: '0' };
    const { nodeId } = this.#options;
    const stamps = nodeId === undefined ? {} : { stamps: { timestamp: found.timestamp, nodeId } };
    return { state: found.state, version: String(found.version), ...stamps };
  }

  async write(id: string, state: S | undefined, options: ReplicaWriteOptions): Promise<ReplicaWriteOutcome> {
    try {
      const expectedVersion = Number(options.expectedVersion);
      if (state === undefined) {
        if (expectedVersion > 0) await this.#states.delete(id, { expectedVersion });
        else if (await this.#states.get(id)) return { status: 'conflict' };
        return { status: 'written', version: '0' };
      }
      const { version } = await this.#states.set(id, state, { expectedVersion });
      return { status: 'written', version: String(version) };
    } catch (error) {
      return conflictOr(error);
    }
  }

  async *ids(): AsyncIterable<string> {
    yield* this.#options.ids();
  }
}

/** The outcome of a write that lost a race; any other error is thrown. */
export function conflictOr(error: unknown): ReplicaWriteOutcome {
  if (isMigrationError(error, 'CONCURRENCY_CONFLICT')) return { status: 'conflict' };
  throw error;
}
