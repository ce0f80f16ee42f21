import type { JsonValue } from '../core/json-value.ts';

/** A cached value, and how long it is good for. */
export interface CacheEntry {
  /** Any JSON value; null can be cached (CA6). */
  readonly value: JsonValue;
  /** What is left of its time, in ms; `Infinity` if it has no end. */
  readonly remainingMs: number;
}

/** How a value is cached. */
export interface CacheSetOptions {
  /** How long it is good for, in seconds. Default: the provider's own. */
  readonly ttl?: number | undefined;
}

/**
 * One level of a cache. `cacheProviderConformance` of `@zyflow/migration/testing` tells whether an implementation is right.
 *
 * A provider never ends a connection that the caller passed in.
 */
export interface CacheProvider {
  /** The value with what is left of its time; undefined when there is none. */
  getEntry(key: string): Promise<CacheEntry | undefined>;
  /** The value alone; null when there is none, and when null is what is cached. */
  get(key: string): Promise<JsonValue>;
  set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<void>;
  /** After it the key is gone; nothing happens if it was not there. */
  delete(key: string): Promise<void>;
  close(): Promise<void>;
}
