// A process with an event bus: says on stdout what it hears, and does what it is told on stdin, a word or two a line:
// `publish 30` (so many events at once), `connect` (let it connect again). At the end of stdin it closes all it has.
// Arguments: what (postgres or redis), channel.
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import pg from 'pg';
import { PostgreSQLEventTransport } from '../../src/adapters/postgres/postgresql-event-transport.ts';
import { RedisEventTransport } from '../../src/adapters/redis/redis-event-transport.ts';
import { DomainEvent } from '../../src/events/domain-event.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { postgresUrl, redisUrl } from '../servers.ts';

const [what, channel] = process.argv.slice(2) as [string, string];

class Counted extends DomainEvent<'counted'> {
  readonly by: number;
  readonly count: number;

  constructor(count: number) {
    super('counted', `aggregate ${count % 3}`);
    this.by = process.pid;
    this.count = count;
  }
}

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

let mayConnect = () => {};
let connecting: Promise<void> | undefined;

function postgres() {
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 2 });
  const listener = async () => {
    await connecting;
    connecting = new Promise((resolve) => {
      mayConnect = resolve;
    });
    const client = new pg.Client({ connectionString: postgresUrl, application_name: channel });
    await client.connect();
    return client;
  };
  return { transport: new PostgreSQLEventTransport(pool, { listener, channel }), end: () => pool.end() };
}

function redis() {
  const client = new Redis(redisUrl!, { connectionName: `${channel}-writer` });
  const reader = client.duplicate({ connectionName: `${channel}-reader` });
  // They connect again by themselves.
  for (const each of [client, reader]) each.on('error', () => {});
  const transport = new RedisEventTransport(client, { reader, stream: channel, blockMs: 100 });
  return { transport, end: () => Promise.all([client.quit(), reader.quit()]) };
}

const { transport, end } = what === 'postgres' ? postgres() : redis();
const bus = new EventBus<Counted>({
  transport,
  onError: (error) => say({ error: (error as { code: string }).code, ...(error as object) }),
});
bus.subscribe('counted', { handle: async ({ by, count }) => void say({ by, count }) });
await bus.init();
say({ ready: process.pid });

let published = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const [word, argument] = line.split(' ');
  if (word === 'connect') mayConnect();
  else await Promise.all(Array.from({ length: Number(argument) }, () => bus.publish(new Counted(++published))));
  say({ done: line });
}
await bus.close();
await end();
