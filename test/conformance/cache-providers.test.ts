import { PGlite } from '@electric-sql/pglite';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseCacheProvider } from '../../src/adapters/postgres/database-cache-provider.ts';
import type { PgDatabase } from '../../src/adapters/postgres/pg-queryable.ts';
import { RedisCacheProvider } from '../../src/adapters/redis/redis-cache-provider.ts';
import type { CacheProvider } from '../../src/cache/cache-provider.ts';
import { MemoryCacheProvider } from '../../src/cache/memory-cache-provider.ts';
import { cacheProviderConformance } from '../../src/testing/cache-provider-conformance.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { describeWithPostgres, describeWithRedis, postgresUrl, redisUrl, uniqueName } from '../servers.ts';

const runner = { describe, it };

describe('MemoryCacheProvider', () => {
  const clock = new FakeClock();
  cacheProviderConformance(runner, {
    create: async () => new MemoryCacheProvider({ clock }),
    wait: (ms) => clock.advance(ms),
  });

  it('CA7 holds no more entries than it may, and keeps those used last', async () => {
    const cache = new MemoryCacheProvider({ max: 2 });
    await cache.set('a', 1);
    await cache.set('b', 2);
    await cache.get('a');
    await cache.set('c', 3);
    expect([await cache.get('a'), await cache.get('b'), await cache.get('c')]).toEqual([1, null, 3]);
  });
});

function database(open: () => Promise<{ db: PgDatabase; end(): Promise<unknown> }>) {
  const schema = uniqueName('cache');
  let connection: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    connection = await open();
  });
  afterAll(async () => {
    await connection.db.query(`drop schema if exists ${schema} cascade`);
    await connection.end();
  });
  const create = async (): Promise<CacheProvider> => new DatabaseCacheProvider(connection.db, { schema });
  cacheProviderConformance(runner, { create, reopen: create });

  it('removes values past their time when asked', async () => {
    const cache = new DatabaseCacheProvider(connection.db, { schema, table: 'expiring' });
    await cache.set('short', 1, { ttl: 0.001 });
    await cache.set('long', 1, { ttl: 1000 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await cache.deleteExpired();
    expect((await connection.db.query(`select key from ${schema}.expiring`)).rows).toEqual([{ key: 'long' }]);
  });
}

describe('DatabaseCacheProvider on PGlite', () => {
  database(async () => {
    const db = await PGlite.create();
    return { db, end: () => db.close() };
  });
});

describeWithPostgres('DatabaseCacheProvider on PostgreSQL', () => {
  database(async () => {
    const db = new pg.Pool({ connectionString: postgresUrl, max: 4 });
    return { db, end: () => db.end() };
  });
});

describeWithRedis('RedisCacheProvider on ioredis', () => {
  const prefix = `${uniqueName('cache')}:`;
  let client: Redis;
  beforeAll(() => {
    client = new Redis(redisUrl!);
  });
  afterAll(async () => {
    const keys = await client.keys(`${prefix}*`);
    if (keys.length > 0) await client.del(...keys);
    await client.quit();
  });
  const create = async () => new RedisCacheProvider(client, { prefix });
  cacheProviderConformance(runner, { create, reopen: create });

  it('speaks to a client that has sendCommand, as node-redis does, the same way', async () => {
    const commands: string[][] = [];
    const cache = new RedisCacheProvider(
      {
        async sendCommand(args) {
          commands.push(args);
          return client.call(args[0]!, ...args.slice(1));
        },
      },
      { prefix },
    );
    await cache.set('a', 1, { ttl: 2 });
    expect(await cache.get('a')).toBe(1);
    expect(commands[0]).toEqual(['SET', `${prefix}a`, '1', 'PX', '2000']);
  });
});
