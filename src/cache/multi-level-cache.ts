import { abortable } from '../core/abort.ts';
import { checkMethods, checkObject } from '../core/check-argument.ts';
import { ClosedError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { KeyedQueue } from '../core/keyed-queue.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { ttlToMs } from '../core/ttl.ts';
import type { CacheEntry, CacheProvider, CacheSetOptions } from './cache-provider.ts';
import { CacheLevelError } from './errors.ts';

/** Options of a {@link MultiLevelCache}. */
export interface MultiLevelCacheOptions {
  /** The longest time of a value at each level, in seconds, the fastest first. Default 300 and 3600, then no end. */
  readonly ttls?: readonly (number | undefined)[];
  /**
   * Told when a level fails in a way that the answer does not suffer from ({@link CacheLevelError}).
   * Default: thrown later, as an uncaught exception.
   */
  readonly onError?: OnError;
}

/** How a value is loaded that no level has. */
export interface GetOrLoadOptions extends CacheSetOptions {
  /** Ends this caller's wait; the load itself goes on for the others. */
  readonly signal?: AbortSignal | undefined;
}

/** A value on its way into the cache. A write of the key meanwhile makes it stale. */
interface Fill {
  isStale: boolean;
}

/**
 * A fast cache before a slower one before a yet slower one.
 *
 * - CA1: of any number of concurrent loads of a cold key, the loader is called once.
 * - CA2: a hit in a lower level fills the levels above, with their own time but never longer than what is left below.
 * - CA3: a value that was loaded or found before a write of its key is not stored after it.
 * - CA6: null can be cached.
 *
 * A level that fails to answer counts as a miss and is reported; a level that fails to forget makes `delete` and `set`
 * fail, since it would go on giving an old value. `close()` closes the levels, which keep the caller's connections open.
 */
export class MultiLevelCache {
  readonly #levels: readonly CacheProvider[];
  readonly #ttls: readonly (number | undefined)[];
  readonly #onError: OnError;
  readonly #writes = new KeyedQueue();
  readonly #fills = new Map<string, Set<Fill>>();
  readonly #loads = new Map<string, Promise<JsonValue>>();
  #closed = false;

  /** @param l1 - The fastest level, asked first. */
  constructor(l1: CacheProvider, l2?: CacheProvider, l3?: CacheProvider, options: MultiLevelCacheOptions = {}) {
    checkObject(options);
    for (const [name, level] of Object.entries({ l1, l2, l3 })) {
      if (name === 'l1' || level !== undefined)
        checkMethods(level, name, 'a CacheProvider', 'getEntry', 'set', 'delete');
    }
    this.#levels = [l1, l2, l3].filter((level) => level !== undefined);
    this.#ttls = options.ttls ?? [300, 3600];
    for (const ttl of this.#ttls) ttlToMs(ttl);
    this.#onError = options.onError ?? throwLater;
  }

  /** The value; null when no level has it, and when null is what is cached. */
  async get(key: string): Promise<JsonValue> {
    return (await this.getEntry(key))?.value ?? null;
  }

  /** The value with what is left of its time; undefined when no level has it. */
  async getEntry(key: string): Promise<CacheEntry | undefined> {
    this.#assertOpen();
    return this.#filling(key, (fill) => this.#find(key, fill));
  }

  /**
   * The cached value, or else what the loader gives, which is then cached.
   *
   * A write of the key during the load does not disturb those who wait; who asks after it waits for a new load.
   *
   * @throws whatever the loader throws, to all who wait for it; nothing is cached then.
   * @throws {@link InvalidArgumentError} if what it gives is not JSON.
   */
  async getOrLoad<T extends JsonValue>(
    key: string,
    loader: () => Promise<T> | T,
    options: GetOrLoadOptions = {},
  ): Promise<T> {
    this.#assertOpen();
    ttlToMs(options.ttl);
    options.signal?.throwIfAborted();
    let load = this.#loads.get(key);
    if (!load) {
      load = this.#filling(key, (fill) => this.#findOrLoad(key, loader, options.ttl, fill));
      this.#loads.set(key, load);
      const started = load;
      const forget = () => {
        if (this.#loads.get(key) === started) this.#loads.delete(key);
      };
      load.then(forget, forget);
    }
    return abortable(load as Promise<T>, options.signal);
  }

  /**
   * Replaces the value at every level.
   *
   * @throws {@link CacheLevelError} if a level failed: it may hold the value before this one.
   */
  async set(key: string, value: JsonValue, options: CacheSetOptions = {}): Promise<void> {
    const copy = frozenJson(value, 'value');
    ttlToMs(options.ttl);
    await this.#write(key, 'set', (level, index) => level.set(key, copy, this.#ttlAt(index, options.ttl)));
  }

  /**
   * Removes the key from every level (CA5 within this process and its levels).
   *
   * @throws {@link CacheLevelError} if a level failed: it may still hold the value.
   */
  async delete(key: string): Promise<void> {
    await this.#write(key, 'delete', (level) => level.delete(key));
  }

  /** Waits for what is being written, then closes every level. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writes.idle();
    await Promise.all(this.#levels.map((level) => level.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #findOrLoad(key: string, loader: () => Promise<JsonValue> | JsonValue, ttl: number | undefined, fill: Fill) {
    const found = await this.#find(key, fill);
    if (found) return found.value;
    const value = frozenJson(await loader(), 'the value loaded');
    await this.#fill(key, { value, remainingMs: ttlToMs(ttl) }, this.#levels.length, fill);
    return value;
  }

  /** Looks from the fastest level down, and fills the levels above the one that has it. */
  async #find(key: string, fill: Fill): Promise<CacheEntry | undefined> {
    for (const [index, level] of this.#levels.entries()) {
      try {
        const entry = await level.getEntry(key);
        if (!entry) continue;
        if (index > 0) await this.#fill(key, entry, index, fill);
        return entry;
      } catch (error) {
        this.#onError(new CacheLevelError({ level: index + 1, operation: 'get', key }, error));
      }
    }
    return undefined;
  }

  /** Stores what was found or loaded in the levels above `below`, unless the key was written since. */
  async #fill(key: string, entry: CacheEntry, below: number, fill: Fill): Promise<void> {
    await this.#writes.run(key, async () => {
      for (let index = below - 1; index >= 0 && !fill.isStale; index--) {
        const ttl = entry.remainingMs === Infinity ? undefined : entry.remainingMs / 1000;
        try {
          await this.#levels[index]!.set(key, entry.value, this.#ttlAt(index, ttl));
        } catch (error) {
          this.#onError(new CacheLevelError({ level: index + 1, operation: 'set', key }, error));
        }
      }
    });
  }

  /** Writes of a key go one after the other, from the slowest level up, so that no level is filled from an old one. */
  async #write(
    key: string,
    operation: 'set' | 'delete',
    write: (level: CacheProvider, index: number) => Promise<void>,
  ): Promise<void> {
    this.#assertOpen();
    await this.#writes.run(key, async () => {
      const failures: CacheLevelError[] = [];
      for (let index = this.#levels.length - 1; index >= 0; index--) {
        try {
          await write(this.#levels[index]!, index);
        } catch (error) {
          failures.push(new CacheLevelError({ level: index + 1, operation, key }, error));
        }
      }
      // Fills asked for before this write have run; those that began since, or wait, may hold the value of before.
      this.#makeStale(key);
      if (failures.length > 0) throw failures[0];
    });
  }

  async #filling<T>(key: string, work: (fill: Fill) => Promise<T>): Promise<T> {
    const fill: Fill = { isStale: false };
    const fills = this.#fills.get(key) ?? new Set();
    this.#fills.set(key, fills.add(fill));
    try {
      return await work(fill);
    } finally {
      fills.delete(fill);
      if (fills.size === 0 && this.#fills.get(key) === fills) this.#fills.delete(key);
    }
  }

  #makeStale(key: string): void {
    for (const fill of this.#fills.get(key) ?? []) fill.isStale = true;
    this.#loads.delete(key);
  }

  #ttlAt(index: number, ttl: number | undefined): CacheSetOptions {
    const limit = this.#ttls[index];
    return { ttl: limit === undefined ? ttl : Math.min(limit, ttl ?? Infinity) };
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError('the cache');
  }
}
