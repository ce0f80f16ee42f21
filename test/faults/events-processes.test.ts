// ES2 and ES3 over process boundaries: writers that race, and writers that are killed with SIGKILL.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { postgresUrl, uniqueName } from '../servers.ts';
import { sharedFile, sharedSchema } from '../shared-storages.ts';

const script = fileURLToPath(new URL('./events-writer.ts', import.meta.url));

type Writer = ChildProcessByStdio<Writable, Readable, Readable>;

function startWriter(what: string, where: string, stream: string, mode: 'append' | 'race'): Writer {
  const args = ['--import', 'tsx', script, what, where, stream, mode];
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
}

async function* linesOf(writer: Writer): AsyncGenerator<string> {
  let complaint = '';
  writer.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  for await (const line of createInterface({ input: writer.stdout })) yield line;
  if (complaint && !writer.killed) throw new Error(complaint);
}

function promises(what: string, where: () => string, adapter: () => EventAdapter) {
  it('ES3 what a writer was told is stored is there after it was killed, and half of nothing', async () => {
    const store = new EventStore({ adapter: adapter() });
    const stream = uniqueName('killed');
    const acknowledged: string[] = [];
    for (const acknowledgements of [1, 7, 23]) {
      const writer = startWriter(what, where(), stream, 'append');
      let count = 0;
      for await (const line of linesOf(writer)) {
        const { version, ids } = JSON.parse(line) as { version: number; ids: string[] };
        expect(version).toBeGreaterThanOrEqual(acknowledged.length + ids.length);
        acknowledged.push(...ids);
        if (++count === acknowledgements) writer.kill('SIGKILL');
      }
    }
    const events = await store.read(stream).toArray();
    expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => index + 1));
    const stored = events.map(({ id }) => id);
    expect(stored.filter((id) => acknowledged.includes(id))).toEqual(acknowledged);
    expect(stored.length % 2).toBe(0);
  });

  it('ES2 of processes that race on one version exactly one wins, each time', async () => {
    const store = new EventStore({ adapter: adapter() });
    const stream = uniqueName('raced');
    const outcomes = await Promise.all(
      [1, 2, 3].map(async () => {
        const writer = startWriter(what, where(), stream, 'race');
        const lines: string[] = [];
        for await (const line of linesOf(writer)) {
          if (line === 'ready') writer.stdin.write('go\n');
          else lines.push(line);
        }
        return lines;
      }),
    );
    const won = outcomes.flat().filter((line) => !line.startsWith('conflicts'));
    expect(won.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 75 }, (_, index) => index + 1));
    expect(await store.streamVersion(stream)).toBe(75);
  });
}

describe('writers on one SQLite file', () => {
  const { file, db } = sharedFile('events');
  beforeAll(() => new SqliteEventAdapter(db()).init());
  promises(
    'sqlite',
    () => file,
    () => new SqliteEventAdapter(db()),
  );
});

describe.runIf(postgresUrl)('writers on one PostgreSQL schema', () => {
  const { schema, pool } = sharedSchema('events_processes');
  promises(
    'postgres',
    () => schema,
    () => new PostgreSQLEventAdapter(pool(), { schema }),
  );
});
