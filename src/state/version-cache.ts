import type { CacheProvider } from '../cache/cache-provider.ts';
import { isPlainObject, type JsonValue } from '../core/json-value.ts';
import type { OnError } from '../core/on-error.ts';
import { checkAggregateId, checkWhole } from './arguments.ts';
import type { MVCCController } from './mvcc-controller.ts';
import { existingState, type VersionedState } from './versioned-state.ts';

/**
 * Versions by number, through a cache. A key names the store, the aggregate and the version, which together name one
 * state for ever: nothing here can be stale, whoever shares the cache. If the cache fails, the store answers.
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
    if (isEntry(cached)) return existingState({ aggregateId, version, ...cached });
    const found = await this.#mvcc.readVersion(aggregateId, version);
    if (found) {
      const entry = { state: found.state as JsonValue, timestamp: found.timestamp.getTime() };
      await this.#try(() => this.#cache.set(key, entry));
    }
    return found;
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

function isEntry(value: unknown): value is { state: JsonValue; timestamp: number } {
  return isPlainObject(value) && value.state !== undefined && Number.isSafeInteger(value.timestamp);
}
