// The crash test: 4 writers and 2 subscribers on a PostgreSQL server of their own, all of which are killed with SIGKILL
// at random moments, the server included. In the end no acknowledged event is missing and none is there twice, no
// stream has a gap, and each subscriber saw every event, in order.
// usage: npm run crash-events -- [rounds]   default 200
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { PostgresServer } from './postgres-server.ts';

const rounds = Number(process.argv[2] ?? 200);
const schema = 'crash';
const script = fileURLToPath(new URL('./worker.ts', import.meta.url));

interface Handled {
  readonly handled: string;
  readonly position: number;
}

const acknowledged: string[] = [];
/** By subscriber, life by life: what it handled, in its order. */
const handled = new Map<string, Handled[][]>();
const faults: string[] = [];

class Worker {
  readonly role: 'write' | 'subscribe';
  readonly name: string;
  readonly #server: PostgresServer;
  #child: ChildProcess | undefined;
  #life = 0;
  #ended = Promise.resolve();

  constructor(server: PostgresServer, role: 'write' | 'subscribe', name: string) {
    this.#server = server;
    this.role = role;
    this.name = name;
    if (role === 'subscribe') handled.set(name, []);
  }

  start(): void {
    const args = ['--import', 'tsx', script, this.#server.url, schema, this.role, this.name, `${this.#life++}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const seen: Handled[] = [];
    handled.get(this.name)?.push(seen);
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    this.#ended = (async () => {
      for await (const line of createInterface({ input: child.stdout })) {
        const message = JSON.parse(line) as { acknowledged: string[] } | Handled;
        if ('acknowledged' in message) acknowledged.push(...message.acknowledged);
        else seen.push(message);
      }
    })();
    child.on('exit', (_, signal) => {
      if (signal !== 'SIGKILL') faults.push(`${this.name} ended by itself: ${complaint}`);
    });
    this.#child = child;
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  get handledLast(): number {
    return handled.get(this.name)?.at(-1)?.at(-1)?.position ?? 0;
  }
}

const server = await PostgresServer.create();
const pool = new pg.Pool({ connectionString: server.url, max: 2 });
// The server is killed under it.
pool.on('error', () => {});
await new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema }) }).streamVersion('any');

const writers = [1, 2, 3, 4].map((n) => new Worker(server, 'write', `writer-${n}`));
const subscribers = [1, 2].map((n) => new Worker(server, 'subscribe', `subscriber-${n}`));
const workers = [...writers, ...subscribers];
for (const worker of workers) worker.start();
await sleep(2000);

const began = performance.now();
const kills = { process: 0, server: 0 };
for (let round = 1; round <= rounds && faults.length === 0; round++) {
  await sleep(Math.random() * 600);
  if (Math.random() < 0.25) {
    kills.server++;
    await server.kill();
    await sleep(Math.random() * 200);
    await server.start();
  } else {
    kills.process++;
    const worker = workers[Math.floor(Math.random() * workers.length)]!;
    await worker.kill();
    worker.start();
  }
  if (round % 20 === 0) console.log(`${round} rounds, ${acknowledged.length} events acknowledged`);
}
await Promise.all(writers.map((writer) => writer.kill()));

const store = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema }) });
const stored = await store.readAll().toArray();
const last = stored.at(-1)?.position ?? 0;
for (let waited = 0; subscribers.some(({ handledLast }) => handledLast < last) && waited < 60_000; waited += 100)
  await sleep(100);
await Promise.all(subscribers.map((subscriber) => subscriber.kill()));

const ids = new Set(stored.map(({ id }) => id));
if (ids.size !== stored.length) faults.push(`${stored.length - ids.size} events are stored twice`);
const missing = acknowledged.filter((id) => !ids.has(id));
if (missing.length > 0) faults.push(`${missing.length} acknowledged events are missing, first ${missing[0]}`);
const versions = new Map<string, number>();
for (const { stream, version, position } of stored) {
  if (version !== (versions.get(stream) ?? 0) + 1)
    faults.push(`a gap in ${stream} before version ${version}, at ${position}`);
  versions.set(stream, version);
}
for (const [name, lives] of handled) {
  for (const seen of lives) {
    for (const [index, { position }] of seen.entries()) {
      if (index > 0 && position <= seen[index - 1]!.position) faults.push(`${name} went back to ${position}`);
    }
  }
  const all = new Set(lives.flat().map((each) => each.handled));
  const missed = stored.filter(({ id }) => !all.has(id));
  if (missed.length > 0) faults.push(`${name} missed ${missed.length} events, first at ${missed[0]!.position}`);
}

const seconds = Math.round((performance.now() - began) / 1000);
console.log(
  `${kills.process} kills of processes and ${kills.server} of the server in ${seconds} s: ${stored.length} events stored, ` +
    `${acknowledged.length} acknowledged, ${versions.size} streams, ${[...handled.values()].flat(2).length} handled`,
);
for (const fault of faults.slice(0, 20)) console.log(`FAULT ${fault}`);
console.log(faults.length === 0 ? 'nothing lost, nothing twice, no gap, all in order' : `${faults.length} faults`);
await pool.end();
await server.close();
process.exitCode = faults.length === 0 ? 0 : 1;
