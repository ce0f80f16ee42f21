import type { CacheEntry, CacheProvider, CacheSetOptions } from '../../cache/cache-provider.ts';
import { checkObject } from '../../core/check-argument.ts';
import { fromJsonText, toJsonText } from '../../core/json-text.ts';
import type { JsonValue } from '../../core/json-value.ts';
import { ttlToMs } from '../../core/ttl.ts';
import { checkClient, type RedisClient, sendCommand } from './redis-commands.ts';

/** Options of a {@link RedisCacheProvider}. */
export interface RedisCacheProviderOptions {
  /** Put before every key. Default `'zyflow:cache:'`. */
  readonly prefix?: string;
  /** How long a value without a time of its own is good for, in seconds. Default: without end. */
  readonly ttl?: number;
}

// Both in one step: a value and the time that another value has left would not fit together.
const getWithTime = "return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}";

/** A cache level in Redis, shared by every process. The connection stays the caller's. */
export class RedisCacheProvider implements CacheProvider {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #ttl: number | undefined;

  /** @param client - Your own, of ioredis or node-redis. */
  constructor(client: RedisClient, options: RedisCacheProviderOptions = {}) {
    checkObject(options);
    this.#client = checkClient(client);
    this.#prefix = options.prefix ?? 'zyflow:cache:';
    this.#ttl = options.ttl;
    ttlToMs(options.ttl);
  }

  async getEntry(key: string): Promise<CacheEntry | undefined> {
    const reply = await sendCommand(this.#client, 'EVAL', getWithTime, '1', this.#prefix + key);
    const [text, remainingMs] = reply as [string | null, number];
    if (text === null) return undefined;
    return {
      value: fromJsonText(text, `read "${key}" from Redis`),
      remainingMs: remainingMs < 0 ? Infinity : remainingMs,
    };
  }

  async get(key: string): Promise<JsonValue> {
    return (await this.getEntry(key))?.value ?? null;
  }

  /** @throws {@link InvalidArgumentError} if the value is not JSON, or `ttl` not more than 0. */
  async set(key: string, value: JsonValue, options: CacheSetOptions = {}): Promise<void> {
    const text = toJsonText(value, 'value');
    const ms = ttlToMs(options.ttl ?? this.#ttl);
    const expiry = ms === Infinity ? [] : ['PX', String(Math.max(1, Math.floor(ms)))];
    await sendCommand(this.#client, 'SET', this.#prefix + key, text, ...expiry);
  }

  async delete(key: string): Promise<void> {
    await sendCommand(this.#client, 'DEL', this.#prefix + key);
  }

  /** Nothing: the connection is the caller's. */
  async close(): Promise<void> {}
}
