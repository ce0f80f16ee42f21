import { PGlite } from '@electric-sql/pglite';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { MemoryEventTransport } from '../../src/adapters/memory/memory-event-transport.ts';
import { PostgreSQLEventTransport } from '../../src/adapters/postgres/postgresql-event-transport.ts';
import { RedisEventTransport } from '../../src/adapters/redis/redis-event-transport.ts';
import { eventTransportConformance } from '../../src/testing/event-transport-conformance.ts';
import { describeWithPostgres, describeWithRedis, postgresUrl, redisUrl, uniqueName } from '../servers.ts';

const runner = { describe, it };

describe('MemoryEventTransport', () => {
  eventTransportConformance(runner, { create: async () => new MemoryEventTransport() });
});

describe('PostgreSQLEventTransport on PGlite', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await PGlite.create();
  });
  afterAll(() => db.close());
  const create = async () => new PostgreSQLEventTransport(db, { listener: db, channel: 'Some_Channel' });
  eventTransportConformance(runner, { create, reopen: create });
});

describeWithPostgres('PostgreSQLEventTransport on pg.Pool, with connections that it opens', () => {
  let pool: pg.Pool;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
  });
  afterAll(() => pool.end());
  const channel = uniqueName('Events');
  const listener = async () => {
    const client = new pg.Client({ connectionString: postgresUrl });
    await client.connect();
    return client;
  };
  const create = async () => new PostgreSQLEventTransport(pool, { listener, channel });
  eventTransportConformance(runner, { create, reopen: create });
});

describeWithPostgres('PostgreSQLEventTransport on pg.Client, with connections of the caller', () => {
  const clients: pg.Client[] = [];
  beforeAll(async () => {
    for (let count = 0; count < 3; count++) {
      const client = new pg.Client({ connectionString: postgresUrl });
      await client.connect();
      clients.push(client);
    }
  });
  afterAll(() => Promise.all(clients.map((client) => client.end())));
  const channel = uniqueName('events');
  eventTransportConformance(runner, {
    create: async () => new PostgreSQLEventTransport(clients[0]!, { listener: clients[1]!, channel }),
    reopen: async () => new PostgreSQLEventTransport(clients[2]!, { listener: clients[2]!, channel }),
  });
});

describeWithRedis('RedisEventTransport on ioredis', () => {
  const stream = uniqueName('events');
  let client: Redis;
  let readers: Redis[];
  beforeAll(() => {
    client = new Redis(redisUrl!);
    readers = [client.duplicate(), client.duplicate()];
  });
  afterAll(async () => {
    await client.del(stream);
    await Promise.all([client, ...readers].map((each) => each.quit()));
  });
  const on = (reader: number) => async () =>
    new RedisEventTransport(client, { reader: readers[reader]!, stream, blockMs: 50 });
  eventTransportConformance(runner, { create: on(0), reopen: on(1) });
});

describeWithRedis('RedisEventTransport on a client with sendCommand, as node-redis has it', () => {
  const stream = uniqueName('events');
  let clients: Redis[];
  beforeAll(() => {
    clients = [new Redis(redisUrl!), new Redis(redisUrl!), new Redis(redisUrl!)];
  });
  afterAll(async () => {
    await clients[0]!.del(stream);
    await Promise.all(clients.map((each) => each.quit()));
  });
  /** @param answer - What the client makes of an answer, such as an object of RESP3's maps. */
  const shaped = (client: Redis, answer = (reply: unknown) => reply) => ({
    sendCommand: async ([command, ...args]: string[]) => answer(await client.call(command!, ...args)),
  });
  const toMap = (reply: unknown) => (Array.isArray(reply) && reply[0]?.[0] === stream ? new Map(reply as []) : reply);
  const toObject = (reply: unknown) => {
    const map = toMap(reply);
    return map instanceof Map ? Object.fromEntries(map) : map;
  };
  const on = (reader: number, answer: (reply: unknown) => unknown) => async () =>
    new RedisEventTransport(shaped(clients[0]!), { reader: shaped(clients[reader]!, answer), stream, blockMs: 50 });
  eventTransportConformance(runner, { create: on(1, toMap), reopen: on(2, toObject) });
});
