// The bank soak: 10 processes move money between 20 accounts on a PostgreSQL server of their own, some of them under locks,
// and are killed with SIGKILL at random moments. Whenever all of the money is added up in a snapshot, it is what it was; and
// in the end every version of an account has its event and every event its version.
// usage: npm run soak -- [--seconds 120] [--level serializable]
// With a level that allows lost updates (read_committed) it must fail, which shows that it would notice.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { account, type BankLine } from './bank-lines.ts';
import { PostgresServer } from './postgres-server.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '120' }, level: { type: 'string', default: 'serializable' } },
});
const seconds = Number(values.seconds);
const schema = 'bank';
const accounts = 20;
const total = accounts * 1000;
const script = fileURLToPath(new URL('./bank-worker.ts', import.meta.url));

const counts = { made: 0, moved: 0, retried: 0, aborted: 0, reads: 0, kills: 0 };
const faults: string[] = [];

class Clerk {
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #ended = Promise.resolve();

  constructor(url: string, control: 'optimistic' | 'pessimistic') {
    this.#args = ['--import', 'tsx', script, url, schema, control, values.level, `${accounts}`];
  }

  /** Resolves once it works. */
  start(): Promise<void> {
    const child = spawn(process.execPath, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    this.#child = child;
    return new Promise((ready) => {
      this.#ended = (async () => {
        for await (const line of createInterface({ input: child.stdout })) hear(line, ready);
      })();
      child.on('exit', (_, signal) => {
        if (signal !== 'SIGKILL') faults.push(`a process ended by itself: ${complaint}`);
        ready();
      });
    });
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }
}

function hear(text: string, ready: () => void): void {
  // The last line of a process that was killed may be cut off.
  if (!text.endsWith('}')) return;
  const line = JSON.parse(text) as BankLine;
  if (line.what === 'ready') ready();
  else if (line.what === 'read') {
    counts.reads++;
    if (line.sum !== total) faults.push(`a snapshot held ${line.sum} instead of ${total}`);
  } else {
    counts.retried += line.retries;
    if (line.what === 'aborted') counts.aborted++;
    else {
      counts.made++;
      counts.moved += line.amount;
    }
  }
}

const server = await PostgresServer.create();
const pool = new pg.Pool({ connectionString: server.url, max: 2 });
const log = new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema }) });
const bank = new StateManager<number>({ store: new PostgreSQLVersionStore(pool, { schema }), events: { log } });
for (let n = 0; n < accounts; n++) await bank.set(account(n), total / accounts, { expectedVersion: 0 });

const clerks = Array.from({ length: 10 }, (_, n) => new Clerk(server.url, n < 3 ? 'pessimistic' : 'optimistic'));
await Promise.all(clerks.map((clerk) => clerk.start()));

const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
for (let told = 0; elapsed() < seconds && faults.length === 0; ) {
  await sleep(1000 + Math.random() * 3000);
  const clerk = clerks[Math.floor(Math.random() * clerks.length)]!;
  await clerk.kill();
  counts.kills++;
  void clerk.start();
  if (elapsed() - told >= 10) {
    told = elapsed();
    console.log(`${Math.round(told)} s: ${counts.made} transfers, ${counts.reads} snapshots`);
  }
}
const took = Math.round(elapsed());
await Promise.all(clerks.map((clerk) => clerk.kill()));

let sum = 0;
let versions = 0;
for (let n = 0; n < accounts; n++) {
  const states: unknown[] = [];
  for await (const { version, state } of bank.history(account(n))) states.push({ version, state });
  const told = (await log.read(account(n)).toArray()).map(({ data }) => data);
  if (JSON.stringify(told) !== JSON.stringify(states)) faults.push(`the events of ${account(n)} are not its versions`);
  versions += states.length - 1;
  sum += (await bank.get(account(n)))!.state;
}
if (sum !== total) faults.push(`${sum} are left of ${total}`);
if (versions < 2 * counts.made) faults.push(`${counts.made} transfers were acknowledged, ${versions / 2} are stored`);

const { made, moved, retried, aborted, reads, kills } = counts;
console.log(
  `${took} s, ${kills} processes killed: ${made} transfers of ${moved} made, tried again ${retried} times, ${aborted} given up; ` +
    `${reads} snapshots read, ${versions / 2} transfers stored, each told in two events`,
);
for (const fault of faults.slice(0, 10)) console.log(`FAULT ${fault}`);
console.log(faults.length === 0 ? `the sum was ${total} in every snapshot` : `${faults.length} faults`);
await pool.end();
await server.close();
process.exitCode = faults.length === 0 ? 0 : 1;
