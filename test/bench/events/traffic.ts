import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import type { BenchTable } from '../compare.ts';
import { round2 } from '../compare.ts';
import type { Contender } from './contender.ts';
import { writing } from './writers.ts';

type Contenders = (connectionString: string, pool: pg.Pool) => Promise<{ readonly all: readonly Contender[] }>;

/** What does not depend on the machine: what an append of one event sends to the server. */
export async function traffic(connectionString: string, contendersOn: Contenders): Promise<BenchTable> {
  const url = new URL(connectionString);
  const counts = { statements: 0, transactions: 0, 'bytes sent': 0 };
  const { hostname, port } = new URL(connectionString);
  const proxy = createServer((client) => count(client, connect(Number(port || 5432), hostname), counts));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as AddressInfo).port);
  const pool = new pg.Pool({ connectionString: url.href, max: 32 });
  const { all } = await contendersOn(url.href, pool);
  const rows: Record<string, string | number>[] = [];
  try {
    for (const contender of all) {
      const row: Record<string, string | number> = { 'an append of one event': contender.name };
      for (const writers of [1, 32]) {
        const appends = 10;
        const work = writing(contender, { writers, appends, eventsPerAppend: 1 });
        await work();
        const before = { ...counts };
        await work();
        for (const what of Object.keys(counts) as (keyof typeof counts)[]) {
          row[`${what}, ${writers} at once`] = round2((counts[what] - before[what]) / (writers * appends));
        }
      }
      rows.push(row);
    }
  } finally {
    for (const contender of all) await contender.close?.();
    await pool.end();
    proxy.close();
  }
  return { title: 'PostgreSQL: what is sent for one append', rows };
}

/** Counts messages of the protocol as they pass: queries and executions, and where the server is idle again. */
function count(
  client: Socket,
  server: Socket,
  counts: { statements: number; transactions: number; 'bytes sent': number },
) {
  // What a client sends first has no type.
  client.on(
    'data',
    messages(false, (type) => (type === 'Q' || type === 'E' ? counts.statements++ : 0)),
  );
  client.on('data', (chunk) => {
    counts['bytes sent'] += chunk.length;
  });
  server.on(
    'data',
    messages(true, (type, first) => (type === 'Z' && first === 'I' ? counts.transactions++ : 0)),
  );
  client.pipe(server).pipe(client);
  const end = () => {
    client.destroy();
    server.destroy();
  };
  client.on('error', end);
  server.on('error', end);
}

/** Tells the type of each message of a connection, and the first character of what it says. */
function messages(typed: boolean, each: (type: string, first: string) => void) {
  let rest = Buffer.alloc(0);
  let started = typed;
  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return;
      const length = head + rest.readInt32BE(head);
      if (rest.length < length) return;
      if (started) each(String.fromCharCode(rest[0]!), String.fromCharCode(rest[5] ?? 0));
      started = true;
      rest = rest.subarray(length);
    }
  };
}
