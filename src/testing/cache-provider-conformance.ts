import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { CacheProvider } from '../cache/cache-provider.ts';
import { isMigrationError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import { type ConformanceRunner, checkSuite } from './conformance.ts';

/** How the suite comes by the providers it tests. */
export interface CacheProviderConformanceOptions {
  /** A new provider. Its storage may hold entries of earlier cases: keys are unique to a case. */
  create(): Promise<CacheProvider>;
  /** Another provider over the same storage. To be left out where the entries live in the provider itself. */
  reopen?(provider: CacheProvider): Promise<CacheProvider>;
  /** Lets so many ms pass, for the provider's own clock. Default: really waits. */
  wait?(ms: number): Promise<void>;
}

const values: readonly JsonValue[] = [
  null,
  false,
  0,
  '',
  'a\u0000b 가 😀',
  -1.5e300,
  [],
  {},
  { nested: [{ a: null }, 'x', [true]] },
  JSON.parse('{"__proto__":{"x":1},"constructor":2}') as JsonValue,
];

/** The contract of {@link CacheProvider}, as tests for any runner. */
export function cacheProviderConformance(runner: ConformanceRunner, options: CacheProviderConformanceOptions): void {
  checkSuite(runner, options);
  const wait = options.wait ?? ((ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
  const define = (title: string, run: (provider: CacheProvider, other: CacheProvider, key: string) => Promise<void>) =>
    runner.it(title, async () => {
      const provider = await options.create();
      const other = options.reopen ? await options.reopen(provider) : provider;
      await run(provider, other, `key-${randomUUID()}`);
      if (other !== provider) await other.close();
      await provider.close();
    });

  runner.describe('cache provider', () => {
    define('a key that was never set has no entry', async (provider, _other, key) => {
      assert.equal(await provider.getEntry(key), undefined);
      assert.equal(await provider.get(key), null);
      await provider.delete(key);
    });

    define('CA6 every JSON value comes back, null too, told from nothing', async (provider, other, key) => {
      for (const value of values) {
        await provider.set(key, value);
        assert.deepEqual(await other.getEntry(key), { value, remainingMs: Infinity });
        assert.deepEqual(await other.get(key), value);
      }
    });

    define('keys are told apart to the letter', async (provider, _other, key) => {
      const keys = [key, `${key} `, key.toUpperCase(), `${key}%`, `${key}_`, `${key}'; --`, `가${key}`, `${key}:*`];
      for (const [index, each] of keys.entries()) await provider.set(each, index);
      for (const [index, each] of keys.entries()) assert.equal(await provider.get(each), index);
      await provider.delete(key);
      assert.equal(await provider.getEntry(key), undefined);
      for (const [index, each] of keys.entries()) if (index > 0) assert.equal(await provider.get(each), index);
    });

    define('the last value set counts, with its own time', async (provider, other, key) => {
      await provider.set(key, 1, { ttl: 1000 });
      await other.set(key, 2);
      assert.deepEqual(await provider.getEntry(key), { value: 2, remainingMs: Infinity });
      await provider.set(key, 3, { ttl: 1000 });
      assert.equal(await other.get(key), 3);
      const { remainingMs } = (await other.getEntry(key))!;
      assert.ok(remainingMs > 900_000 && remainingMs <= 1_000_000, `1000 s are left, not ${remainingMs} ms`);
    });

    define('a deleted key is gone', async (provider, other, key) => {
      await provider.set(key, 1);
      await other.delete(key);
      assert.equal(await provider.getEntry(key), undefined);
      await provider.set(key, 2);
      assert.equal(await other.get(key), 2);
    });

    define('CA2 what is left of the time is said, and after it the value is gone', async (provider, other, key) => {
      await provider.set(key, 'short', { ttl: 0.2 });
      const { remainingMs } = (await other.getEntry(key))!;
      assert.ok(remainingMs > 0 && remainingMs <= 200, `up to 200 ms are left, not ${remainingMs}`);
      await wait(250);
      assert.equal(await provider.getEntry(key), undefined);
      assert.equal(await other.get(key), null);
    });

    define('a value is not changed by whoever holds it', async (provider, _other, key) => {
      const value = { list: [1] };
      await provider.set(key, value);
      value.list.push(2);
      assert.deepEqual(await provider.get(key), { list: [1] });
      const held = (await provider.get(key)) as { list: number[] };
      assert.throws(() => held.list.push(2), TypeError);
    });

    define('what can not be cached is refused, and the value before stays', async (provider, _other, key) => {
      await provider.set(key, 'before');
      const refused = (error: unknown) => isMigrationError(error, 'INVALID_ARGUMENT');
      await assert.rejects(provider.set(key, new Date() as never), refused);
      await assert.rejects(provider.set(key, undefined as never), refused);
      for (const ttl of [0, -1, Number.NaN]) await assert.rejects(provider.set(key, 1, { ttl }), refused);
      assert.equal(await provider.get(key), 'before');
    });
  });
}
