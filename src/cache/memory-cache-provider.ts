import { LRUCache } from 'lru-cache';
import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { ttlToMs } from '../core/ttl.ts';
import type { CacheEntry, CacheProvider, CacheSetOptions } from './cache-provider.ts';

/** Options of a {@link MemoryCacheProvider}. */
export interface MemoryCacheProviderOptions {
  /** How many entries it holds; the one not used for longest goes first. Default 10,000. */
  readonly max?: number;
  /** How long a value without a time of its own is good for, in seconds. Default: without end. */
  readonly ttl?: number;
  readonly clock?: Clock;
}

/** A cache level in the memory of this process. Values are frozen copies. */
export class MemoryCacheProvider implements CacheProvider {
  readonly #entries: LRUCache<string, { readonly value: JsonValue; readonly expiresAt: number }>;
  readonly #ttl: number | undefined;
  readonly #clock: Clock;

  /** @throws {@link InvalidArgumentError} if `max` is no positive integer, or `ttl` not more than 0. */
  constructor(options: MemoryCacheProviderOptions = {}) {
    checkObject(options);
    const { max = 10_000, ttl, clock = systemClock } = options;
    if (!Number.isSafeInteger(max) || max < 1) throw new InvalidArgumentError('max', 'a positive integer', max);
    ttlToMs(ttl);
    this.#entries = new LRUCache({ max });
    this.#ttl = ttl;
    this.#clock = clock;
  }

  async getEntry(key: string): Promise<CacheEntry | undefined> {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const remainingMs = entry.expiresAt - this.#clock.now();
    if (remainingMs > 0) return { value: entry.value, remainingMs };
    this.#entries.delete(key);
    return undefined;
  }

  async get(key: string): Promise<JsonValue> {
    return (await this.getEntry(key))?.value ?? null;
  }

  /** @throws {@link InvalidArgumentError} if the value is not JSON, or `ttl` not more than 0. */
  async set(key: string, value: JsonValue, options: CacheSetOptions = {}): Promise<void> {
    const expiresAt = this.#clock.now() + ttlToMs(options.ttl ?? this.#ttl);
    this.#entries.set(key, { value: frozenJson(value, 'value'), expiresAt });
  }

  async delete(key: string): Promise<void> {
    this.#entries.delete(key);
  }

  async close(): Promise<void> {
    this.#entries.clear();
  }
}
