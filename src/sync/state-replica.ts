import { isMigrationError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { Replica, ReplicaRecord, ReplicaWriteOptions, ReplicaWriteOutcome } from './replica.ts';

/** A state with its version and time, as a `VersionedState` has them. */
export interface WrittenState<S> {
  readonly aggregateId: string;
  readonly state: S;
  readonly version: number;
  readonly timestamp: Date;
}

/** The part of a `StateManager` that a {@link StateReplica} needs. */
export interface VersionedStates<S> {
  get(id: string): Promise<WrittenState<S> | null>;
  set(id: string, state: S, options: { readonly expectedVersion: number }): Promise<WrittenState<S>>;
  subscribe?(listener: (written: WrittenState<S>) => void): () => void;
}

/** Options of a {@link StateReplica}. */
export interface StateReplicaOptions {
  /** The ids of the aggregates there are: a version store does not list them. One that has no state is no harm. */
  readonly ids: () => AsyncIterable<string> | Iterable<string>;
  /** Names this side in the stamps of its versions, for last-writer-wins. Default: they have no stamps. */
  readonly nodeId?: string;
}

/**
 * The newest versions of a `StateManager`, as records. A version can't be taken back, so a record is removed by a version
 * whose state is null.
 */
export class StateReplica<S = JsonValue> implements Replica<S> {
  readonly #states: VersionedStates<S | null>;
  readonly #options: StateReplicaOptions;

  constructor(states: VersionedStates<S | null>, options: StateReplicaOptions) {
    this.#states = states;
    this.#options = options;
  }

  async read(id: string): Promise<ReplicaRecord<S>> {
    const found = await this.#states.get(id);
    if (!found) return { state: undefined, version: '0' };
    const { nodeId } = this.#options;
    const stamps = nodeId === undefined ? {} : { stamps: { timestamp: found.timestamp, nodeId } };
    return { state: found.state ?? undefined, version: String(found.version), ...stamps };
  }

  async write(id: string, state: S | undefined, options: ReplicaWriteOptions): Promise<ReplicaWriteOutcome> {
    try {
      const expectedVersion = Number(options.expectedVersion);
      const { version } = await this.#states.set(id, state ?? null, { expectedVersion });
      return { status: 'written', version: String(version) };
    } catch (error) {
      return conflictOr(error);
    }
  }

  async *ids(): AsyncIterable<string> {
    yield* this.#options.ids();
  }

  /** Tells what is written through this very manager; what other processes write is found by polling. */
  async watch(listener: (id: string) => void): Promise<() => Promise<void>> {
    const stop = this.#states.subscribe?.(({ aggregateId }) => listener(aggregateId));
    return async () => stop?.();
  }
}

/** The outcome of a write that lost a race; any other error is thrown. */
export function conflictOr(error: unknown): ReplicaWriteOutcome {
  if (isMigrationError(error, 'CONCURRENCY_CONFLICT')) return { status: 'conflict' };
  throw error;
}
