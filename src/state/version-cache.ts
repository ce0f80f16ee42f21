import type { CacheProvider } from '../cache/cache-provider.ts';
import { isPlainObject, type JsonValue } from '../core/json-value.ts';
import type { OnError } from '../core/on-error.ts';
import { checkAggregateId, checkWhole } from './arguments.ts';
import type { MVCCController } from './mvcc-controller.ts';
import { existingState, type StateVersion, type VersionedState } from './versioned-state.ts';

/** A version as it stands in the cache; without a state it deletes. */
type Entry = {
  readonly state?: JsonValue;
  readonly timestamp: number;
};

/**
 * Versions by number, deletions included, through a cache. A key names the store, the aggregate and the version, which
 * together name one state for ever: nothing here can be stale, whoever shares the cache. If the cache fails, the store
 * answers.
 */
export class VersionCache<S> {
  readonly #mvcc: MVCCController<S>;
  readonly #cache: CacheProvider;
  readonly #onError: OnError;
  #identity: string | undefined;

  constructor(mvcc: MVCCController<S>, cache: CacheProvider, onError: OnError) {
    this.#mvcc = mvcc;
    this.#cache = cache;
    this.#onError = onError;
  }

  async read(aggregateId: string, version: number): Promise<VersionedState<S> | null> {
    checkAggregateId(aggregateId);
    checkWhole(version, 0, 'version');
    this.#identity ??= await this.#mvcc.identity();
    const key = `state:${this.#identity}:${version}:${aggregateId}`;
    const cached = await this.#try(() => this.#cache.get(key));
    if (isEntry(cached)) return existingState({ aggregateId, version, state: undefined, ...cached });
    const found = await this.#stored(aggregateId, version);
    // What is not there, or not any more, is no version: it is not kept.
    if (!found) return null;
    const timestamp = found.timestamp.getTime();
    const entry: Entry = found.deleted ? { timestamp } : { state: found.state as JsonValue, timestamp };
    await this.#try(() => this.#cache.set(key, entry));
    return found.deleted ? null : found;
  }

  async #stored(aggregateId: string, version: number): Promise<StateVersion<S> | undefined> {
    const found = await this.#mvcc.readVersion(aggregateId, version);
    if (found || version === 0) return found ?? undefined;
    for await (const next of this.#mvcc.history(aggregateId, { fromVersion: version, batchSize: 1 })) {
      return next.version === version ? next : undefined;
    }
    return undefined;
  }

  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#onError(error);
      return undefined;
    }
  }
}

function isEntry(value: JsonValue | undefined): value is Entry {
  return isPlainObject(value) && Number.isSafeInteger(value.timestamp);
}
