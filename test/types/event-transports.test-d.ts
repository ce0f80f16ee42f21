// Read by the type checker alone (`npm run check:types`): clients of real drivers fit the shapes that are asked for.
import type { PGlite } from '@electric-sql/pglite';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import { MemoryEventTransport } from '../../src/adapters/memory/memory-event-transport.ts';
import { PostgreSQLEventTransport } from '../../src/adapters/postgres/postgresql-event-transport.ts';
import { RedisEventTransport } from '../../src/adapters/redis/redis-event-transport.ts';
import { DomainEvent } from '../../src/events/domain-event.ts';
import { EventBus } from '../../src/events/event-bus.ts';

declare const pool: pg.Pool;
declare const client: pg.Client;
declare const pglite: PGlite;
declare const redis: Redis;

type RedisArgument = string | Buffer;

/** As node-redis 4 has it. */
declare const nodeRedis4: {
  sendCommand<T = unknown>(args: RedisArgument[], options?: { readonly returnBuffers?: boolean }): Promise<T>;
};
/** As node-redis 5 has it. */
declare const nodeRedis5: {
  sendCommand<T = unknown>(args: ReadonlyArray<RedisArgument>, options?: { readonly timeout?: number }): Promise<T>;
};

export const transports = [
  new MemoryEventTransport(),
  new PostgreSQLEventTransport(pool, {
    listener: async () => {
      await client.connect();
      return client;
    },
  }),
  new PostgreSQLEventTransport(client, { listener: client }),
  new PostgreSQLEventTransport(pglite, { listener: pglite }),
  new RedisEventTransport(redis, { reader: redis.duplicate() }),
  new RedisEventTransport(nodeRedis4, { reader: nodeRedis4 }),
  new RedisEventTransport(nodeRedis5, { reader: nodeRedis5 }),
];

// @ts-expect-error: a pool hears nothing.
new PostgreSQLEventTransport(pool, { listener: pool });

class NoteAdded extends DomainEvent<'note.added'> {
  readonly text: string;
  constructor(noteId: string, text: string) {
    super('note.added', noteId);
    this.text = text;
  }
}

export const bus = new EventBus<NoteAdded>({
  transport: new MemoryEventTransport(),
  revive: { 'note.added': ({ aggregateId, data }) => new NoteAdded(aggregateId, `${data.text}`) },
});
new EventBus<NoteAdded>({
  // @ts-expect-error: no type of the union.
  revive: { 'note.lost': ({ aggregateId }) => new NoteAdded(aggregateId, '') },
});
new EventBus<NoteAdded>({
  // @ts-expect-error: another event.
  revive: { 'note.added': (event) => event },
});

export const plain = new EventBus({
  transport: new MemoryEventTransport(),
  revive: { anything: ({ aggregateId }) => new NoteAdded(aggregateId, '') },
});
plain.subscribe('something else', { handle: async (event: DomainEvent) => void event.id });
