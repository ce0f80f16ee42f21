// A bus over two processes, whose connections are cut: nobody hears anything twice or out of order, and what is missed is
// told of.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithPostgres, describeWithRedis, postgresUrl, redisUrl, uniqueName } from '../servers.ts';

const script = fileURLToPath(new URL('./spanning-bus-program.ts', import.meta.url));

interface Line {
  readonly by?: number;
  readonly count?: number;
  readonly error?: string;
  readonly done?: string;
}

/** A process with a bus. */
class Member {
  readonly lines: Line[] = [];
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown[]>;
  #stir = () => {};

  constructor(what: string, channel: string) {
    this.#process = spawn(process.execPath, ['--import', 'tsx', script, what, channel], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#exited = once(this.#process, 'exit');
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.#stir();
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  get errors(): Line[] {
    return this.lines.filter(({ error }) => error !== undefined);
  }

  tell(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** Resolves once it has said so. */
  async until(met: (lines: readonly Line[]) => boolean): Promise<void> {
    while (!met(this.lines)) {
      await new Promise<void>((resolve) => {
        this.#stir = resolve;
      });
    }
  }

  /** Tells it something, and resolves once it is done. */
  async order(line: string): Promise<void> {
    const before = this.lines.length;
    this.tell(line);
    await this.until((lines) => lines.slice(before).some(({ done }) => done === line));
  }

  /** The counts that it has heard of another, by aggregate. */
  heardOf({ pid }: Member): number[][] {
    const counts = this.lines.filter(({ by }) => by === pid).map(({ count }) => count!);
    return [0, 1, 2].map((aggregate) => counts.filter((count) => count % 3 === aggregate));
  }

  async hears(member: Member, last: number): Promise<void> {
    await this.until((lines) => lines.some(({ by, count }) => by === member.pid && count === last));
  }

  /** It closes what it has; nothing is left that would keep it alive. */
  async end(): Promise<unknown> {
    this.#process.stdin.end();
    const [code] = await this.#exited;
    return code;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

/** All from one count to another, by aggregate. */
const counts = (first: number, last: number) =>
  [0, 1, 2].map((aggregate) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index).filter((count) => count % 3 === aggregate),
  );

let members: Member[] = [];

async function start(what: string, channel: string): Promise<[Member, Member]> {
  const pair: [Member, Member] = [new Member(what, channel), new Member(what, channel)];
  members = pair;
  await Promise.all(pair.map((each) => each.until((lines) => lines.length > 0)));
  return pair;
}

afterEach(() => {
  for (const member of members) member.kill();
});

async function bothHearBoth(what: string, channel: string) {
  const [one, two] = await start(what, channel);
  await Promise.all([one.order('publish 60'), two.order('publish 60')]);
  await one.hears(two, 60);
  await two.hears(one, 60);
  for (const [hearing, publishing] of [
    [one, one],
    [one, two],
    [two, one],
    [two, two],
  ] as const) {
    expect(hearing.heardOf(publishing)).toEqual(counts(1, 60));
  }
  expect([one.errors, two.errors]).toEqual([[], []]);
  expect(await Promise.all([one.end(), two.end()])).toEqual([0, 0]);
}

describeWithPostgres('a bus over two processes by NOTIFY', () => {
  let client: pg.Client;
  let channel: string;
  beforeEach(async () => {
    channel = uniqueName('bus');
    client = new pg.Client({ connectionString: postgresUrl });
    await client.connect();
  });
  afterEach(() => client.end());

  it('EB1 brings each event to both, once and in order', () => bothHearBoth('postgres', channel));

  it('EB2 hears again after its connection was cut, and tells what it has missed', async () => {
    const [one, two] = await start('postgres', channel);
    await one.order('publish 3');
    await two.hears(one, 3);
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [channel]);
    const lost = (member: Member) => member.until(() => member.errors.length > 0);
    await Promise.all([lost(one), lost(two)]);
    await one.order('publish 4');
    two.tell('connect');
    const listening = `select from pg_stat_activity where application_name = $1 and query like 'listen%' and state = 'idle'`;
    while ((await client.query(listening, [channel])).rowCount === 0) await two.order('publish 0');
    await one.order('publish 30');
    await two.hears(one, 37);
    expect(two.heardOf(one)).toEqual(counts(1, 37).map((each) => each.filter((count) => count <= 3 || count > 7)));
    expect(two.errors).toMatchObject([{ error: 'STORAGE_FAILED' }, { error: 'EVENTS_MISSED', count: 4 }]);
    one.tell('connect');
    expect(await Promise.all([one.end(), two.end()])).toEqual([0, 0]);
  });
});

describeWithRedis('a bus over two processes by a Redis stream', () => {
  let client: Redis;
  let channel: string;
  beforeEach(() => {
    channel = uniqueName('bus');
    client = new Redis(redisUrl!);
  });
  afterEach(async () => {
    await client.del(channel);
    await client.quit();
  });

  /** Cuts the connections of this name. */
  async function cut(name: string): Promise<number> {
    const all = String(await client.client('LIST')).split('\n');
    const ids = all.filter((line) => line.includes(` name=${name} `)).map((line) => /^id=(\d+)/.exec(line)![1]!);
    for (const id of ids) await client.client('KILL', 'ID', id);
    return ids.length;
  }

  it('EB1 brings each event to both, once and in order', () => bothHearBoth('redis', channel));

  it('EB2 misses nothing when the connections that read are cut', async () => {
    const [one, two] = await start('redis', channel);
    await one.order('publish 30');
    expect(await cut(`${channel}-reader`)).toBe(2);
    await one.order('publish 30');
    await two.hears(one, 60);
    expect(two.heardOf(one)).toEqual(counts(1, 60));
    expect([one.errors, two.errors]).toEqual([[], []]);
    expect(await Promise.all([one.end(), two.end()])).toEqual([0, 0]);
  });

  it('EB2 hears nothing twice when the connections that write are cut', async () => {
    const [one, two] = await start('redis', channel);
    one.tell('publish 2000');
    await two.hears(one, 1);
    expect(await cut(`${channel}-writer`)).toBe(2);
    await two.hears(one, 2000);
    expect(two.heardOf(one)).toEqual(counts(1, 2000));
    expect([one.errors, two.errors]).toEqual([[], []]);
    expect(await Promise.all([one.end(), two.end()])).toEqual([0, 0]);
  });
});
